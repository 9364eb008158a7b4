"""A request's fields from options dataclasses: from texts to values, and as OpenAPI describes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from impasto.errors import InvalidOption
from impasto.options import check_value

__all__ = ["Fields"]

_TRUTHS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}
_LONGEST = 60
"""Characters of a value that a message repeats."""


class Fields:
    """The fields that a request may bring, by their names: those of dataclasses, but for some that are the server's."""

    def __init__(self, *options: type[Any], but: Sequence[str] = ()) -> None:
        self.options = options
        self.fields = {
            field.name: field for kind in options for field in dataclasses.fields(kind) if field.name not in but
        }

    def values(self, given: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """Return the values that names and texts mean; those that are left out are left out.

        Several numbers are separated by commas; several texts come under the same name, again and again.
        Raises InvalidOption for a name that is unknown or comes twice, and for a value that does not fit.
        """
        texts: dict[str, list[str]] = {}
        for name, text in given:
            texts.setdefault(name, []).append(text)
        return {name: self._value(name, several) for name, several in texts.items()}

    def of(self, kind: type[Any], values: dict[str, Any]) -> Any:
        """Return one of the dataclasses, made of those of the values that are its own; raises InvalidOption."""
        own = {field.name for field in dataclasses.fields(kind)}
        return kind(**{name: value for name, value in values.items() if name in own})

    def schemas(self) -> dict[str, dict[str, Any]]:
        """Return the fields' JSON schemas by their names."""
        return {name: _schema(field) for name, field in self.fields.items()}

    def _value(self, name: str, texts: list[str]) -> Any:
        field = self.fields.get(name)
        if field is None:
            nearest = get_close_matches(name, self.fields, 1)
            hint = f"did you mean {nearest[0]!r}?" if nearest else f"there are {', '.join(self.fields)}"
            raise InvalidOption(f"there is no field {name[:_LONGEST]!r}; {hint}")
        default = field.default
        if isinstance(default, tuple):
            if default and not isinstance(default[0], str):
                texts = [part for text in texts for part in text.split(",")]
            value: Any = tuple(_one(name, text, type(default[0]) if default else str) for text in texts)
        elif len(texts) > 1:
            raise InvalidOption(f"{name} is given {len(texts)} times; give it once")
        else:
            value = _one(name, texts[0], int if default is None else type(default))
        check_value(field, value)
        return value


def _one(name: str, text: str, kind: type[Any]) -> Any:
    if kind is str:
        return text
    try:
        return _TRUTHS[text.strip().lower()] if kind is bool else kind(text)
    except (KeyError, ValueError) as error:
        called = {bool: "true or false", int: "a whole number", float: "a number"}[kind]
        raise InvalidOption(f"{name} must be {called}, got {text[:_LONGEST]!r}") from error


def _schema(field: dataclasses.Field[Any]) -> dict[str, Any]:
    default: Any = field.default
    facts = field.metadata
    several = isinstance(default, tuple)
    sample = (default[0] if default else "") if several else 0 if default is None else default
    one: dict[str, Any] = {"type": _TYPES[type(sample)]}
    limits = {"minimum": facts["low"], "maximum": facts["high"], "enum": list(facts["choices"]) or None}
    one |= {key: value for key, value in limits.items() if value is not None}
    schema = {"type": "array", "items": one} if several else one
    schema["description"] = facts["help"]
    if default not in (None, "", ()):
        schema["default"] = list(default) if several else default
    return schema
