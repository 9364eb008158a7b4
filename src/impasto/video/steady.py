"""Keeping strokes where they are: frames are put together from paintings of key frames, moved along with the film."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InvalidOption
from impasto.image import IntegerArray, to_eight_bits
from impasto.video.motion import enlarged, opencv
from impasto.video.parts import Part, Parts

__all__ = ["Movable", "put_together", "with_alpha"]

NOTHING = 1e-6
"""Where parts weigh less, it does not matter which of them is shown."""
LITTLE = 0.02
"""Where the product of two weights, 0.25 where both are the same, is less in the mean, only a few edges mix."""
SURROUNDINGS = 12
"""px of a place's surroundings, at the size at which motion is looked for."""
HALF_WAY = np.array([-1, 4, -16, 45, 45, -16, 4, -1]) / 64
"""What lies half-way between two pixels, of eight around it: the filter for half samples of luma in ITU-T H.265, but
with 16 and 45 where that has 11 and 40, which is sharper, against the blur of taking means afterwards."""
BEFORE = 3
"""Of those eight, how many lie before the first of the two."""
LARGEST = 16_383
"""px of a side: OpenCV finds places in pictures of up to 32,767, and here there are twice as many."""


class Movable:
    """A painting, (H, W, 3) uint8 or uint16, that can be moved by parts of a pixel and stays sharp.

    It holds the pixels half-way between its own, too.  Among those, which lie closer, linear interpolation does: it is
    sharper than bicubic interpolation among the painting's own pixels, and takes a third of the time.
    Raises InvalidOption for a painting with a side of more than LARGEST px.
    """

    def __init__(self, painting: IntegerArray) -> None:
        self.size = painting.shape[0], painting.shape[1]
        if max(self.size) > LARGEST:
            raise InvalidOption(f"steady films have at most {LARGEST} px a side; give a smaller --size or --no-steady")
        own = with_alpha(painting)
        across, down = _half_way(own, axis=1), _half_way(own, axis=0)
        self.pixels: IntegerArray = np.empty((2 * self.size[0], 2 * self.size[1], 4), painting.dtype)
        places = _whole_pixels(self.pixels)
        places[::2, ::2], places[::2, 1::2], places[1::2, ::2] = map(_whole_pixels, (own, across, down))
        places[1::2, 1::2] = _whole_pixels(_half_way(across, axis=0))

    def moved(self, offsets: NDArray[np.float32]) -> IntegerArray:
        """Return the painting, (H, W, 4), as its pixels lie after a motion; offsets: from there back to it."""
        cv2, (height, width) = opencv(), self.size
        x, y = enlarged(2 * offsets, self.size)
        x += np.arange(0, 2 * width, 2, dtype=np.float32)
        y += np.arange(0, 2 * height, 2, dtype=np.float32)[:, None]
        moved: IntegerArray = cv2.remap(self.pixels, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return moved


def put_together(parts: Parts, moved: Callable[[Part], IntegerArray]) -> IntegerArray:
    """Return a frame's painting, (H, W, 3) uint8 or uint16, made of other frames' paintings.

    Averaging the paintings of many frames would make them steady too, but it blurs their strokes, and so does moving a
    picture again and again.  Here each place shows one frame's painting, moved once, but for the few frames in which
    the next key fades in.  parts: of the frame, at least one; moved: returns the painting that a part is of, (H, W, 4),
    as it lies in the frame.
    """
    first, *others = parts
    together, weight = moved(first), first.weight
    for part in others:
        whole = weight + part.weight
        share = part.weight / np.maximum(whole, NOTHING)
        together, weight = _blended(together, moved(part), 1 - share, share), whole
    painting: IntegerArray = opencv().cvtColor(together, opencv().COLOR_RGBA2RGB)
    return painting


def with_alpha(painting: IntegerArray) -> IntegerArray:
    """Return a painting, (H, W, 3), as (H, W, 4), since OpenCV is faster with four channels than with three."""
    cv2 = opencv()
    four: IntegerArray = cv2.cvtColor(painting, cv2.COLOR_RGB2RGBA)
    return four


def _half_way(pixels: IntegerArray, axis: int) -> IntegerArray:
    """Return what lies half a pixel after each, along an axis."""
    cv2 = opencv()
    kernel, anchor = (HALF_WAY[None], (BEFORE, 0)) if axis else (HALF_WAY[:, None], (0, BEFORE))
    between: IntegerArray = cv2.filter2D(pixels, -1, kernel, anchor=anchor, borderType=cv2.BORDER_REPLICATE)
    return between


def _whole_pixels(pixels: IntegerArray) -> NDArray[Any]:
    """Return pixels, (H, W, 4), as (H, W) of numbers four times as long, which NumPy copies several times sooner."""
    whole: NDArray[Any] = pixels.view(np.uint32 if pixels.dtype == np.uint8 else np.uint64)[..., 0]
    return whole


def _blended(one: Any, other: Any, weight: NDArray[np.float32], share: NDArray[np.float32]) -> IntegerArray:
    """Return two paintings mixed by weights, (h, w), that add up to 1, and as rich in contrast as they are."""
    cv2 = opencv()
    mixed = _mean(one, other, weight, share)
    if float((weight * share).mean()) < LITTLE:
        return mixed
    height, width = weight.shape
    small = [cv2.resize(each, (width, height), interpolation=cv2.INTER_LINEAR) for each in (one, other, mixed)]
    cells = max(1, width // SURROUNDINGS), max(1, height // SURROUNDINGS)
    broad = cv2.resize(cv2.resize(small[2], cells, interpolation=cv2.INTER_AREA), mixed.shape[1::-1])
    gain = _lost_contrast(small[0], small[1], weight, share)
    return _mean(mixed, broad, gain, 1 - gain)


def _lost_contrast(
    one: IntegerArray, other: IntegerArray, weight: NDArray[np.float32], share: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return how many times what a place has beyond its surroundings should be enlarged, (h, w), at least 1.

    one, other: (h, w, 4) uint8 or uint16.  Where strokes of two paintings lie differently, their mean is flatter than
    either; a mean of two with variances V and W, whose difference has variance D, has wV + sW - wsD.  After the
    variance-preserving blending in Heitz and Neyret 2018, "High-Performance By-Example Noise using a
    Histogram-Preserving Blending Operator".  Differs: that takes the two as independent.
    """
    cv2 = opencv()
    eight = (to_eight_bits(each) for each in (one, other))  # squares of sixteen bits are too coarse in float32
    first, second = (cv2.cvtColor(each, cv2.COLOR_RGBA2GRAY).astype(np.float32) for each in eight)

    def variance(values: NDArray[np.float32]) -> NDArray[np.float32]:
        size = SURROUNDINGS, SURROUNDINGS
        varied: NDArray[np.float32] = cv2.blur(values * values, size) - cv2.blur(values, size) ** 2
        return varied

    lost = weight * share * variance(first - second)
    kept = weight * variance(first) + share * variance(second) + 1
    gain: NDArray[np.float32] = 1 / np.sqrt(1 - np.clip(lost / kept, 0, 0.5))
    return gain


def _mean(one: Any, other: Any, weight: NDArray[np.float32], share: NDArray[np.float32]) -> IntegerArray:
    """Return two pictures' mean by weights, (h, w), that add up to 1."""
    cv2 = opencv()
    weights = [cv2.resize(each, one.shape[1::-1]) for each in (weight, share)]
    if one.dtype == np.uint8:
        mixed: IntegerArray = cv2.blendLinear(one, other, *weights)
        return mixed
    deep = cv2.blendLinear(one.astype(np.float32), other.astype(np.float32), *weights)
    rounded: IntegerArray = np.clip(deep + 0.5, 0, 65535).astype(np.uint16)
    return rounded
