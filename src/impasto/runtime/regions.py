"""Where a painting lies on its photo: masks, the photo's alpha, and the subject that is found in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InvalidOption, PictureError
from impasto.image import (
    DEFAULT_MAX_PIXELS,
    IntegerArray,
    Picture,
    Source,
    feather,
    read_mask,
    resize_mask,
    to_eight_bits,
    to_float,
)
from impasto.model import Style

__all__ = ["FOUND", "MaskSource", "Places", "Region"]

MaskSource: TypeAlias = Source
"""What `impasto.image.read_mask` takes, or one of FOUND."""


@dataclass(frozen=True, eq=False)
class Region:
    """A part of the picture with a style of its own.

    mask: see `MaskSource`; white is painted.  It lies on what regions before it painted.
    """

    mask: MaskSource
    style: Style


class Places:
    """The masks of one photo.

    photo: as it was read; pixels: the same at the painting's size, (H, W, 3); feather_px: how far edges are softened;
    name: what errors call the photo; max_pixels: of a mask's file, at most.
    """

    def __init__(
        self,
        photo: Picture,
        pixels: IntegerArray,
        feather_px: float,
        name: str,
        *,
        max_pixels: int = DEFAULT_MAX_PIXELS,
    ) -> None:
        self.photo, self.pixels, self.feather_px, self.name = photo, pixels, feather_px, name
        self.max_pixels = max_pixels
        self.notices: list[str] = []

    def weights(self, mask: MaskSource) -> NDArray[np.float32]:
        """Return where a mask says to paint, (H, W) float32 in [0, 1], and take note of its notices.

        Raises InvalidOption for an empty mask or one of no use, PictureError for a photo without the alpha or the
        subject that is asked for and for a mask's file, and EngineUnavailable if the subject is to be found without
        OpenCV.
        """
        found = FOUND.get(mask.lower()) if isinstance(mask, str) else None
        if found is not None:
            return found(self)
        read = read_mask(mask, self.photo.size, max_pixels=self.max_pixels)
        self.notices += read.notices
        # A mask that fits the photo is no surprise where the painting is of another size.
        weights = read.weights if self.size == self.photo.size else resize_mask(read.weights, self.size)
        return feather(weights, self.feather_px)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the painting in px."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @cached_property
    def subject(self) -> NDArray[np.float32]:
        """The mask of the photo's subject; its edges follow the photo's, so they are not feathered."""
        from impasto.image.subject import find_subject

        try:
            mask: NDArray[np.float32] = find_subject(to_eight_bits(self.pixels))
        except InvalidOption as error:
            raise PictureError(self.name, str(error)) from error
        return mask

    @cached_property
    def alpha(self) -> NDArray[np.float32]:
        """The photo's alpha as a mask; its edges are as soft as they are, so they are not feathered."""
        if self.photo.alpha is None:
            raise PictureError(self.name, "has no alpha channel that could be the mask; name a mask file instead")
        if not self.photo.alpha.any():
            raise PictureError(self.name, "is all transparent, so with its alpha as the mask nothing would be painted")
        weights = to_float(self.photo.alpha)
        return weights if self.size == self.photo.size else resize_mask(weights, self.size)


FOUND: dict[str, Callable[[Places], NDArray[np.float32]]] = {
    "alpha": lambda places: places.alpha,
    "subject": lambda places: places.subject,
    "background": lambda places: 1 - places.subject,
}
"""Masks that are no files but are found in the photo."""
