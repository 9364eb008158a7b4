"""Pictures as they are shown on the page: small, square or as they are, and as JPEG."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.image import Picture, encode, fit, read, resize, to_eight_bits

__all__ = ["LARGEST", "THUMBNAIL", "Shown", "jpeg"]

LARGEST = 1024
"""px of the long side of the largest preview."""
THUMBNAIL = 160
"""px of a thumbnail's sides."""
QUALITY = 88
GAP = 1.5
"""A large picture is first averaged over whole blocks, down to at least so many times what is shown.

That takes half of the time, and the result is half a level (rms) away.
"""


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture that a visitor brought.

    file: where it lies; size: its own (height, width); pixels: (h, w, 3) uint8, LARGEST at most; square: its middle,
    (THUMBNAIL, THUMBNAIL, 3) uint8; notices: what was done to it on reading.
    """

    file: Path
    size: tuple[int, int]
    pixels: NDArray[np.uint8]
    square: NDArray[np.uint8]
    notices: tuple[str, ...] = ()

    @classmethod
    def read(cls, file: Path, max_pixels: int) -> Shown:
        """Return a picture's file, ready to be shown; raises PictureError that says its name without the folder."""
        picture = read(file, max_pixels=max_pixels, name=file.name)
        return cls.of(file, picture)

    @classmethod
    def of(cls, file: Path, picture: Picture) -> Shown:
        """Return a picture that was read, or a film's frame."""
        pixels = to_eight_bits(picture.pixels)
        small = _within(pixels, LARGEST)
        return cls(file, picture.size, small, _square(small), picture.notices)

    def at(self, long_side: int) -> NDArray[np.uint8]:
        """Return the pixels scaled down to a long side in px."""
        return _within(self.pixels, long_side)


def jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """Return (H, W, 3) pixels as the bytes of a JPEG."""
    return encode(Picture(pixels), "JPEG", QUALITY)


def _within(pixels: NDArray[np.uint8], long_side: int) -> NDArray[np.uint8]:
    size = pixels.shape[0], pixels.shape[1]
    if max(size) <= long_side:
        return pixels
    height, width = fit(size, long_side)
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS, reducing_gap=GAP))


def _square(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width, _ = pixels.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return resize(np.ascontiguousarray(pixels[top : top + side, left : left + side]), (THUMBNAIL, THUMBNAIL))
