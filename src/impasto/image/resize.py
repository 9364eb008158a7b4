"""Sizes and resampling; the proportions of a picture are never changed unasked."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import InvalidOption
from impasto.image.picture import described, to_float, to_integers

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
    if pixels.dtype != np.uint16:
        return _resampled(pixels, size)
    resampled: NDArray[Any] = to_integers(_resampled(to_float(pixels), size), np.uint16)
    return resampled


def resample(values: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Return float32 values of any range, (H, W, C), resampled to (height, width); themselves if they fit.

    Downwards every value counts (Lanczos), upwards bicubic; results may overshoot the values' range.
    """
    if values.shape[:2] == tuple(size):
        return values
    grows = size[0] * size[1] > values.shape[0] * values.shape[1]
    method = Image.Resampling.BICUBIC if grows else Image.Resampling.LANCZOS
    return _plane_by_plane(values, lambda plane: plane.resize(size[::-1], method))


def resample_rows(values: NDArray[np.float32], width: int, box: tuple[float, float], count: int) -> NDArray[np.float32]:
    """Return `count` rows of what `resample` would give of a larger picture of which these values are some rows.

    values: (h, w, 3); width: of the result; box: where its rows begin and end among the values' rows.  The values must
    have what resampling looks at beyond the box, or end where the picture ends.
    """
    method = Image.Resampling.BICUBIC if width > values.shape[1] else Image.Resampling.LANCZOS
    place = (0, max(0.0, box[0]), values.shape[1], min(float(values.shape[0]), box[1]))
    return _plane_by_plane(values, lambda plane: plane.resize((width, count), method, place))


def _plane_by_plane(values: NDArray[np.float32], change: Callable[[Image.Image], Image.Image]) -> NDArray[np.float32]:
    """Return float32 values, (H, W, C), each channel of which is changed; Pillow lets them go on beside one another."""

    def plane(index: int) -> NDArray[np.float32]:
        return np.asarray(change(Image.fromarray(np.ascontiguousarray(values[..., index]))))

    channels = range(values.shape[2])
    with ThreadPoolExecutor(len(channels)) as threads:
        planes = list(threads.map(plane, channels))
        together = np.empty((*planes[0].shape, len(planes)), np.float32)
        list(threads.map(lambda index: np.copyto(together[..., index], planes[index]), channels))
    return together


def _resampled(pixels: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    if pixels.ndim == 2:
        resampled = Image.fromarray(pixels).resize(size[::-1], Image.Resampling.LANCZOS)
        # Lanczos overshoots at edges; uint8 is clipped by Pillow itself.
        return np.array(resampled) if pixels.dtype == np.uint8 else np.clip(np.asarray(resampled), 0, 1)
    if pixels.dtype == np.uint8 and pixels.shape[2] == 3:
        return np.array(Image.fromarray(pixels).resize(size[::-1], Image.Resampling.LANCZOS))
    channels = (np.ascontiguousarray(pixels[..., index]) for index in range(pixels.shape[2]))
    return np.stack([_resampled(channel, size) for channel in channels], axis=-1)
