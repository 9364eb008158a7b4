"""Photos to train on: folders, archives and tables as an endless, exactly resumable stream; checked without torch."""

from typing import TYPE_CHECKING

from impasto.lazy import importer

if TYPE_CHECKING:
    from impasto.data.loader import deaths_told, photo_batches
    from impasto.data.opening import open_source, open_sources
    from impasto.data.source import PhotoSource
    from impasto.data.stream import PhotoStream
    from impasto.data.transforms import decode, random_crop, smooth_patch

__all__ = [
    "PhotoSource",
    "PhotoStream",
    "deaths_told",
    "decode",
    "open_source",
    "open_sources",
    "photo_batches",
    "random_crop",
    "smooth_patch",
]

__getattr__ = importer(
    "impasto.data",
    {
        "PhotoSource": "impasto.data.source",
        "PhotoStream": "impasto.data.stream",
        "deaths_told": "impasto.data.loader",
        "decode": "impasto.data.transforms",
        "open_source": "impasto.data.opening",
        "open_sources": "impasto.data.opening",
        "photo_batches": "impasto.data.loader",
        "random_crop": "impasto.data.transforms",
        "smooth_patch": "impasto.data.transforms",
    },
)
