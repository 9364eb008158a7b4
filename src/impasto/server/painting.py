"""Painting for many clients at once: places, the order of work, and the threads that do it."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from impasto.errors import ModelError
from impasto.image import Picture, read
from impasto.model import Style
from impasto.runtime.regions import MaskSource, Region
from impasto.runtime.stylizer import Stylizer
from impasto.server.engines import Sessions, Watched
from impasto.server.library import Library
from impasto.server.metrics import Metrics
from impasto.server.orders import Order
from impasto.server.refusals import Busy
from impasto.server.settings import ServerSettings

__all__ = ["Painted", "Painters"]

OPEN = 4
"""Pictures in memory at once: two are painted, one in the engine, one before or after it; the others are decoded or
encoded beside that.  All others wait as files."""
PAINTERS, CODERS = 2, 2
"""Threads."""

T = TypeVar("T")


@dataclass(frozen=True)
class Painted:
    """A painting as a file, its content type, notices for the user, and the seconds of each stage."""

    data: bytes
    content_type: str
    notices: tuple[str, ...]
    stages: dict[str, float] = field(default_factory=dict)


class Painters:
    """Paints pictures in the order in which they came."""

    def __init__(self, settings: ServerSettings, library: Library, metrics: Metrics) -> None:
        self.settings, self.library, self.metrics = settings, library, metrics
        self.sessions = Sessions(settings)
        self.places, self.seconds_each = 0, 0.1
        self.gate = asyncio.Semaphore(OPEN)
        self.painters = ThreadPoolExecutor(PAINTERS, "painter")
        self.coders = ThreadPoolExecutor(CODERS, "coder")
        metrics.watch("places_taken", "Pictures that are painted or wait", lambda: self.places)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take a place in the queue; raises Busy if there is none."""
        if self.places >= self.settings.queue:
            wait = math.ceil(self.places * self.seconds_each)
            raise Busy(f"{self.places} pictures are painted or wait already", wait)
        self.places += 1
        try:
            yield
        finally:
            self.places -= 1

    async def paint(self, order: Order) -> Painted:
        """Paint a picture; cancelled, it is left where it is.  Raises as reading, `Library.find` and painting do."""
        stop, watch = threading.Event(), _Watch()
        try:
            async with self.gate:
                watch("wait")
                photo, masks, start = await _in(self.coders, lambda: self._read(order))
                watch("decode")
                painted = await _in(self.painters, lambda: self._stylizer(order, masks, stop).paint(photo, "photo"))
                watch("paint")
                data, content_type = await _in(self.coders, lambda: order.encoded(painted, start))
                watch("encode")
        finally:
            stop.set()
        self._learn(watch.stages["paint"])
        self.metrics.painted(painted.size[0] * painted.size[1], watch.stages)
        return Painted(data, content_type, painted.notices, watch.stages)

    def close(self) -> None:
        """End the threads once they have done what they are at."""
        for pool in (self.painters, self.coders):
            pool.shutdown(cancel_futures=True)

    def _read(self, order: Order) -> tuple[Picture, dict[str, MaskSource], bytes]:
        start = order.photo.read(16)
        order.photo.seek(0)
        masks: dict[str, MaskSource] = {name: file.read() for name, file in order.masks.items()}
        return read(order.photo, max_pixels=self.settings.max_pixels, name="photo"), masks, start

    def _stylizer(self, order: Order, masks: dict[str, MaskSource], stop: threading.Event) -> Stylizer:
        painting = order.painting
        found = [("background", painting.background), ("subject", painting.subject)]
        placed = [(place, style) for place, style in (*found, *order.regions) if style]
        named = [*([painting.style] if painting.style else []), *(style for _, style in placed)]
        styles = {name: self.library.find(name, painting.model) for name in named}
        networks = list(dict.fromkeys(network for _, network in styles.values()))
        if len(networks) > 1:
            raise ModelError("the styles belong to different networks; name one with model")
        session = Watched(self.sessions(networks[0]), stop)
        whole: Style | None = styles[painting.style][0] if painting.style else None
        regions = [Region(masks.get(place, place), styles[style][0]) for place, style in placed]
        word = order.where.mask or "mask"  # never a path: it is one of FOUND where it is no file's name
        mask = masks.get(word, order.where.mask or None)
        return Stylizer(session, whole, order.options, mask=mask, regions=regions)

    def _learn(self, seconds: float) -> None:
        """Take note of how long a picture takes, to say when to come again."""
        self.seconds_each += 0.1 * (seconds / PAINTERS - self.seconds_each)


class _Watch:
    """Measures stages, one after the other."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self.last = time.perf_counter()

    def __call__(self, stage: str) -> None:
        now = time.perf_counter()
        self.stages[stage], self.last = now - self.last, now


async def _in(pool: Executor, work: Callable[[], T]) -> T:
    """Return what some work gives that is done in one of a pool's threads."""
    waiting: Awaitable[T] = asyncio.get_running_loop().run_in_executor(pool, work)
    return await waiting
