"""One style, ready to paint any number of pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import PictureTooLarge
from impasto.image import (
    DEFAULT_MAX_PIXELS,
    IntegerArray,
    Picture,
    Source,
    blend,
    fit,
    read,
    repaint,
    resize,
    to_eight_bits,
    to_float,
    to_integers,
)
from impasto.model import IDENTITY, Style, mix
from impasto.options import check, option
from impasto.runtime.session import Session

__all__ = ["StylizeOptions", "Stylizer"]


@dataclass(frozen=True)
class StylizeOptions:
    """How a picture is painted."""

    strength: float = option(1.0, "how much of the style, from 0 (the photo itself) to 1", low=0, high=1)
    size: int | None = option(None, "px of the result's long side; without it the photo's own size", low=1)
    max_pixels: int = option(DEFAULT_MAX_PIXELS, "refuse photos of more pixels than this", low=1)

    def __post_init__(self) -> None:
        check(self)


class Stylizer:
    """Paints pictures in one style.

    A call takes a path, bytes, a binary stream, a Pillow image or an array, and returns an array for an array and a
    Pillow image else, of the same size unless `size` says another.
    """

    def __init__(self, session: Session, style: Style, options: StylizeOptions | None = None) -> None:
        self.session, self.style, self.options = session, style, options or StylizeOptions()
        session.check(style)
        self._strong = self._at_strength()

    def __call__(self, source: Source) -> Image.Image | NDArray[Any]:
        """Paint a picture.

        source: see `impasto.image.read`; arrays are (H, W), (H, W, 3) or (H, W, 4), uint8 or uint16.
        Returns (H, W, 3) or, where the source has alpha, (H, W, 4) of the source's dtype, or a Pillow image.
        Raises UnreadablePicture and PictureTooLarge.
        """
        painted = self.paint(read(source, max_pixels=self.options.max_pixels))
        array = painted.pixels if painted.alpha is None else np.dstack([painted.pixels, painted.alpha])
        if isinstance(source, np.ndarray):
            return cast("NDArray[Any]", array)
        return Image.fromarray(to_eight_bits(cast("IntegerArray", array)))

    def paint(self, photo: Picture, name: str = "the picture") -> Picture:
        """Paint a picture that was read; alpha, EXIF and dpi stay.

        name: what errors call it.  Raises PictureTooLarge.
        """
        size = photo.size if self.options.size is None else fit(photo.size, self.options.size)
        if size != photo.size and size[0] * size[1] > self.options.max_pixels:
            wanted, limit = f"{size[1]} x {size[0]}", self.options.max_pixels
            raise PictureTooLarge(name, f"--size would make it {wanted} pixels, the limit (--max-pixels) is {limit:,}")
        try:
            return repaint(photo, self._painted(cast("IntegerArray", resize(photo.pixels, size))))
        except MemoryError as error:
            reason = f"there is not enough memory to paint {size[1]} x {size[0]} pixels; give a smaller --size"
            raise PictureTooLarge(name, reason) from error

    def _painted(self, pixels: IntegerArray) -> IntegerArray:
        if self.options.strength == 0:
            return pixels
        painted = to_integers(self.session.paint(to_float(pixels), self._strong), pixels.dtype.type)
        if self._mixes_vectors:
            return painted
        return cast("IntegerArray", blend(pixels, painted, self.options.strength))

    @property
    def _mixes_vectors(self) -> bool:
        """Whether strength is a way between style vectors; without a learned identity, pixels are blended."""
        return bool(self.session.manifest.identity)

    def _at_strength(self) -> Style:
        strength = self.options.strength
        if strength in (0, 1) or not self._mixes_vectors:
            return self.style
        identity = replace(self.style, name=IDENTITY, vector=np.array(self.session.manifest.identity, np.float32))
        return mix([(self.style, strength), (identity, 1 - strength)], name=self.style.name)
