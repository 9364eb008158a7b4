"""Command-line options made from options dataclasses, so that sentence, limits and default stand in one place."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from impasto.options import flag

__all__ = ["options_of"]

F = TypeVar("F", bound=Callable[..., Any])

SHORT = {"output": "-o", "style": "-s"}


class CommaSeparated(click.ParamType):  # type: ignore[type-arg] # generic only since click 8.2
    """Numbers separated by commas, as in 128,256."""

    name = "list"

    def __init__(self, of: click.ParamType[Any, Any]) -> None:
        self.of = of

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Any, ...]:
        """Return the tuple of values."""
        if isinstance(value, tuple):
            return value
        return tuple(self.of.convert(part.strip(), param, ctx) for part in value.split(","))


def options_of(options: type[Any], *, but: Sequence[str] = ()) -> Callable[[F], F]:
    """Return a decorator that gives a command an option for each field of the dataclass.

    A value that the user does not give arrives as None, so that a recipe or the dataclass's own default can stand.
    """

    def decorate(command: F) -> F:
        for field in reversed(dataclasses.fields(options)):
            if field.name not in but:
                command = _option(field)(command)
        return command

    return decorate


def _option(field: dataclasses.Field[Any]) -> Callable[[F], F]:
    names = [flag(field.name), field.name, *([SHORT[field.name]] if field.name in SHORT else [])]
    if isinstance(field.default, bool):
        both = f"{flag(field.name)}/{flag('no_' + field.name)}"
        return click.option(both, field.name, default=None, help=_help(field))
    if _is_repeated(field):
        return click.option(*names, multiple=True, callback=_none_if_empty, help=_help(field), metavar="...")
    return click.option(*names, type=_type(field), default=None, help=_help(field), metavar=_metavar(field))


def _is_repeated(field: dataclasses.Field[Any]) -> bool:
    """Whether the option is given once for each value: texts are, since a file's name may hold a comma."""
    return isinstance(field.default, tuple) and (not field.default or isinstance(field.default[0], str))


def _none_if_empty(
    _context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]
) -> tuple[str, ...] | None:
    return value or None


def _type(field: dataclasses.Field[Any]) -> click.ParamType[Any, Any]:
    default = field.default
    if field.metadata["choices"]:
        return click.Choice(field.metadata["choices"])
    if isinstance(default, tuple):
        return CommaSeparated(_plain(type(default[0])))
    return _plain(int if default is None else type(default))


def _plain(kind: type[Any]) -> click.ParamType[Any, Any]:
    types: dict[type[Any], click.ParamType[Any, Any]] = {int: click.INT, float: click.FLOAT}
    return types.get(kind, click.STRING)


def _help(field: dataclasses.Field[Any]) -> str:
    default = field.default
    shown = ",".join(map(str, default)) if isinstance(default, tuple) else default
    sentence: str = field.metadata["help"] + ("; repeat the option for more" if _is_repeated(field) else "")
    return f"{sentence[0].upper()}{sentence[1:]}." + ("" if shown in ("", None) or shown is False else f"  [{shown}]")


def _metavar(field: dataclasses.Field[Any]) -> str | None:
    if field.metadata["choices"]:
        return None
    return "A,B,..." if isinstance(field.default, tuple) else None
