"""What a client wants painted: the fields of a request, checked, and its files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, BinaryIO

from impasto.errors import InvalidOption
from impasto.image import encode
from impasto.model import MODELS
from impasto.options import check, option
from impasto.runtime.regions import FOUND
from impasto.runtime.stylizer import StylizeOptions
from impasto.server.fields import Fields
from impasto.server.settings import ServerSettings
from impasto.server.uploads import Upload

__all__ = ["PICTURE_FIELDS", "THE_SERVERS", "Order", "PaintingFields", "PictureFields", "stylize_options"]

FORMATS = {
    "jpeg": ("JPEG", "image/jpeg"),
    "png": ("PNG", "image/png"),
    "webp": ("WEBP", "image/webp"),
    "tiff": ("TIFF", "image/tiff"),
    "bmp": ("BMP", "image/bmp"),
}
"""Formats of pictures by what clients call them: what `encode` calls them, and their content types."""
_SNIFFED = ((b"\xff\xd8\xff", "jpeg"), (b"RIFF", "webp"), (b"BM", "bmp"), (b"II", "tiff"), (b"MM", "tiff"))
THE_SERVERS = ("max_memory", "max_pixels")
"""Options of painting that are the server's to choose."""


@dataclass(frozen=True)
class PaintingFields:
    """What is painted with."""

    style: str = option("", "a style's name, see GET /v1/styles; random:SEED; or starry-night:0.7+great-wave:0.3")
    subject: str = option("", "the style of the subject, which is looked for")
    background: str = option("", "the style of all but the subject")
    model: str = option("", "main, or fast, which is three times as fast; else the style's own", choices=("", *MODELS))


@dataclass(frozen=True)
class PictureFields:
    """Where it is painted, and what a painting is sent as."""

    mask: str = option("", "alpha, subject or background of the photo; or send a file of this name: white is painted")
    region: tuple[str, ...] = option((), "MASK=STYLE, a part in a style of its own; MASK as for mask, or a file's name")
    format: str = option("", "format of the painting; else the photo's", choices=("", *FORMATS))
    quality: int = option(95, "quality of JPEG and WebP", low=1, high=100)

    def __post_init__(self) -> None:
        check(self)


PICTURE_FIELDS = Fields(PaintingFields, StylizeOptions, PictureFields, but=THE_SERVERS)


def stylize_options(values: dict[str, Any], settings: ServerSettings) -> StylizeOptions:
    """Return how a picture is painted, within the server's limits; raises InvalidOption."""
    limits = {"max_memory": settings.max_memory, "max_pixels": settings.max_pixels}
    options: StylizeOptions = PICTURE_FIELDS.of(StylizeOptions, {**values, **limits})
    return options


@dataclass(frozen=True)
class Order:
    """A picture that is to be painted.

    photo: the file; painting: with what; options: how; where: masks as words, and what it is sent as; regions: (mask,
    style) pairs; masks: files of masks by their names.
    """

    photo: BinaryIO
    painting: PaintingFields
    options: StylizeOptions
    where: PictureFields
    regions: list[tuple[str, str]]
    masks: dict[str, BinaryIO] = field(default_factory=dict)

    @classmethod
    def of(cls, upload: Upload, settings: ServerSettings) -> Order:
        """Return what an upload asks for; raises InvalidOption for what does not fit."""
        values = PICTURE_FIELDS.values(upload.texts)
        painting, where = PICTURE_FIELDS.of(PaintingFields, values), PICTURE_FIELDS.of(PictureFields, values)
        regions = [_region(text) for text in where.region]
        if not (painting.style or painting.subject or painting.background or regions):
            raise InvalidOption("there is nothing to paint: name a style")
        photo = upload.take_one("photo")
        masks = {name: upload.take_one(name) for name in list(upload.files)}
        if "mask" in masks and where.mask:
            raise InvalidOption("mask is given as a word and as a file; give one")
        if "mask" not in masks and where.mask:
            _check_mask(where.mask, masks)
        for name, _ in regions:
            _check_mask(name, masks)
        if unused := masks.keys() - {"mask", where.mask, *(name for name, _ in regions)}:
            raise InvalidOption(f"the file {min(unused)[:60]!r} is not used; the photo's is called photo")
        return cls(photo, painting, stylize_options(values, settings), where, regions, masks)

    def encoded(self, painted: Any, start: bytes) -> tuple[bytes, str]:
        """Return a painting as a file and its content type; start: the photo's first bytes, whose format it takes."""
        name = self.where.format or next((kind for mark, kind in _SNIFFED if start.startswith(mark)), "png")
        kind, content_type = FORMATS[name]
        return encode(painted, kind, self.where.quality), content_type


def _region(text: str) -> tuple[str, str]:
    mask, equals, style = text.partition("=")
    if not (equals and mask and style):
        raise InvalidOption(f"region is MASK=STYLE, such as sky=starry-night, got {text[:60]!r}")
    return mask, style


def _check_mask(name: str, masks: dict[str, BinaryIO]) -> None:
    if name not in masks and name.lower() not in FOUND:
        raise InvalidOption(f"there is no mask {name[:60]!r}; it is {', '.join(FOUND)}, or a file of that name")
