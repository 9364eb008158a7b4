"""Photos in a table of Hugging Face's `datasets`: on its Hub, or in a folder that save_to_disk wrote.

A table's Arrow files are mapped into memory, in each process when it first reads; the bytes of a photo come out as they
were put in, not decoded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from impasto.errors import DataError, UnreadablePicture
from impasto.extras import needing

__all__ = ["PREFIX", "ArrowSource", "is_saved", "open_table"]

PREFIX = "hf:"
DEFAULT_SPLIT = "train"
_SAVED, _SAVED_SPLITS = "state.json", "dataset_dict.json"
"""Files by which a folder of save_to_disk is known, with one table or with one for each split."""


@dataclass(frozen=True, eq=False)
class ArrowSource:
    """The photos in the image column `column` of a table.

    place: `hf:USER/NAME[@REVISION]` or a folder; split: of it, or "" where it has none.
    """

    place: str
    split: str
    column: str
    count: int

    def __len__(self) -> int:
        return self.count

    def name(self, index: int) -> str:
        """Return the place and the number of the row."""
        return f"{self.place}{f':{self.split}' if self.split else ''}[{index}]"

    def read(self, index: int) -> bytes:
        """Return the file in row `index`; raises UnreadablePicture."""
        try:
            cell = _table(self.place, self.split, self.column)[index][self.column]
            if cell is not None and cell["bytes"] is not None:
                return bytes(cell["bytes"])
            if cell is not None and cell["path"]:
                return Path(cell["path"]).read_bytes()
        except Exception as error:  # Arrow, its codecs and the disk have errors of their own each
            raise UnreadablePicture(self.name(index), f"cannot be read from the table ({error})") from error
        raise UnreadablePicture(self.name(index), "the row holds no picture")


def is_saved(folder: Path) -> bool:
    """Tell whether save_to_disk wrote a folder."""
    return (folder / _SAVED).is_file() or (folder / _SAVED_SPLITS).is_file()


def open_table(place: str) -> ArrowSource:
    """Open `hf:USER/NAME[@REVISION][:SPLIT]`, fetched first if it is not there yet, or a folder that was saved.

    Without a split it is the one called train, where there are several.

    Raises EngineUnavailable where `datasets` is not installed, and DataError for what holds no photos.
    """
    if place.startswith(PREFIX):
        name, _, split = place.removeprefix(PREFIX).partition(":")
        name, split = PREFIX + name, split or DEFAULT_SPLIT
    else:
        name, split = place, DEFAULT_SPLIT if (Path(place) / _SAVED_SPLITS).is_file() else ""
    with needing("datasets", f"--data {place}"):
        import datasets  # noqa: F401
    try:
        table = _opened(name, split)
    except Exception as error:  # of the connection, of the Hub or of the files
        raise DataError(f"{place} cannot be opened ({_first_line(error)})") from error
    column = _image_column(table, place)
    if not len(table):
        raise DataError(f"{place} has no rows")
    return ArrowSource(name, split, column, len(table))


def _opened(name: str, split: str) -> Any:
    """Return a table; it is only known here how one is opened."""
    import datasets

    if name.startswith(PREFIX):
        repo, _, revision = name.removeprefix(PREFIX).partition("@")
        # Photos only, which are decoded as any stranger's are; from 4.0 on datasets runs no code of data sets.
        return datasets.load_dataset(repo, split=split, revision=revision or None)
    saved = datasets.load_from_disk(name)
    return saved[split] if split else saved


@lru_cache(maxsize=8)
def _table(name: str, split: str, column: str) -> Any:
    """Return a table's column of files, not decoded; kept by each process for itself."""
    import datasets

    return _opened(name, split).select_columns([column]).cast_column(column, datasets.Image(decode=False))


def _image_column(table: Any, place: str) -> str:
    import datasets

    columns: Sequence[str] = [name for name, kind in table.features.items() if isinstance(kind, datasets.Image)]
    if not columns:
        raise DataError(f"{place} has no column of images; it has {', '.join(table.features) or 'none'}")
    return "image" if "image" in columns else columns[0]


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
