"""Reading a picture from wherever it is, and writing one whole or not at all."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from impasto.atomic import atomic_write
from impasto.errors import InvalidOption, UnreadablePicture, UnwritableOutput
from impasto.image.decode import DEFAULT_MAX_PIXELS, decode_image, decode_stream
from impasto.image.encode import encode, format_of
from impasto.image.metadata import settings_of
from impasto.image.picture import Picture, described

__all__ = ["Source", "read", "read_settings", "write"]

Source: TypeAlias = "str | os.PathLike[str] | bytes | BinaryIO | Image.Image | NDArray[Any]"

_UNREADABLE = {
    errno.ENOENT: "there is no such file",
    errno.EISDIR: "this is a folder, not a picture",
    errno.EACCES: "the file may not be read (permission denied)",
}

_UNWRITABLE = {
    errno.ENOENT: "the folder does not exist",
    errno.ENOTDIR: "the folder does not exist",
    errno.EISDIR: "this is a folder, not a file",
    errno.EACCES: "the folder may not be written to (permission denied)",
    errno.EROFS: "the folder may not be written to (read-only)",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
}


def read(source: Source, *, max_pixels: int = DEFAULT_MAX_PIXELS, name: str | None = None) -> Picture:
    """Return the picture in a file, bytes, a binary stream, a Pillow image or an array.

    Files may be JPEG, PNG, WebP, TIFF, BMP or GIF. Pixels come upright, in sRGB (profiles are applied) and
    as uint8, except grey of more than 8 bits, which is uint16; Pillow gives 16-bit colour as 8 bits.
    Transparent pixels keep their colours. Of several frames the first is read. What was ignored or guessed
    is in the picture's `notices`.

    Arrays: uint8 or uint16, RGB, sRGB, of shape (H, W) grey, (H, W, 3), or (H, W, 4) with alpha last; not
    copied where that can be helped, and `max_pixels` is not for them. name: what errors call the source.

    Raises UnreadablePicture, PictureTooLarge (before decoding) and, for an array, InvalidOption.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source)
    name = name or _name(source)
    if isinstance(source, Image.Image):
        return decode_image(source, name, max_pixels)
    if isinstance(source, bytes | bytearray | memoryview):
        return decode_stream(io.BytesIO(source), name, max_pixels)
    try:
        with _stream(source) as stream:
            return decode_stream(stream, name, max_pixels)
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte
        raise UnreadablePicture(name, _reason(error, _UNREADABLE)) from error


def read_settings(file: str | os.PathLike[str]) -> str | None:
    """Return what `write` put into a PNG as its picture's settings, or None; raises UnreadablePicture."""
    name = os.fspath(file)
    try:
        with PngImageFile(name) as image:
            return settings_of(image)
    except SyntaxError as error:
        raise UnreadablePicture(name, "this is not a PNG") from error
    except (OSError, ValueError) as error:
        raise UnreadablePicture(name, _reason(error, _UNREADABLE)) from error


def write(
    picture: Picture,
    destination: str | os.PathLike[str] | BinaryIO,
    *,
    format: str | None = None,  # noqa: A002  (Pillow's word for it)
    quality: int = 95,
) -> None:
    """Write the picture as `encode` says: to a stream, or to a file, which appears whole or not at all.

    format: by default what the file name's ending says; a stream needs it.

    Raises UnwritableOutput with the path and the reason; InvalidOption as `encode` and `format_of` do.
    """
    if format is None:
        if not isinstance(destination, str | os.PathLike):
            raise InvalidOption("a picture that is written to a stream needs a format")
        format = format_of(destination)  # noqa: A001
    data = encode(picture, format, quality)
    try:
        if isinstance(destination, str | os.PathLike):
            with atomic_write(destination) as stream:
                stream.write(data)
        else:
            destination.write(data)
    except (OSError, ValueError) as error:
        raise UnwritableOutput(_name(destination), _reason(error, _UNWRITABLE)) from error


def _from_array(values: NDArray[Any]) -> Picture:
    if values.dtype not in (np.uint8, np.uint16):
        raise InvalidOption(f"a picture's array must be uint8 or uint16, got {described(values)}")
    if values.ndim == 2:
        return Picture(np.repeat(values[..., None], 3, axis=2))
    if values.ndim == 3 and values.shape[2] == 4:
        return Picture(np.ascontiguousarray(values[..., :3]), np.ascontiguousarray(values[..., 3]))
    if values.ndim == 3 and values.shape[2] == 3:
        return Picture(values)
    raise InvalidOption(f"a picture's array must be (H, W), (H, W, 3) or (H, W, 4), got {described(values)}")


def _stream(source: str | os.PathLike[str] | BinaryIO) -> BinaryIO:
    """Return something seekable: pipes and callers' streams, which are read to their end, are buffered."""
    if isinstance(source, str | os.PathLike):
        stream = Path(source).open("rb")  # noqa: SIM115  (the caller closes it)
        if stream.seekable():
            return stream
        with stream:
            return _buffered(stream)
    if not hasattr(source, "read"):
        raise InvalidOption(f"a picture cannot be read from {type(source).__name__}")
    return _buffered(source)


def _buffered(stream: BinaryIO) -> BinaryIO:
    data = stream.read()
    if not isinstance(data, bytes):
        raise InvalidOption("a picture can only be read from a binary stream, this one gives text")
    return io.BytesIO(data)


def _name(place: object) -> str:
    if isinstance(place, str | os.PathLike):
        return os.fspath(place)
    if isinstance(place, bytes | bytearray | memoryview):
        return "<bytes>"
    if isinstance(place, Image.Image):
        return str(getattr(place, "filename", "")) or "<image>"
    name = getattr(place, "name", None)
    return name if isinstance(name, str) else "<stream>"


def _reason(error: OSError | ValueError, reasons: dict[int, str]) -> str:
    number, text = getattr(error, "errno", None), getattr(error, "strerror", None)
    return reasons.get(number or 0) or text or str(error)
