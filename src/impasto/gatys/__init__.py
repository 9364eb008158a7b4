"""Optimising the pixels of one picture under VGG-19 (Gatys et al. 2015, 2016): `optimize` is a generator of steps.

Imported when they are asked for, since the options (`impasto.gatys.config`) need no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto.lazy import importer

if TYPE_CHECKING:
    from impasto.gatys.loop import Problem, Step, optimize
    from impasto.gatys.targets import Guide

__all__ = ["Guide", "Problem", "Step", "optimize"]

__getattr__ = importer(
    "impasto.gatys",
    {
        "Guide": "impasto.gatys.targets",
        "Problem": "impasto.gatys.loop",
        "Step": "impasto.gatys.loop",
        "optimize": "impasto.gatys.loop",
    },
)
