"""Photos to train on: from folders, archives and tables to an endless, exactly resumable stream of batches."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

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

_HOMES = {
    "PhotoSource": "source",
    "PhotoStream": "stream",
    "deaths_told": "loader",
    "decode": "transforms",
    "open_source": "opening",
    "open_sources": "opening",
    "photo_batches": "loader",
    "random_crop": "transforms",
    "smooth_patch": "transforms",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for (PEP 562): photos are fetched and checked without torch."""
    if name not in _HOMES:
        raise AttributeError(f"module 'impasto.data' has no attribute {name!r}")
    return getattr(import_module(f"impasto.data.{_HOMES[name]}"), name)
