"""Colour profiles: from what a file means by its numbers to sRGB."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TypeAlias

from PIL import Image

__all__ = ["ToSrgb", "to_srgb"]

ToSrgb: TypeAlias = Callable[[Image.Image], Image.Image]

_MODE_OF_SPACE = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "LAB": "LAB"}

_SPACES_OF_MODE = {"CMYK": {"CMYK"}, "LAB": {"LAB"}, "1": {"GRAY", "RGB"}, "L": {"GRAY", "RGB"}}
"""Colour spaces that a profile of a picture of this mode may have; LA and La are as L, all others are RGB."""


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
    if "sRGB" in (profile.profile.profile_description or ""):
        return None
    return _transform(profile, _MODE_OF_SPACE[space])


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
