"""What a file says about its pixels: orientation, EXIF and resolution."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PIL import ExifTags, Image

__all__ = ["SETTINGS_KEY", "Metadata", "orientation", "read_metadata", "settings_of"]

SETTINGS_KEY = "impasto"
"""The keyword of the text in a PNG that says what it was made with."""

_TIFF_STRUCTURE = frozenset(
    {254, 255, 256, 257, 258, 259, 262, 263, 266, 273, 277, 278, 279, 280, 281, 282, 283, 284, 296, 297}
    | {301, 317, 318, 319, 320, 321, *range(322, 348), *range(512, 522), 529, 530, 531, 532, 34675}
)
"""Tags of TIFF 6.0 that say how the pixels are stored, not true of any other file; dpi is kept apart."""

_SRGB = 1


@dataclass(frozen=True)
class Metadata:
    """exif: the EXIF block as it stays true for an upright sRGB picture; damaged: part could not be read."""

    exif: bytes | None
    dpi: tuple[float, float] | None
    damaged: bool


def read_metadata(image: Image.Image) -> Metadata:
    """Return what goes with the picture into the output; the image itself is not changed."""
    dpi = _resolution(image)
    try:
        return Metadata(_true_exif(image), dpi, damaged=False)
    except Exception:  # noqa: BLE001  (damaged EXIF raises anything, and is no reason to refuse a photo)
        return Metadata(None, dpi, damaged=True)


def orientation(image: Image.Image) -> int:
    """Return how the camera was held, 1 (upright) to 8.

    Ask after loading: Pillow turns TIFF, and only TIFF, while it loads, and forgets the orientation.
    """
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # noqa: BLE001  (see read_metadata)
        return 1
    return int(value) if value in range(1, 9) else 1


def settings_of(image: Image.Image) -> str | None:
    """Return the text about what a PNG was made with, or None."""
    text = getattr(image, "text", {}).get(SETTINGS_KEY)
    return None if text is None else str(text)


def _true_exif(image: Image.Image) -> bytes | None:
    """Return the EXIF without orientation, stored size and colour space, which the pixels no longer have."""
    original = image.getexif()
    if not original:
        return None
    exif = Image.Exif()
    exif.load(original.tobytes())  # a copy: the original belongs to the image, perhaps the caller's
    exif.pop(ExifTags.Base.Orientation, None)
    if image.format == "TIFF":
        for tag in _TIFF_STRUCTURE.intersection(exif):
            del exif[tag]
    if ExifTags.IFD.Exif in exif:
        details = exif.get_ifd(ExifTags.IFD.Exif)
        for tag in (ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight):
            details.pop(tag, None)
        if ExifTags.Base.ColorSpace in details:
            details[ExifTags.Base.ColorSpace] = _SRGB
    return exif.tobytes() if exif else None


def _resolution(image: Image.Image) -> tuple[float, float] | None:
    try:
        across, down = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    # Pillow gives 1 for a TIFF that has none.
    usable = all(math.isfinite(value) and 1 < value < 65536 for value in (across, down))
    return (across, down) if usable else None
