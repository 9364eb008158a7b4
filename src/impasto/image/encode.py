"""From a Picture to the bytes of a file."""

from __future__ import annotations

import io
import os
import struct
from pathlib import PurePath
from typing import Any

from PIL import Image, PngImagePlugin

from impasto.errors import InvalidOption
from impasto.image.metadata import SETTINGS_KEY
from impasto.image.picture import Picture, to_eight_bits

__all__ = ["SUFFIXES", "encode", "format_of"]

SUFFIXES = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
}
"""File name endings that can be written, and Pillow's names of their formats."""

_WITH_ALPHA = ("PNG", "WEBP", "TIFF")
_LONGEST_EXIF = {"JPEG": 65533, "PNG": 1 << 31, "WEBP": 1 << 31, "TIFF": 1 << 31}
_WITH_DPI = ("JPEG", "PNG", "TIFF", "BMP")
_LONGEST_SIDE = {"JPEG": 65500, "WEBP": 16383}


def format_of(path: str | os.PathLike[str]) -> str:
    """Return the format that a file of this name has, as in SUFFIXES; case does not matter.

    Raises InvalidOption, which names the possible endings.
    """
    suffix = PurePath(path).suffix
    if suffix.lower() in SUFFIXES:
        return SUFFIXES[suffix.lower()]
    ending = f"cannot write pictures as {suffix}" if suffix else "the name has no ending"
    raise InvalidOption(f"{os.fspath(path)}: {ending}; use one of {', '.join(SUFFIXES)}")


def encode(picture: Picture, format: str, quality: int = 95) -> bytes:  # noqa: A002  (Pillow's word for it)
    """Return the picture as a file's bytes; untagged, that is sRGB.

    format: JPEG, PNG, WebP, TIFF or BMP, or one of their endings; case does not matter.
    quality: 1 to 100, of JPEG (always with full-resolution colour, 4:4:4) and WebP.

    PNG, TIFF and BMP are lossless; TIFF and BMP are not compressed.

    All formats get 8 bits: uint16 is rounded. JPEG and BMP have no alpha: the picture is laid on white.
    EXIF goes into all but BMP (a longer one than a JPEG can hold is left out), dpi into all but WebP, settings into
    PNG only.

    Raises InvalidOption for another format or quality, or a picture larger than the format can be.
    """
    if not 1 <= quality <= 100:
        raise InvalidOption(f"the quality must be 1 to 100, got {quality}")
    kind = _format_named(format)
    _check_size(picture, kind)
    image = _image(picture, with_alpha=kind in _WITH_ALPHA)
    buffer = io.BytesIO()
    try:
        image.save(buffer, kind, **_options(picture, kind, quality))
    except (OSError, ValueError, struct.error) as error:
        raise InvalidOption(f"the picture cannot be written as {kind} ({error})") from error
    return buffer.getvalue()


def _format_named(name: str) -> str:
    kind = name.upper() if name.upper() in SUFFIXES.values() else SUFFIXES.get(f".{name.lower().lstrip('.')}")
    if kind is None:
        raise InvalidOption(f"cannot write pictures as {name!r}; use one of {', '.join(SUFFIXES)}")
    return kind


def _check_size(picture: Picture, kind: str) -> None:
    height, width = picture.size
    limit = _LONGEST_SIDE.get(kind)
    if limit is not None and max(height, width) > limit:
        raise InvalidOption(
            f"{kind} has at most {limit} pixels a side, the picture is {width} x {height}; use PNG or TIFF"
        )


def _image(picture: Picture, *, with_alpha: bool) -> Image.Image:
    image = Image.fromarray(to_eight_bits(picture.pixels))
    if picture.alpha is None:
        return image
    alpha = Image.fromarray(to_eight_bits(picture.alpha))
    if not with_alpha:
        return Image.composite(image, Image.new("RGB", image.size, "white"), alpha)
    image.putalpha(alpha)
    return image


def _options(picture: Picture, kind: str, quality: int) -> dict[str, Any]:
    options: dict[str, Any] = {}  # none for TIFF: Pillow cannot compress one and keep its EXIF
    if kind == "JPEG":
        options = {"quality": quality, "subsampling": 0}
    elif kind == "WEBP":
        options = {"quality": quality, "exact": True}  # exact: what is transparent keeps its colours
    elif kind == "PNG" and picture.settings is not None:
        options = {"pnginfo": PngImagePlugin.PngInfo()}
        options["pnginfo"].add_itxt(SETTINGS_KEY, picture.settings, zip=True)
    if picture.exif and len(picture.exif) <= _LONGEST_EXIF.get(kind, 0):
        options["exif"] = picture.exif
    if picture.dpi and kind in _WITH_DPI:
        options["dpi"] = picture.dpi
    return options
