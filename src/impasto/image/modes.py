"""What the numbers of each of Pillow's modes mean: from a strip of an image to RGB and alpha arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.image.picture import to_integers
from impasto.image.profiles import to_srgb

__all__ = ["Mode", "mode_of"]

_DEEP = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")
_DEEP_PROFILE = "has a colour profile, which is not used for grey of more than 8 bits"


@dataclass(frozen=True)
class Mode:
    """How to take an image's strips.

    dtype: uint8 or uint16.  colours: an image to (h, w, 3) RGB, or (h, w, 1) grey, in sRGB.
    alpha: an image to (h, w), or None where the image has no transparency.  notice: said about the picture.
    """

    dtype: type[np.uint8] | type[np.uint16]
    colours: Callable[[Image.Image], NDArray[Any]]
    alpha: Callable[[Image.Image], NDArray[Any]] | None = None
    notice: str | None = None


def mode_of(image: Image.Image) -> Mode:
    """Return how to take the strips of an image, which must be loaded."""
    return _deep(image) if image.mode in _DEEP else _eight_bit(image)


def _eight_bit(image: Image.Image) -> Mode:
    convert, notice = to_srgb(image)
    if not image.has_transparency_data:
        return Mode(np.uint8, lambda strip: np.asarray(convert(strip)), notice=notice)
    # By way of RGBA, else Pillow mixes palettes' transparency into the colours, or warns.
    return Mode(
        np.uint8,
        colours=lambda strip: np.asarray(convert(strip.convert("RGBA"))),
        alpha=lambda strip: np.asarray(strip.convert("RGBA").getchannel("A")),
        notice=notice,
    )


def _deep(image: Image.Image) -> Mode:
    """Return grey of more than eight bits as uint16; Pillow's own conversion would clip it to white."""
    ignored = _DEEP_PROFILE if image.info.get("icc_profile") else None
    if image.mode.startswith("I;16"):
        return Mode(np.uint16, lambda strip: np.asarray(strip)[..., None], notice=ignored)
    low, high, stretched = _range(image)

    def grey(strip: Image.Image) -> NDArray[Any]:
        values = np.nan_to_num(np.asarray(strip, np.float64))
        rounded: NDArray[Any] = to_integers((values - low) / (high - low), np.uint16)
        return rounded[..., None]

    return Mode(np.uint16, grey, notice=stretched or ignored)


def _range(image: Image.Image) -> tuple[float, float, str | None]:
    """Return what is black and what is white in mode I or F, and a notice where that is a guess.

    By Pillow's convention I holds 16 bits and F fractions. Other values have no agreed white.
    """
    values = np.asarray(image)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    white = 65535.0 if image.mode == "I" else 1.0
    if low >= 0 and high <= white:
        return 0.0, white, None
    notice = f"has values from {low:g} to {high:g}, which are stretched from black to white"
    return low, (high if high > low else low + 1.0), notice
