"""The live loop: take, paint, show, record; and what keys change meanwhile."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from impasto.image import IntegerArray, fit, to_eight_bits
from impasto.model import Style
from impasto.runtime.stylizer import Stylizer
from impasto.video.camera import Shot
from impasto.video.frames import Frame
from impasto.video.keys import parts_beside
from impasto.video.motion import opencv
from impasto.video.painting import FramePainter

__all__ = ["KEYS", "Controls", "Live", "Screen", "perform"]

KEYS = {
    "n": "next style",
    "p": "style before",
    "+": "stronger",
    "-": "weaker",
    "]": "larger strokes",
    "[": "smaller strokes",
    "m": "mirror",
    "r": "record or stop",
    "q": "quit",
}
STEP = 0.1
"""How far a key moves strength and stroke."""
RECENT = 30
"""Frames over which rate and latency are averaged."""


@dataclass(frozen=True)
class Live:
    """A painted frame.

    pixels: (H, W, 3) uint8; taken: when, by `time.perf_counter`; latency: seconds from then until it was painted; rate:
    frames a second; caption: style and settings in words.
    """

    pixels: NDArray[np.uint8]
    taken: float
    latency: float
    rate: float
    caption: str


class Screen(Protocol):
    """Where frames are seen."""

    def show(self, live: Live) -> str:
        """Show a frame, and return the key that was pressed meanwhile, or ""."""

    def close(self) -> None:
        """Take it away."""


@dataclass
class Controls:
    """What keys change.  styles: to walk through; the stylizer is the first one's."""

    stylizer: Stylizer
    styles: Sequence[Style]
    number: int = 0
    mirrored: bool = False
    recording: bool = False
    over: bool = False
    painter: FramePainter = field(init=False)

    def __post_init__(self) -> None:
        self.painter = FramePainter(self.stylizer, one_style=False)

    def press(self, key: str) -> None:
        """Do what a key means; other keys mean nothing."""
        options = self.stylizer.options
        if key in ("n", "p"):
            self.number = (self.number + (1 if key == "n" else -1)) % len(self.styles)
            self._paint_with()
        elif key in ("+", "-"):
            self._paint_with(strength=_moved(options.strength, key == "+"))
        elif key in ("[", "]"):
            self._paint_with(stroke=_moved(options.stroke, key == "]"))
        self.mirrored ^= key == "m"
        self.recording ^= key == "r"
        self.over |= key == "q"

    @property
    def caption(self) -> str:
        """The style and its settings in words."""
        options = self.stylizer.options
        return f"{self.styles[self.number].name}  strength {options.strength:.1f}  stroke {options.stroke:.1f}"

    def _paint_with(self, **changed: float) -> None:
        old = self.stylizer
        self.stylizer = Stylizer(
            old.session,
            self.styles[self.number],
            replace(old.options, **changed),  # type: ignore[arg-type]
            mask=old.mask,
            regions=old.regions,
        )
        self.painter = FramePainter(self.stylizer, one_style=False)


def _moved(value: float, up: bool) -> float:
    return round(min(1.0, max(0.0, value + (STEP if up else -STEP))), 6)


def perform(
    shots: Iterator[Shot],
    controls: Controls,
    screen: Screen,
    *,
    size: int | None = None,
    steady: bool = True,
    record: Callable[[Live], None] | None = None,
) -> Iterator[Live]:
    """Yield each painted frame after it was shown, until the camera ends or a key says so.

    size: px of the long side to paint at, or None for the camera's own; what is shown has the camera's size.
    record: takes frames while recording is on.
    """
    with parts_beside(steady=steady) as parts_of:
        times: deque[float] = deque(maxlen=RECENT)
        began: float | None = None
        for shot in shots:
            began = shot.taken if began is None else began
            pixels = _scaled(shot.pixels, shot.pixels.shape[:2] if size is None else fit(shot.pixels.shape[:2], size))
            if controls.mirrored:
                pixels = np.ascontiguousarray(pixels[:, ::-1])
            frame = Frame(pixels, Fraction(shot.taken - began))
            parts = parts_of(frame)
            controls.painter.begin(frame)
            painted = controls.painter(frame, parts())
            shown = _scaled(painted, shot.pixels.shape[:2])
            times.append(now := time.perf_counter())
            rate = (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0.0
            live = Live(shown, shot.taken, now - shot.taken, rate, controls.caption)
            if record is not None and controls.recording:
                record(live)
            controls.press(screen.show(live))
            yield live
            if controls.over:
                return


def _scaled(pixels: IntegerArray, size: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return the pixels at (height, width), by OpenCV, since every millisecond counts."""
    cv2 = opencv()
    small = to_eight_bits(pixels)
    if small.shape[:2] == size:
        return small
    method = cv2.INTER_CUBIC if size[0] > small.shape[0] else cv2.INTER_AREA
    scaled: NDArray[np.uint8] = cv2.resize(small, size[::-1], interpolation=method)
    return scaled
