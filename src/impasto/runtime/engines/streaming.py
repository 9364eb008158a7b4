"""Painting pictures that are too large to be painted at once: stage by stage, a few rows at a time.

That a norm's moments are what stands between a network and tiles is said by Chen et al. 2022, "Towards Ultra-Resolution
Neural Style Transfer via Thumbnail Instance Normalization", who take a thumbnail's.  Here they are exact, because a
stage begins when the one before has seen all rows.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from impasto.image import IntegerArray
from impasto.runtime.engines.stages import FOLD, LAST_HALO, Line, Stages

__all__ = ["stream"]


BYTES_A_POSITION = 6000
"""Memory that a strip takes for each of the trunk's positions, measured."""
LEAST_ROWS, MOST_ROWS = 4, 32
"""Rows of a strip: fewer are mostly halo, more are not faster."""


@dataclass
class _Moments:
    """Mean and variance over strips, put together as in Chan et al. 1979; (C,) float64 each."""

    count: int = 0
    mean: Any = 0.0
    squares: Any = 0.0

    def add(self, count: int, mean: NDArray[Any], variance: NDArray[Any]) -> None:
        """Take in a strip of `count` positions."""
        total, apart = self.count + count, mean.astype(np.float64) - self.mean
        self.mean = self.mean + apart * (count / total)
        self.squares = self.squares + variance.astype(np.float64) * count + apart**2 * (self.count * count / total)
        self.count = total


class _Map:
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
            values[:, :, row - first] = values[:, :, _reflected(row, self.rows) - first]
        return values

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


def _scratch_folder(needed: int) -> Path:
    """Return a folder for temporary files with so many bytes free, on a disk rather than in memory."""
    in_memory = {each.mountpoint for each in psutil.disk_partitions(all=True) if each.fstype in ("tmpfs", "ramfs")}
    folders = [Path(gettempdir()), *(each for each in (Path("/var/tmp"),) if each.is_dir())]  # noqa: S108 - not a name
    for folder in sorted(folders, key=lambda each: _mount_of(each) in in_memory):
        if shutil.disk_usage(folder).free > needed:
            return folder
    raise MemoryError(
        f"it takes {needed / 2**30:.1f} GB of scratch files; set TMPDIR to a folder on a disk with as much"
    )


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


def _reflected(row: int, rows: int) -> int:
    return -row if row < 0 else 2 * (rows - 1) - row if row >= rows else row


def stream(stages: Stages, pixels: IntegerArray, margin: int, room: int) -> Iterator[NDArray[np.float32]]:
    """Yield the painting of a picture from its top to its bottom, (rows, W, 3) float32 each, about [0, 1].

    pixels: (H, W, 3) uint8 or uint16; margin: px that are mirrored on each side before it is painted; room: bytes of
    memory that it may take.
    Raises MemoryError, which says what would fit, if the room or that for scratch files does not suffice.
    """
    source = _Padded(pixels, margin)
    rows, columns = source.rows, source.columns
    strip = min(MOST_ROWS, room // (BYTES_A_POSITION * columns) - 2 * LAST_HALO)
    if strip < LEAST_ROWS:
        needed = BYTES_A_POSITION * columns * (LEAST_ROWS + 2 * LAST_HALO)
        raise MemoryError(f"even strip by strip it takes {needed / 2**30:.1f} GB beside the picture itself")
    strips = [(first, min(first + strip, rows)) for first in range(0, rows, strip)]
    size = stages.channels * rows * columns * stages.dtype.itemsize
    folder = _scratch_folder(3 * size)
    x, first_map, second_map = (_Map(folder, stages.channels, rows, columns, stages.dtype) for _ in range(3))
    try:
        moments = _Moments()
        for top, bottom in strips:
            y, mean, variance = stages.stem(source.strip(top - 1, bottom + 1))
            second_map.write(top, y)
            moments.add((bottom - top) * columns, mean, variance)
        for block in range(stages.blocks):
            line = stages.line(2 * block, moments.mean, moments.squares / moments.count)
            moments = _first(stages, block, x, second_map, first_map, line, strips)
            line = stages.line(2 * block + 1, moments.mean, moments.squares / moments.count)
            moments = _second(stages, block, first_map, second_map, line, strips)
        line = stages.line(2 * stages.blocks, moments.mean, moments.squares / moments.count)
        moments = _Moments()
        for top, bottom in strips:
            joined, mean, variance = stages.end(
                x.read(top, bottom) if stages.blocks else None, second_map.read(top, bottom), line
            )
            x.write(top, joined)
            moments.add((bottom - top) * columns, mean, variance)
        line = stages.line(2 * stages.blocks + 1, moments.mean, moments.squares / moments.count)
        yield from _decoded(stages, x, source, line, strips)
    finally:
        for each in (x, first_map, second_map):
            each.close()


def _first(
    stages: Stages, block: int, x: _Map, y: _Map, out: _Map, line: Line, strips: list[tuple[int, int]]
) -> _Moments:
    moments, waiting = _Moments(), None
    for top, bottom in strips:
        before = x.read(top - 1, bottom + 1) if block else None
        joined, convolved, mean, variance = stages.first(block, before, y.read(top - 1, bottom + 1), line)
        if waiting is not None:  # only now: the strip below has looked at the old rows
            x.write(*waiting)
        waiting = top, joined.copy()
        out.write(top, convolved)
        moments.add((bottom - top) * x.columns, mean, variance)
    if waiting is not None:
        x.write(*waiting)
    return moments


def _second(stages: Stages, block: int, y: _Map, out: _Map, line: Line, strips: list[tuple[int, int]]) -> _Moments:
    moments = _Moments()
    for top, bottom in strips:
        convolved, mean, variance = stages.second(block, y.read(top - 1, bottom + 1), line)
        out.write(top, convolved)
        moments.add((bottom - top) * y.columns, mean, variance)
    return moments


def _decoded(
    stages: Stages, x: _Map, source: _Padded, line: Line, strips: list[tuple[int, int]]
) -> Iterator[NDArray[np.float32]]:
    for top, bottom in strips:
        inside = top > 0, bottom < x.rows
        above, below = (LAST_HALO * int(each) for each in inside)
        painted = stages.decode(x.read(top - above, bottom + below), line, source.strip(top, bottom), inside)
        cropped = source.own(painted, top)
        if cropped.shape[0]:
            yield cropped


class _Padded:
    """Pixels with mirrored margins, in strips; rows and columns count in positions of the trunk."""

    def __init__(self, pixels: NDArray[Any], margin: int) -> None:
        self.pixels, self.margin = pixels, margin
        height, width = pixels.shape[:2]
        self.rows, self.columns = (-(-(side + 2 * margin) // FOLD) for side in (height, width))
        self.places = [
            np.pad(np.arange(side), (margin, FOLD * count - side - margin), mode="symmetric")
            for side, count in ((height, self.rows), (width, self.columns))
        ]

    def strip(self, first: int, last: int) -> NDArray[Any]:
        """Return the pixels of rows first..last - 1, (1, FOLD * (last - first), FOLD * columns, 3)."""
        folded = [_reflected(row, self.rows) for row in range(first, last)]
        places = self.places[0].reshape(-1, FOLD)[folded].ravel()
        return np.ascontiguousarray(self.pixels[places][:, self.places[1]][None])

    def own(self, painted: NDArray[np.float32], first: int) -> NDArray[np.float32]:
        """Return what is not margin of a painting, (1, 3, h, w), that begins at row `first`; maybe no rows."""
        height, width = self.pixels.shape[:2]
        begin = FOLD * first - self.margin
        rows = slice(max(0, -begin), max(0, height - begin))
        own: NDArray[np.float32] = np.moveaxis(painted[0, :, rows, self.margin : self.margin + width], 0, 2).copy()
        return own
