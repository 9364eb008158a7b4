"""Optimising the pixels of one picture under VGG-19 (Gatys et al. 2015, 2016): `optimize` is a generator of steps.

Imported when they are asked for, since the options (`impasto.gatys.config`) need no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impasto.gatys.loop import Problem, Step, optimize
    from impasto.gatys.targets import Guide

__all__ = ["Guide", "Problem", "Step", "optimize"]


def __getattr__(name: str) -> Any:
    """Import what is asked for (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'impasto.gatys' has no attribute {name!r}")
    return getattr(import_module("impasto.gatys.targets" if name == "Guide" else "impasto.gatys.loop"), name)
