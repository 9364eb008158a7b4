"""Resampling as two products with banded matrices, which processors do several times sooner than loops over taps.

Each new row is a weighted sum of old rows, and each new column one of old columns.  The weights of some neighbouring
rows make a small dense matrix (a band), as those look at much the same old rows; columns of C channels likewise.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.image.picture import to_float, to_integers

__all__ = ["BICUBIC", "LANCZOS", "Axis", "Kernel", "resampled"]

ROWS, COLUMNS = 2048, 4096
"""Numbers of a band's matrix: with fewer there are too many products, with more they are mostly zeros."""
PRODUCT = 1 << 18
"""Multiplications of a product: OpenBLAS shares larger ones out among threads, which then stand in the engine's way."""
AT_ONCE = 1 << 18
"""Numbers of the old picture that are worked on at once, so that they are read from a near memory."""


class Kernel(NamedTuple):
    """What a value counts for a place by its distance, in values; nothing from the reach on."""

    reach: int
    weight: Callable[[NDArray[np.float64]], NDArray[np.float64]]


def _lanczos(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Source: Duchon 1979, "Lanczos Filtering in One and Two Dimensions", with three lobes."""
    weight: NDArray[np.float64] = np.sinc(distance) * np.sinc(distance / 3)
    return weight


def _bicubic(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Source: Keys 1981, "Cubic Convolution Interpolation for Digital Image Processing", eq. 15."""
    far = np.abs(distance)
    return np.where(far < 1, (1.5 * far - 2.5) * far * far + 1, ((-0.5 * far + 2.5) * far - 4) * far + 2)


LANCZOS, BICUBIC = Kernel(3, _lanczos), Kernel(2, _bicubic)


class Axis(NamedTuple):
    """How rows, or columns, come from old ones.

    old, new: how many there are; first, last: where the new ones begin and end among the old ones.
    """

    old: int
    new: int
    first: float
    last: float

    @classmethod
    def whole(cls, old: int, new: int) -> Axis:
        """Return that of all old ones."""
        return cls(old, new, 0, old)


class _Band(NamedTuple):
    """Some new values in a row, and what they are of old ones: weights, (new, old)."""

    new: slice
    old: slice
    weights: NDArray[np.float32]


def resampled(values: NDArray[Any], down: Axis, across: Axis, kernel: Kernel, dtype: Any = np.float32) -> NDArray[Any]:
    """Return values resampled, (down.new, across.new, C) of a dtype: float32, or uint8 or uint16, clipped to its range.

    values: (down.old, across.old, C), uint8, uint16 (both then counted from 0 to 1) or float32 of any range.  Where the
    new ones lie farther apart than the old ones, the kernel is as much wider; what lies beyond the edge counts nothing.
    Results may overshoot the values' range.
    """
    channels = values.shape[2]
    flat = values.reshape(len(values), -1)
    whole = np.empty((down.new, across.new * channels), dtype)
    columns = _bands(across, kernel, channels, COLUMNS)
    for new, old, weights in _bands(down, kernel, 1, ROWS):
        between = _down(weights, flat[old])
        rows = whole[new] if dtype == np.float32 else np.empty(whole[new].shape, np.float32)
        for column in columns:
            _across(between[:, column.old], column.weights, rows[:, column.new])
        if dtype != np.float32:
            whole[new] = to_integers(rows, dtype)
    return whole.reshape(down.new, across.new, channels)


def _down(weights: NDArray[np.float32], rows: NDArray[Any]) -> NDArray[np.float32]:
    """Return new rows by their weights, (new, old), of old ones, (old, W), uint8, uint16 or float32."""
    width = rows.shape[1]
    product = np.empty((len(weights), width), np.float32)
    part = max(1, PRODUCT // weights.size)
    step = part * max(1, AT_ONCE // (part * len(rows)))
    for start in range(0, width, step):
        given, out = rows[:, start : start + step], product[:, start : start + step]
        given = given if given.dtype == np.float32 else to_float(given)
        even = given.shape[1] // part * part  # many products in one call, but for the last
        np.matmul(weights, _parts(given[:, :even], part), out=_parts(out[:, :even], part))
        np.matmul(weights, given[:, even:], out=out[:, even:])
    return product


def _parts(rows: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """Return rows, (h, n * width), as n parts beside one another, (n, h, width), of the same memory."""
    parts: NDArray[np.float32] = rows.reshape(len(rows), -1, width).transpose(1, 0, 2)
    return parts


def _across(rows: NDArray[np.float32], weights: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """Put new columns, (h, new), by their weights, (new, old), of old ones, (h, old), into `out`."""
    step = max(1, PRODUCT // weights.size)
    for start in range(0, len(rows), step):
        np.matmul(rows[start : start + step], weights.T, out=out[start : start + step])


@lru_cache(maxsize=16)
def _bands(axis: Axis, kernel: Kernel, channels: int, numbers: int) -> list[_Band]:
    """Return the bands, of about so many numbers each; with channels that lie beside one another, each by itself."""
    spread = (axis.last - axis.first) / axis.new
    reach = kernel.reach * max(1.0, spread)
    places = axis.first + (np.arange(axis.new) + 0.5) * spread
    first = np.clip((places - reach + 0.5).astype(np.int64), 0, None)
    last = np.clip((places + reach + 0.5).astype(np.int64), None, axis.old)
    taps = int((last - first).max())
    indices = first[:, None] + np.arange(taps)
    distances = (indices + 0.5 - places[:, None]) / max(1.0, spread)
    counts = (indices < last[:, None]) & (np.abs(distances) < kernel.reach)
    weights = np.where(counts, kernel.weight(distances), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    bands, length = [], _length(spread, reach, numbers / channels**2)
    for start in range(0, axis.new, length):
        new = slice(start, min(start + length, axis.new))
        old = slice(int(first[start]), int(last[new].max()))
        dense = np.zeros((new.stop - new.start, old.stop - old.start + taps))  # with room for the last ones' zeros
        np.put_along_axis(dense, indices[new] - old.start, weights[new], axis=1)
        each = np.kron(dense[:, : old.stop - old.start], np.eye(channels))
        bands.append(_Band(_times(new, channels), _times(old, channels), each.astype(np.float32)))
    return bands


def _length(spread: float, reach: float, numbers: float) -> int:
    """Return how many new values make up a band of so many numbers: new * (spread * new + 2 * reach)."""
    return max(1, int((math.sqrt(reach * reach + spread * numbers) - reach) / spread))


def _times(these: slice, channels: int) -> slice:
    return slice(these.start * channels, these.stop * channels)
