"""Strokes of a size that belongs to the picture, not to its pixels: painted coarse to fine.

A network's strokes have a fixed size in pixels, so a photo of twice the size gets strokes half as large, and a preview
does not show what the final picture will be.  Here a photo is first painted on a small canvas, whose size decides how
large the strokes are in the picture, then at twice that size, and so on up to its own; each larger painting adds only
the detail that the smaller one has no room for.  So the result, scaled down, is the preview.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from impasto.image import IntegerArray, resample, resample_rows, resize

__all__ = ["canvas_sizes", "paint_at"]

Pixels = NDArray[np.float32]
Paint = Callable[[IntegerArray], Iterator[Pixels]]
"""Yields the painting of a picture, (H, W, 3), from its top to its bottom, (rows, W, 3) float32 each."""

FINEST = 888
"""Side in px of a square canvas for the smallest strokes; for the largest it is a quarter.

Twice the mean side of a 4:3 photo of 512 px, which at stroke 0.5 is painted as it is.  One of 640 x 480 is just NEAR.
"""
NEAR = 1.25
"""A size within this factor of a canvas takes its place: nobody sees so little in the strokes."""


WORTH = 1.75
"""A size between the canvas and the picture is painted if it is smaller than the picture by this factor."""


SUPPORT = 4
"""Rows of the smaller picture that resampling looks at around a place, at most: Lanczos three, and one for rounding."""


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


def paint_at(stroke: float, pixels: IntegerArray, paint: Paint) -> Iterator[Pixels]:
    """Yield the painting of a picture from its top to its bottom, (rows, W, 3) float32 RGB each, about [0, 1].

    pixels: (H, W, 3) uint8 or uint16; paint: paints such pictures of any size; stroke: as in `canvas_sizes`.
    """
    own = pixels.shape[0], pixels.shape[1]
    *smaller, last = canvas_sizes(own, stroke)
    coarse: Pixels | None = None
    for size in smaller:
        coarse = _whole(_detailed(coarse, paint(_resized(pixels, size)), size), size)
    painting = _detailed(coarse, paint(_resized(pixels, last)), last)
    if last == own:
        yield from painting
    else:
        yield resample(_whole(painting, last), own)


def _resized(pixels: IntegerArray, size: tuple[int, int]) -> IntegerArray:
    resized: IntegerArray = resize(pixels, size)
    return resized


def _whole(strips: Iterator[Pixels], size: tuple[int, int]) -> Pixels:
    """Return strips as one picture of a (height, width)."""
    whole, done = np.empty((*size, 3), np.float32), 0
    for strip in strips:
        whole[done : done + len(strip)] = strip
        done += len(strip)
    return whole


def _detailed(coarse: Pixels | None, fine: Iterator[Pixels], size: tuple[int, int]) -> Iterator[Pixels]:
    """Yield the coarse painting at the fine one's (height, width), with what the fine one has beyond it.

    A Laplacian pyramid's step (Burt and Adelson 1983), fine + up(coarse - down(fine)), in a window that moves down.
    The coarse painting's own memory takes up coarse - down(fine), so it is lost.
    """
    if coarse is None:
        yield from fine
        return
    height, times = size[0], size[0] / coarse.shape[0]
    window, top = np.empty((0, size[1], 3), np.float32), 0  # rows of the fine painting, from which on
    known = done = 0  # rows of the coarse painting that are a correction now, and of what was yielded
    for strip in fine:
        window = np.concatenate([window, strip]) if len(window) else strip
        bottom = top + len(window)
        at_end = bottom == height
        # A row looks SUPPORT coarse rows around it.
        ready = len(coarse) if at_end else max(known, int(bottom / times - SUPPORT))
        if ready > known:
            below = resample_rows(window, coarse.shape[1], (known * times - top, ready * times - top), ready - known)
            coarse[known:ready] -= below
            known = ready
        until = height if at_end else max(done, int((known - SUPPORT) * times))
        if until > done:
            first = max(0, int(done / times) - SUPPORT)
            box = done / times - first, until / times - first
            detailed = resample_rows(coarse[first:known], size[1], box, until - done)
            detailed += window[done - top : until - top]
            yield detailed
            done = until
        passed = max(0, min(done, int((known - SUPPORT) * times)) - top)
        window, top = window[passed:], top + passed
