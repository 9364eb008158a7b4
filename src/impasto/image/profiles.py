"""Colour profiles: from what a file means by its numbers to sRGB."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageChops

__all__ = ["ToSrgb", "to_srgb"]

ToSrgb: TypeAlias = Callable[[Image.Image], Image.Image]

_MODE_OF_SPACE = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "LAB": "LAB"}

_SPACES_OF_MODE = {"CMYK": {"CMYK"}, "LAB": {"LAB"}, "1": {"GRAY", "RGB"}, "L": {"GRAY", "RGB"}}
"""Colour spaces that a profile of a picture of this mode may have; LA and La are as L, all others are RGB."""

ROUNDING = 1
"""Levels by which a profile that is sRGB may move colours, as its numbers are rounded."""


def to_srgb(image: Image.Image) -> tuple[ToSrgb, str | None]:
    """Return a function from images of this mode, or the same as RGBA, to mode RGB in sRGB, and a notice.

    The file's profile is applied by relative colorimetry with black point compensation. One that is broken
    or is for another kind of picture is left aside, which the notice says.
    """
    plain, profile = _without_profile(image.mode), image.info.get("icc_profile")
    if not profile:
        return plain, None
    try:
        return _by_profile(image.mode, profile) or plain, None
    except Exception:  # noqa: BLE001  (a damaged profile raises anything, and is no reason to refuse a photo)
        return plain, "has a colour profile that cannot be used; its colours are taken as sRGB"


def _without_profile(mode: str) -> ToSrgb:
    if mode != "LAB":
        return lambda strip: strip.convert("RGB")
    from PIL import ImageCms

    return _transform(ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), "LAB")


def _by_profile(mode: str, data: bytes) -> ToSrgb | None:
    """Return None for a profile that is sRGB already: those pixels must stay exactly as they are."""
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
    space = profile.profile.xcolor_space.strip().upper()
    if space not in _SPACES_OF_MODE.get(mode.rstrip("Aa"), {"RGB"}):
        raise ValueError(f"a profile for {space} in a picture of mode {mode}")
    mode = _MODE_OF_SPACE[space]
    convert = _transform(profile, mode)
    return None if mode in ("RGB", "L") and _moves_nothing(convert, mode) else convert


def _moves_nothing(convert: ToSrgb, mode: str) -> bool:
    """Return whether greys and shades of the primaries stay as they are; names lie: linear light is called sRGB too."""
    levels, channels = np.arange(256)[:, None], np.vstack([np.ones(3), np.eye(3)])[:, None]
    ramps = Image.fromarray((levels * channels).astype(np.uint8)).convert(mode)
    moved = ImageChops.difference(convert(ramps), ramps.convert("RGB"))
    return bool(np.asarray(moved).max() <= ROUNDING)


def _transform(profile: object, mode: str) -> ToSrgb:
    from PIL import ImageCms

    transform = ImageCms.buildTransform(
        profile,  # type: ignore[arg-type]
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.HIGHRESPRECALC,
    )
    return lambda strip: transform.apply(strip if strip.mode == mode else strip.convert(mode))
