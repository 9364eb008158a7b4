"""From an open picture file to a Picture: sniffing, the limit, and the pixels strip by strip, upright.

Pillow's format classes are used directly, not by way of Image.open: that one has a limit of its own which
only a variable for the whole process can raise, and tries formats that run other programs.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from impasto.errors import PictureError, PictureTooLarge, UnreadablePicture
from impasto.image.metadata import Metadata, orientation, read_metadata
from impasto.image.modes import Mode, mode_of
from impasto.image.picture import Picture, row_strips
from impasto.memory import available_bytes, in_words

__all__ = ["DEFAULT_MAX_PIXELS", "decode_image", "decode_stream"]

BYTES_A_PIXEL = 7
"""Pillow keeps RGB in 4, and what it becomes takes 3."""
DEFAULT_MAX_PIXELS = 500_000_000
"""Enough for every camera and scanner; 1.5 GB as RGB."""


class _TiffFile(TiffImageFile):
    """A TIFF that Pillow holds to no limit of its own while loading."""

    def load_prepare(self) -> None:
        # Newer versions check this size, which is the stored one, where they allocate the image.
        size = getattr(self, "_tile_size", None)
        if size is not None and self._im is None:
            self.im = Image.new(self.mode, size, None).im
        super().load_prepare()


_FORMATS: tuple[tuple[tuple[bytes, ...], Callable[..., ImageFile.ImageFile]], ...] = (
    ((b"\xff\xd8\xff",), JpegImageFile),
    ((b"\x89PNG\r\n\x1a\n",), PngImageFile),
    ((b"RIFF",), WebPImageFile),
    ((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), _TiffFile),
    ((b"GIF87a", b"GIF89a"), GifImageFile),
    ((b"BM",), BmpImageFile),
)

_warnings_lock = threading.Lock()


def decode_stream(stream: BinaryIO, name: str, max_pixels: int) -> Picture:
    """Return the picture in a seekable stream of one of the formats; `name` goes into errors and notices.

    Raises UnreadablePicture, and PictureTooLarge before anything of the picture's size is allocated.
    """
    with _reported(name), _warnings_caught():
        image = _opened(stream, name)
    return decode_image(image, name, max_pixels)


def decode_image(image: Image.Image, name: str, max_pixels: int) -> Picture:
    """Return Pillow's image as a picture; it is loaded, otherwise not changed.

    Raises UnreadablePicture and PictureTooLarge.
    """
    _check_size(image.size, name, max_pixels)
    _check_memory(image.size, name)
    with _reported(name):
        notices = _frames(image)
        metadata, warned = _metadata(image)
        image.load()
        mode = mode_of(image)
        pixels, alpha = _upright(image, mode)
    if metadata.damaged or warned:
        notices.append("has damaged metadata; what could be read is kept")
    if mode.notice:
        notices.append(mode.notice)
    return Picture(pixels, alpha, metadata.exif, metadata.dpi, tuple(f"{name} {text}" for text in notices))


def _opened(stream: BinaryIO, name: str) -> ImageFile.ImageFile:
    start = stream.read(16)
    stream.seek(0)
    if not start:
        raise UnreadablePicture(name, "the file is empty")
    for signatures, factory in _FORMATS:
        if start.startswith(signatures):
            return factory(stream)
    raise UnreadablePicture(name, "not a picture of a known format (JPEG, PNG, WebP, TIFF, BMP or GIF)")


def _check_size(size: tuple[int, int], name: str, max_pixels: int) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise UnreadablePicture(name, "the picture has no pixels")
    if width * height > max_pixels:
        has, limit = width * height / 1e6, max_pixels / 1e6
        raise PictureTooLarge(
            name,
            f"the picture has {has:,.6g} megapixels ({width} x {height}), the limit is {limit:,.6g}; "
            f"--max-pixels {width * height} would allow it",
        )


def _check_memory(size: tuple[int, int], name: str) -> None:
    """Raise PictureTooLarge if decoding takes more memory than is free; not every system says so before it ends us."""
    needed, free = size[0] * size[1] * BYTES_A_PIXEL, available_bytes()
    if needed > free:
        pixels = f"{size[0]} x {size[1]} pixels"
        raise PictureTooLarge(name, f"reading {pixels} takes {in_words(needed)} of memory, {in_words(free)} are free")


def _frames(image: Image.Image) -> list[str]:
    """Return a notice if there are frames that are left out; a caller who went to another frame knows."""
    with _warnings_caught():
        if not getattr(image, "is_animated", False) or image.tell():
            return []
    if image.format == "TIFF":
        return ["has several pages; the first is used"]
    return ["is animated; its first frame is used"]


def _metadata(image: Image.Image) -> tuple[Metadata, bool]:
    """Return the metadata and whether Pillow warned about it."""
    if image.format == "PNG":
        image.load()  # its EXIF may follow the pixels, which Pillow decodes to look: not under the lock
    with _warnings_caught() as caught:
        return read_metadata(image), bool(caught)


def _upright(image: Image.Image, mode: Mode) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Return the pixels and the alpha, turned by orientation; needs no more memory than image and result."""
    turn, (width, height) = orientation(image), image.size
    size = (width, height) if turn > 4 else (height, width)
    pixels = np.empty((*size, 3), mode.dtype)
    alpha = None if mode.alpha is None else np.empty(size, mode.dtype)
    for rows in row_strips(height, width):
        strip = image.crop((0, rows.start, width, rows.stop))
        _as_stored(pixels, turn)[rows] = mode.colours(strip)
        if mode.alpha is not None and alpha is not None:
            _as_stored(alpha, turn)[rows] = mode.alpha(strip)
    return pixels, alpha


def _as_stored(upright: NDArray[Any], turn: int) -> NDArray[Any]:
    """Return a view of an upright array in the row order of a file with this EXIF orientation."""
    view = np.swapaxes(upright, 0, 1) if turn > 4 else upright
    rows = slice(None, None, -1 if turn in (3, 4, 6, 7) else 1)
    columns = slice(None, None, -1 if turn in (2, 3, 7, 8) else 1)
    return view[rows, columns]


@contextmanager
def _reported(name: str) -> Iterator[None]:
    """Turn whatever Pillow and its decoders raise on a file into an error that names it."""
    try:
        yield
    except PictureError:
        raise
    except Image.DecompressionBombError as error:
        # A few of Pillow's formats check against its own limit while they open.
        raise PictureTooLarge(name, "Pillow opens no picture of this size in this format; use PNG") from error
    except MemoryError as error:
        raise PictureTooLarge(name, "there is not enough memory for so many pixels") from error
    except Exception as error:
        reason = "the picture is truncated, damaged or of a kind that Pillow cannot decode"
        raise UnreadablePicture(name, reason) from error


@contextmanager
def _warnings_caught() -> Iterator[list[warnings.WarningMessage]]:
    """Collect warnings, which Pillow has for damaged metadata.

    The filters belong to the process: hence the lock, and only brief work in it.
    """
    with _warnings_lock, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught
