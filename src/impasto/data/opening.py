"""From the paths a user gives to one source of photos."""

from __future__ import annotations

import os
import tarfile
import zipfile
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from impasto.data.archive import open_tar, open_zip
from impasto.data.arrow import PREFIX, is_saved, open_table
from impasto.data.folder import open_folder
from impasto.data.shards import expand, is_pattern, tars_in
from impasto.data.source import PhotoSource
from impasto.errors import DataError

__all__ = ["JoinedSource", "open_source", "open_sources"]

_COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}


@dataclass(frozen=True, eq=False)
class JoinedSource:
    """Several sources, one after the other, as one."""

    parts: tuple[PhotoSource, ...]
    ends: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ends", tuple(accumulate(len(part) for part in self.parts)))

    def __len__(self) -> int:
        return self.ends[-1]

    def name(self, index: int) -> str:
        """Return the name that the part gives to picture `index`."""
        part, inner = self._find(index)
        return part.name(inner)

    def read(self, index: int) -> bytes:
        """Return the bytes of picture `index`; raises UnreadablePicture."""
        part, inner = self._find(index)
        return part.read(inner)

    def _find(self, index: int) -> tuple[PhotoSource, int]:
        which = bisect_right(self.ends, index)
        return self.parts[which], index - (self.ends[which - 1] if which else 0)


def open_source(path: str | os.PathLike[str]) -> PhotoSource:
    """Index the photos in a folder, a zip, an uncompressed tar or a table; which of them is told by content.

    path: also a glob or names in braces, `shards-{000..009}.tar`; a folder whose photos are in tars; a folder that
        `datasets` saved; or a data set on the Hugging Face Hub, `hf:USER/NAME[@REVISION][:SPLIT]`.
    Raises DataError naming the path if it is absent, broken, compressed as a whole, something else,
    or holds no photos, and EngineUnavailable where `datasets` is needed and not installed.
    """
    place = Path(path)
    if str(path).startswith(PREFIX):
        return open_table(str(path))
    if place.is_dir():
        return _open_folder(place)
    if not place.exists() and is_pattern(str(path)):
        return open_sources(expand(str(path)))
    if not place.is_file():
        raise DataError(f"{place} does not exist; name a folder, a zip or a tar of photos")
    try:
        return _open_archive(place)
    except PermissionError as error:
        raise DataError(f"{place} may not be read; ask for permission to it") from error


def open_sources(paths: Sequence[str | os.PathLike[str]]) -> PhotoSource:
    """Open several folders and archives as one source, in the order given.

    Raises DataError as open_source does, and if there is no path.
    """
    if not paths:
        raise DataError("no photos to train on; name a folder, a zip or a tar of them")
    parts = tuple(open_source(path) for path in paths)
    return parts[0] if len(parts) == 1 else JoinedSource(parts)


def _open_folder(folder: Path) -> PhotoSource:
    """Open a table that was saved, the photos in a folder, or, where it has none, those in its tars."""
    if is_saved(folder):
        return open_table(str(folder))
    try:
        return open_folder(folder)
    except DataError:
        if tars := tars_in(folder):
            return open_sources(tars)
        raise


def _open_archive(path: Path) -> PhotoSource:
    with path.open("rb") as file:
        start = file.read(8)
    for magic, method in _COMPRESSED.items():
        if start.startswith(magic):
            raise DataError(
                f"{path} is compressed with {method}, so single photos cannot be picked from it; "
                "unpack it into a plain .tar, or pack it as .zip"
            )
    if path.suffix.lower() == ".zip" or zipfile.is_zipfile(path):
        return open_zip(path)
    if path.suffix.lower() == ".tar" or tarfile.is_tarfile(path):
        return open_tar(path)
    raise DataError(f"{path} is neither a folder nor a zip or tar archive; put photos into one of these")
