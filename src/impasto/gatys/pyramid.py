"""Coarse to fine: the sizes that a picture is optimised at, and each one's part of the work."""

from __future__ import annotations

from dataclasses import dataclass

from impasto.image import fit

__all__ = ["Scale", "scales"]

STEP = 2.0
"""From one scale to the next the picture grows so many times at most.  Gatys et al. 2017 take 2, too."""
NARROWEST = 32
"""px of a scale's short side at least: VGG-19's fifth block halves pictures four times."""
SHARE_OF_NEXT = 1.0
"""Steps of a scale, as a multiple of those of the next finer one."""


@dataclass(frozen=True)
class Scale:
    """size: (height, width) in px; share: of all steps, 0..1; time: share of all time, 0..1."""

    size: tuple[int, int]
    share: float
    time: float


def scales(size: tuple[int, int], smallest: int) -> list[Scale]:
    """Return the scales up to `size`, (height, width), coarsest first; the coarsest has `smallest` px at least.

    Steps are shared out equally; time as steps at a scale take it, which is by area.
    """
    longest = max(size)
    count = 1
    while longest / STEP**count >= smallest and min(size) / STEP**count >= NARROWEST:
        count += 1
    sides = [round(longest / STEP**index) for index in reversed(range(count))]
    sizes = [fit(size, side) for side in sides[:-1]] + [size]
    steps = [SHARE_OF_NEXT**index for index in reversed(range(count))]
    costs = [part * height * width for part, (height, width) in zip(steps, sizes, strict=True)]
    return [
        Scale(each, part / sum(steps), cost / sum(costs)) for each, part, cost in zip(sizes, steps, costs, strict=True)
    ]
