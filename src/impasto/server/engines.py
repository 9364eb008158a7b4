"""The networks that a server paints with: each opened once, for all threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto.image import IntegerArray
from impasto.memory import Room
from impasto.model import Style
from impasto.runtime.engines import Engine, open_engine
from impasto.runtime.session import Session
from impasto.server.settings import ServerSettings

__all__ = ["Sessions", "Stopped", "Watched"]


class Stopped(Exception):
    """Nobody waits for the painting any more."""


class SharedEngine(Engine):
    """An engine that one thread at a time uses: it takes all cores by itself, and its inputs are its own."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.lock = engine, threading.Lock()
        self.name, self.bytes_a_pixel = engine.name, engine.bytes_a_pixel
        self.metadata: Mapping[str, str] = engine.metadata

    def run(
        self, picture: NDArray[np.float32], style: NDArray[np.float32], mixing: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """See `Engine.run`."""
        with self.lock:
            return self.engine.run(picture, style, mixing)

    def prepare(
        self,
        picture: NDArray[np.float32],
        style: NDArray[np.float32],
        mixing: NDArray[np.float32] | None = None,
        *,
        one_style: bool = False,
    ) -> None:
        """See `Engine.prepare`."""
        with self.lock:
            self.engine.prepare(picture, style, mixing, one_style=one_style)

    def stream(
        self,
        pixels: IntegerArray,
        vector: NDArray[np.float32],
        mixing: NDArray[np.float32] | None,
        margin: int,
        room: Room,
    ) -> Iterator[NDArray[np.float32]]:
        """See `Engine.stream`."""
        with self.lock:  # it forgets what is compiled; its strips are painted by graphs of their own
            strips = self.engine.stream(pixels, vector, mixing, margin, room)
        yield from strips


class Sessions:
    """Sessions by their networks' files, opened when they are first asked for."""

    def __init__(self, settings: ServerSettings) -> None:
        self.settings, self.lock = settings, threading.Lock()
        self.opened: dict[Path, Session] = {}

    def __call__(self, network: Path) -> Session:
        """Return the session of a network; errors as of `open_engine`."""
        with self.lock:
            if network not in self.opened:
                chosen = self.settings
                engine = open_engine(network, engine=chosen.engine, device=chosen.device, precision=chosen.precision)
                self.opened[network] = Session(network, SharedEngine(engine))
            return self.opened[network]


class Watched(Session):
    """A session that ends a painting between its pieces, by raising Stopped, once `stop` is set."""

    def __init__(self, session: Session, stop: threading.Event) -> None:
        self.network, self.engine, self.manifest = session.network, session.engine, session.manifest
        self.stop = stop

    def strips(self, pixels: IntegerArray, style: Style, room: Room) -> Iterator[NDArray[np.float32]]:
        """See `Session.strips`."""
        strips = super().strips(pixels, style, room)
        while not self.stop.is_set():
            if (strip := next(strips, None)) is None:
                return
            yield strip
        raise Stopped
