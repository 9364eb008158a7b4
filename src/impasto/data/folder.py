"""Photos in a folder, however it is laid out."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from impasto.data.source import is_hidden, is_photo, no_photos
from impasto.errors import UnreadablePicture

__all__ = ["FolderSource", "open_folder"]

logger = logging.getLogger("impasto.data")


@dataclass(frozen=True, eq=False)
class FolderSource:
    """The photos under `root`; `names` are relative to it, with slashes, sorted."""

    root: Path
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    def name(self, index: int) -> str:
        """Return the path of picture `index`."""
        return str(self.root / self.names[index])

    def read(self, index: int) -> bytes:
        """Return the bytes of file `index`; raises UnreadablePicture."""
        try:
            return (self.root / self.names[index]).read_bytes()
        except OSError as error:
            raise UnreadablePicture(self.name(index), error.strerror or str(error)) from error


def open_folder(root: Path) -> FolderSource:
    """List the photos under `root`, at any depth and through links, each real folder once.

    Raises DataError if there are none.
    """
    names = tuple(sorted(_photos_under(root)))
    if not names:
        raise no_photos(root)
    return FolderSource(root, names)


def _photos_under(root: Path) -> Iterator[str]:
    seen: set[str] = set()  # a link may lead back to a folder above it
    for folder, subfolders, files in os.walk(root, followlinks=True, onerror=_report):
        real = os.path.realpath(folder)
        if real in seen:
            subfolders.clear()
            continue
        seen.add(real)
        # Sorted, so that of two links to one folder the same one wins on every machine.
        subfolders[:] = sorted(name for name in subfolders if not is_hidden(name))
        here = Path(folder).relative_to(root)
        yield from filter(is_photo, ((here / file).as_posix() for file in files))


def _report(error: OSError) -> None:
    logger.warning("%s: cannot be listed (%s); its pictures are left out", error.filename, error.strerror)
