"""What a picture is here: upright sRGB pixels in RGB order; and the one owner of ranges and rounding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InvalidOption

__all__ = ["IntegerArray", "Picture", "check_pixels", "luma", "row_strips", "to_eight_bits", "to_float", "to_integers"]

IntegerArray: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]

STRIP_PIXELS = 1 << 18
"""Large pictures are worked on in strips of about so many pixels, so that temporary arrays stay small."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture with what came along with it; arrays are shared with the caller, never changed.

    pixels: (H, W, 3) uint8 or uint16, RGB, sRGB, upright.  alpha: (H, W) of the same dtype, 0 is
    transparent, or None.  exif: EXIF block without orientation, or None.  dpi: (across, down) or None.
    notices: sentences about what was done to the file's content on reading, for the user.  settings: what it was made
    with, as text for a PNG to carry, or None.

    Raises InvalidOption if shapes or dtypes are others.
    """

    pixels: IntegerArray
    alpha: IntegerArray | None = None
    exif: bytes | None = None
    dpi: tuple[float, float] | None = None
    notices: tuple[str, ...] = ()
    settings: str | None = None

    def __post_init__(self) -> None:
        pixels, alpha = self.pixels, self.alpha
        if pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size or not _is_integer(pixels):
            raise InvalidOption(f"pixels must be (H, W, 3) uint8 or uint16, got {described(pixels)}")
        if alpha is not None and (alpha.shape != pixels.shape[:2] or alpha.dtype != pixels.dtype):
            raise InvalidOption(f"alpha must be {pixels.shape[:2]} {pixels.dtype}, got {described(alpha)}")

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width, _ = self.pixels.shape
        return height, width


def _is_integer(values: NDArray[Any]) -> bool:
    return values.dtype in (np.uint8, np.uint16)


def described(values: NDArray[Any]) -> str:
    """Return shape and dtype as error messages give them."""
    return f"{tuple(values.shape)} {values.dtype}"


def check_pixels(pixels: NDArray[Any]) -> None:
    """Raise InvalidOption unless pixels are (H, W, 3) uint8, uint16 or float32, at least one."""
    right = pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.size > 0
    if not right or pixels.dtype not in (np.uint8, np.uint16, np.float32):
        raise InvalidOption(f"pixels must be (H, W, 3) uint8, uint16 or float32, got {described(pixels)}")


def row_strips(height: int, width: int) -> list[slice]:
    """Return slices that cover the rows of a picture, each of about STRIP_PIXELS pixels."""
    rows = max(1, STRIP_PIXELS // max(1, width))
    return [slice(top, min(top + rows, height)) for top in range(0, height, rows)]


def luma(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the luma (ITU-R BT.709, table 3) of (H, W, 3) floats in [0, 1], clipped to it; greys give their value."""
    red, green, blue = np.moveaxis(pixels, -1, 0)
    weighted: NDArray[np.float32] = green + np.float32(0.2126) * (red - green) + np.float32(0.0722) * (blue - green)
    return np.clip(weighted, 0, 1)


def to_float(values: IntegerArray) -> NDArray[np.float32]:
    """Return uint8 or uint16 values of any shape as float32 in [0, 1]."""
    if not _is_integer(values):
        raise InvalidOption(f"integer pixels must be uint8 or uint16, got {values.dtype}")
    fractions = np.empty(values.shape, np.float32)
    np.divide(values, np.float32(np.iinfo(values.dtype).max), out=fractions, dtype=np.float32)
    return fractions


def to_integers(values: NDArray[np.floating[Any]], dtype: type[np.uint8] | type[np.uint16] = np.uint8) -> IntegerArray:
    """Return floats, (H, W) or (H, W, C) where [0, 1] is black to white, as integers.

    Half a step rounds up; what lies outside [0, 1] is clipped; NaN becomes 0.
    Works strip by strip: needs no more memory than its result.
    """
    white = float(np.iinfo(dtype).max)
    rounded: IntegerArray = np.empty(values.shape, dtype)  # type: ignore[assignment]
    for rows in row_strips(*values.shape[:2]):
        scaled = values[rows] * white
        scaled += 0.5
        np.clip(scaled, 0, white, out=scaled)
        if np.isnan(scaled.min(initial=0)):
            scaled[np.isnan(scaled)] = 0
        rounded[rows] = scaled
    return rounded


def to_eight_bits(values: IntegerArray) -> NDArray[np.uint8]:
    """Return uint8 as it is and uint16 rounded to the nearest of 256 levels; any shape."""
    if values.dtype == np.uint8:
        return values.astype(np.uint8, copy=False)
    # 65535 = 255 * 257, and 257 is odd, so that no value lies half-way between two levels.
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
