"""What training needs of a place that holds photos, and which files count as photos."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Protocol

from impasto.errors import DataError

__all__ = ["SUFFIXES", "PhotoSource", "is_hidden", "is_photo", "no_photos"]

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")


class PhotoSource(Protocol):
    """A fixed, ordered list of picture files that any process can read in any order.

    Must be hashable and picklable, and hold no open file: it is copied into worker processes.
    """

    def __len__(self) -> int:
        """Return the number of pictures, at least 1."""
        ...

    def name(self, index: int) -> str:
        """Return where picture `index` lies, as a user would name it."""
        ...

    def read(self, index: int) -> bytes:
        """Return the file of picture `index`, still compressed.

        Raises UnreadablePicture if it cannot be had.
        """
        ...


def is_photo(name: str) -> bool:
    """Tell whether a file of this name, relative to the root of its source, is a picture to train on."""
    path = PurePosixPath(name)
    return path.suffix.lower() in SUFFIXES and not any(map(is_hidden, path.parts))


def is_hidden(part: str) -> bool:
    """Tell whether a file or folder name is a hidden one, or one that macOS adds to archives."""
    return part.startswith(".") or part == "__MACOSX"


def no_photos(path: Path) -> DataError:
    """Return the error for a source at `path` in which no name is a photo's."""
    return DataError(
        f"{path} holds no pictures (looked for {', '.join(SUFFIXES)}); "
        "name a folder, a zip or a tar that has some, at any depth"
    )
