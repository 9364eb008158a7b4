"""Strokes of a size that belongs to the picture, not to its pixels: painted coarse to fine.

A network's strokes have a fixed size in pixels, so a photo of twice the size gets strokes half as large, and a preview
does not show what the final picture will be.  Here a photo is first painted on a small canvas, whose size decides how
large the strokes are in the picture, then at twice that size, and so on up to its own; each larger painting adds only
the detail that the smaller one has no room for.  So the result, scaled down, is the preview.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from impasto.image import resample

__all__ = ["canvas_sizes", "paint_at"]

Pixels = NDArray[np.float32]

FINEST = 840
"""Side in px of a square canvas for the smallest strokes; for the largest it is a quarter."""
NEAR = 1.25
"""A size within this factor of a canvas takes its place: nobody sees so little in the strokes."""


WORTH = 1.75
"""A size between the canvas and the picture is painted if it is smaller than the picture by this factor."""


def canvas_sizes(size: tuple[int, int], stroke: float) -> list[tuple[int, int]]:
    """Return the sizes, (height, width), at which a picture of a size is painted, in rising order.

    stroke: 0 (small) to 1 (large), four times as large in the picture.  The last is the picture's own size unless its
    canvas is larger than it.  At 0.5 a 4:3 photo of 512 px is painted once, as it is.
    """
    own = math.sqrt(size[0] * size[1])
    side = FINEST * 4.0**-stroke
    if own * NEAR < side:
        return [_scaled(size, side / own)]
    sides = [side] if side * NEAR < own else []
    while side * 2 * WORTH < own:
        side *= 2
        sides.append(side)
    return [*(_scaled(size, side / own) for side in sides), size]


def _scaled(size: tuple[int, int], factor: float) -> tuple[int, int]:
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def paint_at(stroke: float, pixels: Pixels, paint: Callable[[Pixels], Pixels]) -> Pixels:
    """Return the painting, (H, W, 3) float32 RGB, about [0, 1].

    pixels: (H, W, 3) float32 RGB in [0, 1]; paint: paints such pictures of any size; stroke: as in `canvas_sizes`.
    """
    own = pixels.shape[0], pixels.shape[1]
    painting: Pixels | None = None
    for size in canvas_sizes(own, stroke):
        finer = paint(np.clip(resample(pixels, size), 0, 1))
        painting = finer if painting is None else _with_detail(painting, finer)
    assert painting is not None  # noqa: S101 - there is always one size
    return resample(painting, own)


def _with_detail(coarse: Pixels, fine: Pixels) -> Pixels:
    """Return the coarse painting at the fine one's size, with what the fine one has beyond it.

    A Laplacian pyramid's step (Burt and Adelson 1983): fine + up(coarse - down(fine)), so one way up serves for both.
    """
    below = resample(fine, (coarse.shape[0], coarse.shape[1]))
    corrected: Pixels = fine + resample(coarse - below, (fine.shape[0], fine.shape[1]))
    return corrected
