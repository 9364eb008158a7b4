"""Maps in scratch files, for what does not fit into memory."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from impasto.memory import in_words
from impasto.runtime.engines.stages import Inside

__all__ = ["Map", "reflected", "scratch_folder"]


class Map:
    """A map, (1, C, rows, columns), in a scratch file that is gone with the process."""

    def __init__(self, folder: Path, channels: int, rows: int, columns: int, dtype: np.dtype[Any]) -> None:
        self.channels, self.rows, self.columns, self.dtype = channels, rows, columns, dtype
        self.file = TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - closed with this

    def read(self, first: int, last: int) -> NDArray[Any]:
        """Return rows first..last - 1, reflected beyond the ends."""
        top, bottom = max(first, 0), min(last, self.rows)
        values = np.empty((1, self.channels, last - first, self.columns), self.dtype)
        for channel in range(self.channels):
            self.file.seek(self._offset(channel, top))
            _fill(self.file, values[0, channel, top - first : bottom - first])
        for row in [*range(first, top), *range(bottom, last)]:
            values[:, :, row - first] = values[:, :, reflected(row, self.rows) - first]
        return values

    def around(self, first: int, last: int, halo: int) -> NDArray[Any]:
        """Return rows first..last - 1 and, at a side where the map goes on, `halo` more."""
        above, below = self.inside(first, last)
        return self.read(first - halo * above, last + halo * below)

    def inside(self, first: int, last: int) -> Inside:
        """Return whether the map goes on above row `first` and below the one before `last`."""
        return first > 0, last < self.rows

    def write(self, first: int, values: NDArray[Any]) -> None:
        """Keep rows from `first` on."""
        for channel in range(self.channels):
            self.file.seek(self._offset(channel, first))
            rest = memoryview(values[0, channel]).cast("B")
            while rest:
                rest = rest[self.file.write(rest) :]

    def close(self) -> None:
        """Give the space back."""
        self.file.close()

    def _offset(self, channel: int, row: int) -> int:
        return (channel * self.rows + row) * self.columns * self.dtype.itemsize


def scratch_folder(needed: int) -> Path:
    """Return a folder for temporary files with so many bytes free, on a disk rather than in memory."""
    in_memory = {each.mountpoint for each in psutil.disk_partitions(all=True) if each.fstype in ("tmpfs", "ramfs")}
    folders = [Path(gettempdir()), *(each for each in (Path("/var/tmp"),) if each.is_dir())]  # noqa: S108 - not a name  # nosec B108
    for folder in sorted(folders, key=lambda each: _mount_of(each) in in_memory):
        if shutil.disk_usage(folder).free > needed:
            return folder
    raise MemoryError(f"it takes {in_words(needed)} of scratch files; set TMPDIR to a folder on a disk with as much")


def _mount_of(folder: Path) -> str:
    folder = folder.resolve()
    return str(next(each for each in (folder, *folder.parents) if each.is_mount() or each == each.parent))


def _fill(file: Any, values: NDArray[Any]) -> None:
    rest = values.data.cast("B")
    while rest:
        count = file.readinto(rest)
        if not count:
            raise OSError("the scratch file is shorter than what was written")
        rest = rest[count:]


def reflected(row: int, rows: int) -> int:
    """Return the row that reflection puts at a row's place beyond the first or the last of `rows`."""
    return -row if row < 0 else 2 * (rows - 1) - row if row >= rows else row
