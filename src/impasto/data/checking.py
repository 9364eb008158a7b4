"""What is wrong with photos before a network is trained on them: unreadable, small, grey and repeated ones."""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np
from PIL import Image

from impasto.data.duplicates import difference_hash, near, same
from impasto.data.source import PhotoSource
from impasto.data.transforms import decode
from impasto.errors import DataError, UnreadablePicture

__all__ = ["Checked", "check_photos"]

AT_LEAST = 64
"""px of the short side that JPEGs are decoded at, at the least; that reads the whole file, and takes an eighth."""
COLOURLESS = 2.0
"""Mean levels between the largest and the smallest of red, green and blue, below which a photo is grey."""
CHUNK = 32
"""Photos that a process gets at a time."""

Follow = Callable[[int, int], None]


class Look(NamedTuple):
    """What one look at a photo tells; short: px of its short side; all else is None or nothing if it is unreadable."""

    problem: str = ""
    short: int = 0
    grey: bool = False
    digest: bytes | None = None
    hash: int | None = None


@dataclass(frozen=True)
class Checked:
    """The report, in which photos are named.

    size: px of the short side below which one is tiny; shorts: how many photos have a short side of so many px.
    same: groups with the same bytes; near: groups that look the same, where not all have the same bytes.
    """

    photos: int
    size: int
    unreadable: dict[str, str]
    tiny: tuple[str, ...]
    grey: tuple[str, ...]
    same: tuple[tuple[str, ...], ...]
    near: tuple[tuple[str, ...], ...]
    shorts: dict[int, int]

    def sizes(self) -> Iterator[tuple[int, int, int]]:
        """Yield a range of short sides, first and last px, and how many photos are in it; ends are powers of two."""
        counts = Counter[int]()
        for short, count in self.shorts.items():
            counts[short.bit_length() - 1] += count
        for power in sorted(counts):
            yield 1 << power, (2 << power) - 1, counts[power]


def check_photos(source: PhotoSource, size: int, follow: Follow, processes: int = 0) -> Checked:
    """Look at every photo of a source on all cores, or in so many processes.

    Memory holds no more than some photos and, of each, 150 bytes or so: what tells it from the others.
    Raises DataError if a process dies.
    """
    looks: list[Look] = []
    for chunk in _looked(source, processes or os.cpu_count() or 1):
        looks += chunk
        follow(len(looks), len(source))
    numbered = list(enumerate(looks))
    readable = [look for look in looks if not look.problem]
    digests, hashes = [look.digest for look in looks], [look.hash for look in looks]

    def names(places: Iterator[int] | list[int]) -> tuple[str, ...]:
        return tuple(source.name(place) for place in places)

    return Checked(
        photos=len(looks),
        size=size,
        unreadable={source.name(place): look.problem for place, look in numbered if look.problem},
        tiny=names(place for place, look in numbered if 0 < look.short < size),
        grey=names(place for place, look in numbered if look.grey),
        same=tuple(map(names, same(digests))),
        near=tuple(names(group) for group in near(hashes) if len({digests[place] for place in group}) > 1),
        shorts=dict(Counter(look.short for look in readable)),
    )


def look_at(source: PhotoSource, index: int) -> Look:
    """Read and decode one photo, a JPEG at an eighth of its size, and say what is to be said of it."""
    try:
        data = source.read(index)
        picture = decode(data, source.name(index), at_least=AT_LEAST)
    except UnreadablePicture as error:
        return Look(problem=error.reason)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        short = min(Image.open(io.BytesIO(data)).size)
    pixels = np.asarray(picture.resize((64, 64), Image.Resampling.BOX), np.int16)
    grey = bool(np.ptp(pixels, axis=2).mean() < COLOURLESS)
    return Look("", short, grey, hashlib.blake2b(data, digest_size=16).digest(), difference_hash(picture))


def _looked(source: PhotoSource, processes: int) -> Iterator[list[Look]]:
    """Yield what was seen of all photos, chunk by chunk, in order."""
    chunks = iter(range(0, len(source), CHUNK))
    if processes == 1 or len(source) <= CHUNK:
        yield from (_chunk(source, first) for first in chunks)
        return
    pool = ProcessPoolExecutor(processes, get_context("spawn"), _begin, (source,))
    try:
        waiting: deque[Future[list[Look]]] = deque()
        for first in islice(chunks, 4 * processes):
            waiting.append(pool.submit(_look_at_chunk, first))
        while waiting:
            yield waiting.popleft().result()
            for first in islice(chunks, 1):
                waiting.append(pool.submit(_look_at_chunk, first))
    except BrokenProcessPool as error:
        raise DataError(
            "a process that looks at photos has died, perhaps for lack of memory; check them again when there is more"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _chunk(source: PhotoSource, first: int) -> list[Look]:
    return [look_at(source, index) for index in range(first, min(first + CHUNK, len(source)))]


_shared: list[PhotoSource] = []
"""The source that a process of the pool looks at; it is sent once, for its index may be large."""


def _begin(source: PhotoSource) -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who hands out
    _shared.append(source)


def _look_at_chunk(first: int) -> list[Look]:
    return _chunk(_shared[0], first)
