"""Options as dataclass fields that carry their own sentence, limits and choices.

Commands, configuration files, the server and the docs all derive from these, so a default stands in one place.
"""

from __future__ import annotations

import dataclasses
import importlib
import math
import re
import sys
from difflib import get_close_matches
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from impasto.errors import InvalidOption

__all__ = ["adapted", "bytes_of", "check", "check_name", "check_value", "flag", "option", "read_toml", "seconds_of"]

LONGEST = 1e7
"""Seconds that a time may be at most: some months, so that a slip of the keyboard is noticed."""
_KINDS: tuple[tuple[type[Any], type[Any], str], ...] = (
    (bool, bool, "true or false"),
    (int, Integral, "a whole number"),
    (float, Real, "a number"),
    (str, str, "text"),
)
"""Type of a default, type that a value must have then (numpy's numbers are Integral and Real), and its name."""


def option(
    default: Any,
    help: str,  # noqa: A002
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """Return a dataclass field with a sentence of help and, if given, its limits (both included) or its choices.

    Values are of the default's type, and an int will do for a float.  The limits and choices hold for each element of a
    tuple; where the default has elements there must be one at least, where it has none they are text.
    """
    metadata = {"help": help, "low": low, "high": high, "choices": choices}
    return dataclasses.field(default=default, metadata=metadata)


def flag(name: str) -> str:
    """Return a field's name as the user writes it on the command line."""
    return "--" + name.replace("_", "-")


def check(options: Any) -> None:
    """Raise InvalidOption, naming the flag, if a field of the dataclass instance holds what `check_value` refuses."""
    for field in dataclasses.fields(options):
        check_value(field, getattr(options, field.name))


def check_name(options: type[Any], name: str, of: str) -> None:
    """Raise InvalidOption, with the nearest name, if the dataclass has no field of this name; of: what it is about."""
    known = {field.name for field in dataclasses.fields(options)}
    if name not in known:
        nearest = get_close_matches(name, known, 1)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
        raise InvalidOption(f"there is no {of} option {name!r}{hint}")


def check_value(field: dataclasses.Field[Any], value: Any) -> None:
    """Raise InvalidOption, naming the flag, if a value is not of the field's type or outside its limits or choices.

    Not-a-number and infinity are outside of any limits.  Fields that `option` did not make are let through.
    """
    if not field.metadata or (value is None and field.default is None):
        return
    name, default = flag(field.name), field.default
    if not isinstance(default, tuple):
        _check_one(name, value, default, field.metadata)
        return
    if not isinstance(value, tuple):
        raise InvalidOption(f"{name} must be a tuple, got {value!r}")
    if default and not value:
        raise InvalidOption(f"{name} must have at least one value")
    for element in value:
        _check_one(name, element, default[0] if default else "", field.metadata)


def adapted(value: Any, default: Any) -> Any:
    """Return a value in the form of an option's default where that loses nothing; else as it is."""
    if isinstance(default, tuple):
        elements = value if isinstance(value, (list, tuple)) else (value,)
        return tuple(adapted(element, default[0] if default else "") for element in elements)
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value) if abs(value) < 2**1023 else math.inf  # which no option takes
    return value


def _check_one(name: str, value: Any, default: Any, metadata: Any) -> None:
    for kind, accepted, called in _KINDS:
        if type(default) is kind and (not isinstance(value, accepted) or isinstance(value, bool) is not (kind is bool)):
            raise InvalidOption(f"{name} must be {called}, got {value!r}")
    low, high, choices = metadata["low"], metadata["high"], metadata["choices"]
    if choices and value not in choices:
        raise InvalidOption(f"{name} is one of {', '.join(choices)}, got {value}")
    if isinstance(value, Real) and not isinstance(value, Integral) and not math.isfinite(value):
        raise InvalidOption(f"{name} must be a finite number, got {value}")
    if (low is not None and not value >= low) or (high is not None and not value <= high):
        raise InvalidOption(f"{name} must be {_limits(low, high)}, got {value}")


def _limits(low: float | None, high: float | None) -> str:
    if high is None:
        return f"at least {low}"
    return f"at most {high}" if low is None else f"between {low} and {high}"


TOML = "tomllib" if sys.version_info >= (3, 11) else "tomli"


def read_toml(path: Path) -> dict[str, Any]:
    """Return the options in a TOML file, under their names, as plain values.

    Raises InvalidOption, naming the file, if it is absent or broken.
    """
    try:
        values: dict[str, Any] = importlib.import_module(TOML).loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidOption(f"--config: {path} cannot be read ({error.strerror})") from error
    except ValueError as error:  # of the encoding or of TOML
        raise InvalidOption(f"--config: {path} is not a TOML file ({error})") from error
    return values


_NUMBER = r"\d+(?:\.\d+)?"
_TIME = re.compile(rf"(?:({_NUMBER})\s*h)?\s*(?:({_NUMBER})\s*m(?:in)?)?\s*(?:({_NUMBER})\s*s?)?", re.ASCII)


def seconds_of(text: str, name: str) -> float:
    """Return a time such as 90, 90s, 3m, 1.5h or 1h30m in seconds, above 0; raises InvalidOption that says `name`."""
    match = _TIME.fullmatch(text.strip().lower())
    hours, minutes, seconds = (float(part or 0) for part in match.groups()) if match else (0.0, 0.0, 0.0)
    total = 3600 * hours + 60 * minutes + seconds
    if not 0 < total < LONGEST:
        raise InvalidOption(f"{name} is a time above 0, such as 90s, 3m or 1h, got {text!r}")
    return total


_SIZE = re.compile(rf"({_NUMBER})\s*([kmgt]?)i?b?", re.ASCII)


def bytes_of(text: str, name: str) -> int:
    """Return a size such as 500MB, 2GB or 1.5G (1024-fold) in bytes; raises InvalidOption that says `name`."""
    match = _SIZE.fullmatch(text.strip().lower())
    size = float(match[1]) * 1024.0 ** " kmgt".index(match[2] or " ") if match else 0.0
    if size < 1:
        raise InvalidOption(f"{name} is a size such as 500MB or 2GB, got {text!r}")
    return int(size)
