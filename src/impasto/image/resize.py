"""Sizes and resampling; the proportions of a picture are never changed unasked."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InvalidOption
from impasto.image.picture import described
from impasto.image.resampling import BICUBIC, LANCZOS, Axis, resampled

__all__ = ["fit", "resample", "resample_rows", "resize"]


def fit(size: tuple[int, int], long_side: int) -> tuple[int, int]:
    """Return (height, width) of the same proportions with this long side; no side falls below 1.

    Raises InvalidOption if long_side is below 1.
    """
    if long_side < 1:
        raise InvalidOption(f"the long side must be at least 1 pixel, got {long_side}")
    height, width = size
    longest = max(size)
    return max(1, _round(height * long_side, longest)), max(1, _round(width * long_side, longest))


def _round(numerator: int, denominator: int) -> int:
    """Return the quotient rounded half up, in integers, so that no float error tips it."""
    return (2 * numerator + denominator) // (2 * denominator)


def resize(pixels: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Return the pixels resampled (Lanczos) to (height, width), of the same dtype; themselves if they fit.

    pixels: (H, W) or (H, W, C), uint8, uint16 or float32 in [0, 1], where the result stays too.

    Raises InvalidOption for other arrays and for sizes below 1.
    """
    if pixels.ndim not in (2, 3) or pixels.dtype not in (np.uint8, np.uint16, np.float32):
        raise InvalidOption(
            f"arrays to resize must be (H, W) or (H, W, C) uint8, uint16 or float32, got {described(pixels)}"
        )
    if min(size) < 1:
        raise InvalidOption(f"a size must be at least 1 x 1, got {size[0]} x {size[1]}")
    if pixels.shape[:2] == tuple(size):
        return pixels
    whole = pixels if pixels.ndim == 3 else pixels[..., None]
    resized = resampled(whole, *_axes(pixels.shape, size), LANCZOS, pixels.dtype.type)
    if pixels.dtype == np.float32:
        np.clip(resized, 0, 1, out=resized)  # Lanczos overshoots at edges
    return resized.reshape(*size, *pixels.shape[2:])


def resample(values: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Return float32 values of any range, (H, W, C), resampled to (height, width); themselves if they fit.

    Downwards every value counts (Lanczos), upwards bicubic; results may overshoot the values' range.
    """
    if values.shape[:2] == tuple(size):
        return values
    grows = size[0] * size[1] > values.shape[0] * values.shape[1]
    return resampled(values, *_axes(values.shape, size), BICUBIC if grows else LANCZOS)


def resample_rows(values: NDArray[np.float32], width: int, box: tuple[float, float], count: int) -> NDArray[np.float32]:
    """Return `count` rows of what `resample` would give of a larger picture of which these values are some rows.

    values: (h, w, 3); width: of the result; box: where its rows begin and end among the values' rows.  The values must
    have what resampling looks at beyond the box, or end where the picture ends.
    """
    rows, columns, _ = values.shape
    down = Axis(rows, count, max(0.0, box[0]), min(float(rows), box[1]))
    kernel = BICUBIC if width > columns else LANCZOS
    return resampled(values, down, Axis.whole(columns, width), kernel)


def _axes(old: tuple[int, ...], new: tuple[int, int]) -> tuple[Axis, Axis]:
    return Axis.whole(old[0], new[0]), Axis.whole(old[1], new[1])
