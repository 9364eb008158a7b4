"""Painting pictures that are too large to be painted at once: stage by stage, a few rows at a time.

That a norm's moments are what stands between a network and tiles is said by Chen et al. 2022, "Towards Ultra-Resolution
Neural Style Transfer via Thumbnail Instance Normalization", who take a thumbnail's.  Here they are exact, because a
stage begins when the one before has seen all rows.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from impasto.image import IntegerArray
from impasto.memory import OutOfRoom, in_words
from impasto.runtime.engines.stages import HALO, Inside, Line, Stages

__all__ = ["stream"]


BYTES_A_PIXEL = 375
"""Memory that a strip takes for each of its pixels, measured with 64 channels at a quarter of the size."""
LEAST, MOST = 16, 128
"""Rows of pixels of a strip: fewer are mostly halo, more are not faster."""


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


def _reflected(row: int, rows: int) -> int:
    return -row if row < 0 else 2 * (rows - 1) - row if row >= rows else row


def stream(stages: Stages, pixels: IntegerArray, margin: int, room: int) -> Iterator[NDArray[np.float32]]:
    """Yield the painting of a picture from its top to its bottom, (rows, W, 3) float32 each, about [0, 1].

    pixels: (H, W, 3) uint8 or uint16; margin: px that are mirrored on each side before it is painted; room: bytes of
    memory that it may take.
    Raises MemoryError, which says what would fit, if the room or that for scratch files does not suffice.
    """
    source = _Padded(pixels, margin, stages.fold)
    strips = _strips(source, room)
    channels = (stages.channels, stages.inner, *(() if stages.normed_once else (stages.channels,)))
    size = sum(channels) * source.rows * source.columns * stages.dtype.itemsize
    folder = _scratch_folder(size)
    maps = [_Map(folder, each, source.rows, source.columns, stages.dtype) for each in channels]
    try:
        yield from _painted(stages, source, strips, maps)
    except OSError as error:
        reason = f"its scratch files in {folder} cannot be written or read ({error.strerror})"
        raise MemoryError(f"{reason}; set TMPDIR to a folder with {in_words(size)} free") from error
    finally:
        for each in maps:
            each.close()


Strip = tuple[int, int]
"""First row of maps, and the one after the last."""


def _strips(source: _Padded, room: int) -> list[Strip]:
    """Return strips that cover all rows, as large as the room allows; raises MemoryError if it is too small for any."""
    row = BYTES_A_PIXEL * source.fold**2 * source.columns
    height, least = min(MOST // source.fold, room // row - 2 * HALO), max(LEAST // source.fold, HALO)
    if height < least:
        needed = row * (least + 2 * HALO)
        raise OutOfRoom("painting even strip by strip", needed, room)
    return [(first, min(first + height, source.rows)) for first in range(0, source.rows, height)]


def _painted(
    stages: Stages, source: _Padded, strips: Sequence[Strip], maps: Sequence[_Map]
) -> Iterator[NDArray[np.float32]]:
    """Yield the painting; maps: of what blocks begin with, their first convolution and, if normed, the second."""
    x, *_ = maps
    trunk = _normed_once if stages.normed_once else _normed_twice
    line = stages.line(2 * stages.blocks + 1, *trunk(stages, source, strips, *maps))
    for top, bottom in strips:
        inside, (above, below) = _around(top, bottom, x.rows, HALO)
        painted = stages.decode(x.read(top - above, bottom + below), line, source.strip(top, bottom), inside)
        cropped = source.own(painted, top)
        if cropped.shape[0]:
            yield cropped


MeanAndVariance = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Of each channel, (C,)."""


def _normed_twice(
    stages: Stages, source: _Padded, strips: Sequence[Strip], x: _Map, first: _Map, second: _Map
) -> MeanAndVariance:
    """Put what the last block ends with into `x`, and return its moments."""
    line = _stem(stages, source, strips, second)
    for block in range(stages.blocks):
        line = stages.line(2 * block + 1, *_pass(strips, partial(_first, stages, block, x, second, line), [x, first]))
        line = stages.line(2 * block + 2, *_pass(strips, partial(_second, stages, block, first, line), [second]))

    def end(top: int, bottom: int) -> list[NDArray[Any]]:
        return stages.end(x.read(top, bottom) if stages.blocks else None, second.read(top, bottom), line)

    return _pass(strips, end, [x])


def _normed_once(stages: Stages, source: _Padded, strips: Sequence[Strip], x: _Map, first: _Map) -> MeanAndVariance:
    """Put what the last block ends with into `x`, and return its moments."""
    line = _stem(stages, source, strips, x)
    moments = _pass(strips, partial(_first, stages, 0, x, x, line), [x, first])
    for block in range(stages.blocks):
        outputs = [x, first] if block < stages.blocks - 1 else [x]
        line = stages.line(2 * block + 1, *moments)
        moments = _pass(strips, partial(_onward, stages, block, x, first, line), outputs)
    return moments


def _stem(stages: Stages, source: _Padded, strips: Sequence[Strip], output: _Map) -> Line:
    """Put the first convolution's map into `output`, and return what its norm does."""

    def stem(top: int, bottom: int) -> list[NDArray[Any]]:
        return stages.stem(source.strip(top - 1, bottom + 1))

    return stages.line(0, *_pass(strips, stem, [output]))


def _first(stages: Stages, block: int, x: _Map, y: _Map, line: Line, top: int, bottom: int) -> list[NDArray[Any]]:
    before = x.read(top - 1, bottom + 1) if block else None
    return stages.first(block, before, y.read(top - 1, bottom + 1), line)


def _second(stages: Stages, block: int, y: _Map, line: Line, top: int, bottom: int) -> list[NDArray[Any]]:
    return stages.second(block, y.read(top - 1, bottom + 1), line)


def _onward(stages: Stages, block: int, x: _Map, y: _Map, line: Line, top: int, bottom: int) -> list[NDArray[Any]]:
    inside, (above, below) = _around(top, bottom, x.rows, 1)
    begin = x.read(top - above, bottom + below)
    return stages.onward(block, begin, y.read(top - HALO * above, bottom + HALO * below), line, inside)


def _around(top: int, bottom: int, rows: int, halo: int) -> tuple[Inside, tuple[int, int]]:
    """Return whether a strip has more above and below it, and how many rows are looked at there."""
    inside = top > 0, bottom < rows
    return inside, (halo * inside[0], halo * inside[1])


def _pass(
    strips: Sequence[Strip], work: Callable[[int, int], list[NDArray[Any]]], outputs: Sequence[_Map]
) -> MeanAndVariance:
    """Run a stage over all strips and return mean and variance, (C,) each, of its last map.

    work: gives, for a strip, what goes into each output, and mean and variance of the last.  It may read an output:
    a strip's rows are written only when the strip below has looked at those of before.
    """
    moments = _Moments()
    waiting: list[tuple[_Map, int, NDArray[Any]]] = []
    for top, bottom in strips:
        *made, mean, variance = work(top, bottom)
        for output, first, rows in waiting:
            output.write(first, rows)
        waiting = [(output, top, rows.copy()) for output, rows in zip(outputs, made, strict=True)]
        moments.add((bottom - top) * outputs[0].columns, mean, variance)
    for output, first, rows in waiting:
        output.write(first, rows)
    return moments.mean, moments.squares / moments.count


class _Padded:
    """Pixels with mirrored margins, in strips; rows and columns count in positions of the trunk."""

    def __init__(self, pixels: NDArray[Any], margin: int, fold: int) -> None:
        self.pixels, self.margin, self.fold = pixels, margin, fold
        height, width = pixels.shape[:2]
        self.rows, self.columns = (-(-(side + 2 * margin) // fold) for side in (height, width))
        self.places = [
            np.pad(np.arange(side), (margin, fold * count - side - margin), mode="symmetric")
            for side, count in ((height, self.rows), (width, self.columns))
        ]

    def strip(self, first: int, last: int) -> NDArray[Any]:
        """Return the pixels of rows first..last - 1, (1, fold * (last - first), fold * columns, 3)."""
        folded = [_reflected(row, self.rows) for row in range(first, last)]
        places = self.places[0].reshape(-1, self.fold)[folded].ravel()
        return np.ascontiguousarray(self.pixels[places][:, self.places[1]][None])

    def own(self, painted: NDArray[np.float32], first: int) -> NDArray[np.float32]:
        """Return what is not margin of a painting, (1, 3, h, w), that begins at row `first`; maybe no rows."""
        height, width = self.pixels.shape[:2]
        begin = self.fold * first - self.margin
        rows = slice(max(0, -begin), max(0, height - begin))
        own: NDArray[np.float32] = np.moveaxis(painted[0, :, rows, self.margin : self.margin + width], 0, 2).copy()
        return own
