"""Painting live: the newest frame of a camera is painted, what was missed meanwhile is missed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Condition, Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import FilmError
from impasto.video.motion import opencv

__all__ = ["Camera", "Shot"]


@dataclass(frozen=True, eq=False)
class Shot:
    """A frame of a camera: (H, W, 3) uint8 RGB; taken: when, by `time.perf_counter`; number: how many came before."""

    pixels: NDArray[np.uint8]
    taken: float
    number: int


class Camera:
    """A camera, or a film file in its place, read by OpenCV in a thread of its own.

    source: the camera's number, a file or an address; size: (height, width) to ask the camera for, or None; every:
    whether all frames are given, as of a file, or only ever the newest.
    Raises FilmError if there is nothing to see.
    """

    def __init__(self, source: str, size: tuple[int, int] | None = None, *, every: bool = False) -> None:
        self.cv2, self.source, self.every = opencv(), source, every
        self.capture = self._opened(size)
        self._shot: Shot | None = None
        self._changed, self._over = Condition(), False
        self._thread = Thread(target=self._watch, daemon=True)
        self._thread.start()

    @property
    def rate(self) -> float:
        """Frames a second that the camera says it takes; 30 where it says nothing."""
        said = float(self.capture.get(self.cv2.CAP_PROP_FPS))
        return said if 0 < said < 1000 else 30.0

    def shots(self) -> Iterator[Shot]:
        """Yield frames until the camera ends."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._shot is not None or self._over)
                shot, self._shot = self._shot, None
                self._changed.notify_all()
            if shot is None:
                return
            yield shot

    def close(self) -> None:
        """Let go of the camera."""
        with self._changed:
            self._over = True
            self._changed.notify_all()
        self._thread.join()
        self.capture.release()

    def _opened(self, size: tuple[int, int] | None) -> Any:
        if not self.source.isdecimal() and "://" not in self.source and not Path(self.source).exists():
            raise FilmError(self.source, "there is no such file, and cameras are numbers, such as 0")
        capture = self.cv2.VideoCapture(int(self.source) if self.source.isdecimal() else self.source)
        if not capture.isOpened():
            what = f"camera {self.source}" if self.source.isdecimal() else self.source
            raise FilmError(what, "cannot be opened; is it there, and does no other program use it?")
        if size is not None:
            capture.set(self.cv2.CAP_PROP_FRAME_HEIGHT, size[0])
            capture.set(self.cv2.CAP_PROP_FRAME_WIDTH, size[1])
        return capture

    def _watch(self) -> None:
        number = 0
        while not self._over:
            there, picture = self.capture.read()
            if not there:
                break
            pixels = self.cv2.cvtColor(picture, self.cv2.COLOR_BGR2RGB)
            shot = Shot(pixels, time.perf_counter(), number)
            number += 1
            with self._changed:
                if self.every:
                    self._changed.wait_for(lambda: self._shot is None or self._over)
                self._shot = shot
                self._changed.notify_all()
        with self._changed:
            self._over = True
            self._changed.notify_all()
