"""Where live frames go: a window, a virtual camera, a film file."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from impasto.errors import EngineUnavailable
from impasto.video.frames import Film, Frame
from impasto.video.live import Live
from impasto.video.motion import opencv
from impasto.video.writing import FilmWriter, film_writer

__all__ = ["Blind", "Recorder", "VirtualCamera", "Window"]

TITLE = "Impasto"


class Blind:
    """Shows nothing; frames only go where they are recorded."""

    def show(self, live: Live) -> str:
        """Press no key."""
        return ""

    def close(self) -> None:
        """Nothing is open."""


class Window:
    """A window of OpenCV, with rate, latency and style written into it.

    Raises EngineUnavailable for an OpenCV that was built without windows.
    """

    def __init__(self) -> None:
        self.cv2 = opencv()
        try:
            self.cv2.namedWindow(TITLE)
        except self.cv2.error as error:
            raise EngineUnavailable(
                "this OpenCV has no windows; pip install --force-reinstall opencv-python, or give --output"
            ) from error

    def show(self, live: Live) -> str:
        """See `Screen.show`; a window that was closed quits."""
        picture = self.cv2.cvtColor(live.pixels, self.cv2.COLOR_RGB2BGR)
        text = f"{live.rate:.0f} frames/s  {1000 * live.latency:.0f} ms  {live.caption}"
        for color, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            self.cv2.putText(picture, text, (8, 20), self.cv2.FONT_HERSHEY_SIMPLEX, 0.5, color, width)
        self.cv2.imshow(TITLE, picture)
        code = self.cv2.waitKey(1)
        if self.cv2.getWindowProperty(TITLE, self.cv2.WND_PROP_VISIBLE) < 1:
            return "q"
        return "" if code < 0 else chr(code & 0xFF)

    def close(self) -> None:
        """Close the window."""
        self.cv2.destroyWindow(TITLE)


class VirtualCamera:
    """A camera that other programs can use, by pyvirtualcam; opened with the first frame.

    Raises EngineUnavailable if pyvirtualcam or a driver for it is not there.
    """

    def __init__(self, rate: float) -> None:
        try:
            import pyvirtualcam
        except ImportError as error:
            raise EngineUnavailable("a virtual camera needs pyvirtualcam; pip install pyvirtualcam") from error
        self.module, self.rate = pyvirtualcam, rate
        self.camera: Any = None

    def show(self, live: Live) -> str:
        """Send the frame; there are no keys."""
        if self.camera is None:
            height, width = live.pixels.shape[:2]
            try:
                self.camera = self.module.Camera(width=width, height=height, fps=self.rate)
            except RuntimeError as error:
                raise EngineUnavailable(f"the virtual camera cannot be opened: {error}") from error
        self.camera.send(live.pixels)
        return ""

    def close(self) -> None:
        """Close the camera."""
        if self.camera is not None:
            self.camera.close()


class Recorder:
    """A film of live frames, each at the time at which it was painted; opened with the first of them.

    Frames are coded in a thread of its own, some of them later than they are shown.
    """

    WAITING = 8
    """Frames that wait for being coded, at most."""

    def __init__(self, output: Path, rate: float, codec: str = "", quality: int | None = None) -> None:
        self.output, self.rate, self.codec, self.quality = output, rate, codec, quality
        self.frames, self.began = 0, 0.0
        self._context: AbstractContextManager[FilmWriter] | None = None
        self._writer: FilmWriter | None = None
        self._thread = ThreadPoolExecutor(1)
        self._written: deque[Future[None]] = deque()

    def __call__(self, live: Live) -> None:
        """Write a frame; what went wrong with an earlier one is raised here, as by `film_writer`."""
        while self._written and (len(self._written) >= self.WAITING or self._written[0].done()):
            self._written.popleft().result()
        self._written.append(self._thread.submit(self._write, live))

    def _write(self, live: Live) -> None:
        size = live.pixels.shape[0], live.pixels.shape[1]
        if self._writer is None:
            film = Film(str(self.output), size, Fraction(self.rate).limit_denominator(1001), Fraction(1, 1000))
            self._context = film_writer(self.output, film, size, self.codec, self.quality)
            self._writer, self.began = self._context.__enter__(), live.taken
        self._writer.put(Frame(np.ascontiguousarray(live.pixels), Fraction(live.taken - self.began)))
        self.frames += 1

    def close(self) -> None:
        """Write the film's end; raises what went wrong with its last frames."""
        self._thread.shutdown()
        try:
            for written in self._written:
                written.result()
        finally:
            self._end()

    def _end(self) -> None:
        if self._context is not None:
            self._context.__exit__(None, None, None)
            self._context = self._writer = None
