"""Options as dataclass fields that carry their own sentence, limits and choices.

Commands, configuration files, the server and the docs all derive from these, so a default stands in one place.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from impasto.errors import InvalidOption

__all__ = ["check", "flag", "option"]


def option(
    default: Any,
    help: str,  # noqa: A002
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """Return a dataclass field with a sentence of help and, if given, its limits (both included) or its choices.

    The limits and choices hold for each element of a tuple.
    """
    metadata = {"help": help, "low": low, "high": high, "choices": choices}
    return dataclasses.field(default=default, metadata=metadata)


def flag(name: str) -> str:
    """Return a field's name as the user writes it on the command line."""
    return "--" + name.replace("_", "-")


def check(options: Any) -> None:
    """Raise InvalidOption, naming the flag, if a field of the dataclass instance lies outside its limits or choices."""
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        for element in value if isinstance(value, tuple) else (value,):
            if element is not None and field.metadata:
                _check_one(flag(field.name), element, field.metadata)


def _check_one(name: str, value: Any, metadata: Any) -> None:
    low, high, choices = metadata["low"], metadata["high"], metadata["choices"]
    if choices and value not in choices:
        raise InvalidOption(f"{name} is one of {', '.join(choices)}, got {value}")
    if (low is not None and not value >= low) or (high is not None and not value <= high):
        limits = f"at least {low}" if high is None else f"between {low} and {high}" if low is not None else f"at most {high}"
        raise InvalidOption(f"{name} must be {limits}, got {value}")
