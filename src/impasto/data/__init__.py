"""Photos to train on: from folders and archives to an endless, exactly resumable stream of batches."""

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
