"""Painting pictures that are too large to be painted at once: stage by stage, a few rows at a time.

That a norm's moments are what stands between a network and tiles is said by Chen et al. 2022, "Towards Ultra-Resolution
Neural Style Transfer via Thumbnail Instance Normalization", who take a thumbnail's.  Here they are exact, because a
stage begins when the one before has seen all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.image import IntegerArray
from impasto.memory import OutOfRoom, Room, in_words
from impasto.runtime.engines.scratch import Map, reflected, scratch_folder
from impasto.runtime.engines.stages import HALO, Stages
from impasto.runtime.engines.styled import Line

__all__ = ["stream"]


ANY_STRIP = 40 << 20
"""Bytes of memory that painting in strips takes, however small they are; most of them OpenVINO's."""
BYTES_A_PIXEL = {2: 180, 4: 240}
"""Memory that a strip takes beside for each of its pixels, with maps of so many bytes a number.

Measured with 64 channels at a quarter of the size, where decoding takes most; wider networks take as much more.
"""
CHANNELS_A_PIXEL = 64 / 4**2
"""Those with which that was measured."""
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


def stream(stages: Stages, pixels: IntegerArray, margin: int, room: Room) -> Iterator[NDArray[np.float32]]:
    """Yield the painting of a picture from its top to its bottom, (rows, W, 3) float32 each, about [0, 1].

    pixels: (H, W, 3) uint8 or uint16; margin: px that are mirrored on each side before it is painted; room: memory
    that it may take.
    Raises MemoryError, which says what would fit, if the room or that for scratch files does not suffice.
    """
    source = _Padded(pixels, margin, stages.net.fold)
    strips = _strips(source, _bytes_a_row(stages, source), room())
    channels = (stages.net.channels, stages.net.inner, *(() if stages.net.normed_once else (stages.net.channels,)))
    size = sum(channels) * source.rows * source.columns * stages.dtype.itemsize
    folder = scratch_folder(size)
    maps = [Map(folder, each, source.rows, source.columns, stages.dtype) for each in channels]
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


def _bytes_a_row(stages: Stages, source: _Padded) -> int:
    """Return the memory that a strip takes for each row of its maps."""
    channels = max(CHANNELS_A_PIXEL * source.fold**2, stages.net.channels)
    return int(BYTES_A_PIXEL[stages.dtype.itemsize] / CHANNELS_A_PIXEL * channels * source.columns)


def _strips(source: _Padded, row: int, room: int) -> list[Strip]:
    """Return strips that cover all rows, as large as the room allows; raises OutOfRoom if it is too small for any.

    row: bytes that a strip takes for each row of its maps.
    """
    height, least = min(MOST // source.fold, (room - ANY_STRIP) // row - 2 * HALO), max(LEAST // source.fold, HALO)
    if height < least:
        needed = ANY_STRIP + row * (least + 2 * HALO)
        raise OutOfRoom("painting even strip by strip", needed, room)
    return [(first, min(first + height, source.rows)) for first in range(0, source.rows, height)]


def _painted(
    stages: Stages, source: _Padded, strips: Sequence[Strip], maps: Sequence[Map]
) -> Iterator[NDArray[np.float32]]:
    """Yield the painting; maps: of what blocks begin with, their first convolution and, if normed, the second."""
    x, *_ = maps
    trunk = _normed_once if stages.net.normed_once else _normed_twice
    line = stages.net.line(2 * stages.net.blocks + 1, *trunk(stages, source, strips, *maps))
    for top, bottom in strips:
        given = x.around(top, bottom, HALO), line, source.strip(top, bottom), x.inside(top, bottom)
        painted = source.own(stages.decode(*given), top)
        if painted.shape[0]:
            yield painted


MeanAndVariance = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Of each channel, (C,)."""


def _normed_twice(
    stages: Stages, source: _Padded, strips: Sequence[Strip], x: Map, first: Map, second: Map
) -> MeanAndVariance:
    """Put what the last block ends with into `x`, and return its moments."""
    net, line = stages.net, _stem(stages, source, strips, second)
    for block in range(net.blocks):
        line = net.line(2 * block + 1, *_pass(strips, partial(_first, stages, block, x, second, line), [x, first]))
        line = net.line(2 * block + 2, *_pass(strips, partial(_second, stages, block, first, line), [second]))

    def end(top: int, bottom: int) -> list[NDArray[Any]]:
        return stages.end(x.read(top, bottom) if stages.net.blocks else None, second.read(top, bottom), line)

    return _pass(strips, end, [x])


def _normed_once(stages: Stages, source: _Padded, strips: Sequence[Strip], x: Map, first: Map) -> MeanAndVariance:
    """Put what the last block ends with into `x`, and return its moments."""
    line = _stem(stages, source, strips, x)
    moments = _pass(strips, partial(_first, stages, 0, x, x, line), [x, first])
    for block in range(stages.net.blocks):
        outputs = [x, first] if block < stages.net.blocks - 1 else [x]
        line = stages.net.line(2 * block + 1, *moments)
        moments = _pass(strips, partial(_onward, stages, block, x, first, line), outputs)
    return moments


def _stem(stages: Stages, source: _Padded, strips: Sequence[Strip], output: Map) -> Line:
    """Put the first convolution's map into `output`, and return what its norm does."""

    def stem(top: int, bottom: int) -> list[NDArray[Any]]:
        return stages.stem(source.strip(top - 1, bottom + 1))

    return stages.net.line(0, *_pass(strips, stem, [output]))


def _first(stages: Stages, block: int, x: Map, y: Map, line: Line, top: int, bottom: int) -> list[NDArray[Any]]:
    before = x.read(top - 1, bottom + 1) if block else None
    return stages.first(block, before, y.read(top - 1, bottom + 1), line)


def _second(stages: Stages, block: int, y: Map, line: Line, top: int, bottom: int) -> list[NDArray[Any]]:
    return stages.second(block, y.read(top - 1, bottom + 1), line)


def _onward(stages: Stages, block: int, x: Map, y: Map, line: Line, top: int, bottom: int) -> list[NDArray[Any]]:
    places = np.array([reflected(row, x.rows) - (top - 1) for row in range(top - 1, bottom + 1)], np.int32)
    before = x.read(top - 1, bottom + 1)
    return stages.onward(block, before, y.read(top - HALO, bottom + HALO), line, places)


def _pass(
    strips: Sequence[Strip], work: Callable[[int, int], list[NDArray[Any]]], outputs: Sequence[Map]
) -> MeanAndVariance:
    """Run a stage over all strips and return mean and variance, (C,) each, of its last map.

    work: gives, for a strip, what goes into each output, and mean and variance of the last.  It may read an output:
    a strip's rows are written only when the strip below has looked at those of before.
    """
    moments = _Moments()
    waiting: list[tuple[Map, int, NDArray[Any]]] = []
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
        folded = [reflected(row, self.rows) for row in range(first, last)]
        places = self.places[0].reshape(-1, self.fold)[folded].ravel()
        return np.ascontiguousarray(self.pixels[places][:, self.places[1]][None])

    def own(self, painted: NDArray[np.float32], first: int) -> NDArray[np.float32]:
        """Return what is not margin of a painting, (1, 3, h, w), that begins at row `first`; maybe no rows."""
        height, width = self.pixels.shape[:2]
        begin = self.fold * first - self.margin
        rows = slice(max(0, -begin), max(0, height - begin))
        own: NDArray[np.float32] = np.moveaxis(painted[0, :, rows, self.margin : self.margin + width], 0, 2).copy()
        return own
