"""Networks by name: a family and what differs from its defaults, as in `johnson:norm=batch,channels=16`."""

from __future__ import annotations

import dataclasses
from typing import Any

from impasto.errors import InvalidOption
from impasto.nets.base import PaintingNet
from impasto.nets.johnson import JohnsonNet, JohnsonShape
from impasto.nets.style_net import StyleNet, StyleNetShape

__all__ = ["FAMILIES", "build", "describe"]

FAMILIES: dict[str, tuple[type[Any], type[Any]]] = {
    "impasto": (StyleNet, StyleNetShape),
    "johnson": (JohnsonNet, JohnsonShape),
}


def build(name: str) -> PaintingNet:
    """Return a network with fresh weights (from torch's random state).

    name: FAMILY or FAMILY:FIELD=VALUE,...; the fields are those of the family's shape, tuples written 32x16.
    Raises InvalidOption that names what is not known.
    """
    family, _, fields = name.partition(":")
    if family not in FAMILIES:
        raise InvalidOption(f"--network: there is no family {family!r}; there are {', '.join(FAMILIES)}")
    make, shape = FAMILIES[family]
    defaults = {field.name: field.default for field in dataclasses.fields(shape)}
    chosen = {}
    for part in filter(None, fields.split(",")):
        key, _, value = part.partition("=")
        if key not in defaults:
            raise InvalidOption(f"--network: {family} has no {key!r}; it has {', '.join(defaults)}")
        chosen[key] = _parse(key, value, defaults[key])
    net: PaintingNet = make(shape(**chosen))
    return net


def describe(net: PaintingNet) -> str:
    """Return the name that `build` makes this architecture of; a 0 or false that is the default is left out."""
    family = next(name for name, (make, _) in FAMILIES.items() if isinstance(net, make))
    chosen = ((field, getattr(net.shape, field.name)) for field in dataclasses.fields(net.shape))
    spelt = [f"{field.name}={_written(value)}" for field, value in chosen if value or field.default != 0]
    return f"{family}:{','.join(spelt)}"


def _written(value: Any) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value).lower()


def _parse(key: str, text: str, default: Any) -> Any:
    """Return text as a value of the default's type; raises InvalidOption if it is none."""
    try:
        if isinstance(default, bool):
            return {"true": True, "false": False}[text.lower()]
        if isinstance(default, int):
            return int(text)
        if isinstance(default, tuple):
            return tuple(map(int, text.split("x")))
    except (KeyError, ValueError) as error:
        raise InvalidOption(f"--network: {key}={text} is not a value of {key}, such as {_written(default)}") from error
    return text
