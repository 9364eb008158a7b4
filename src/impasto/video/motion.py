"""Where the pixels of a frame were in the frame before it: dense optical flow, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from impasto.errors import EngineUnavailable
from impasto.image import IntegerArray, fit, to_eight_bits

__all__ = ["Motion", "MotionTracker", "Motions", "motions_beside", "on_one_core", "opencv", "places"]

FLOW_SIDE = 320
"""px of the long side at which motion is looked for; finer costs more than painting gains."""
CUT = 0.35
"""A frame of whose pixels less than this share can be followed begins a new scene."""
STILL = 0.15
"""Motion of fewer px than this counts as none: noise looks so, and a still scene shall stay as it is."""


@dataclass(frozen=True, eq=False)
class Motion:
    """From one frame to the next, at the size at which motion is looked for.

    offsets: (h, w, 2) float32, how far to the right and down each place of the new frame was in the old one, in px of
    this size; trust: (h, w) float32 in [0, 1], 0 where it could not be seen there.
    """

    offsets: NDArray[np.float32]
    trust: NDArray[np.float32]


Motions = Callable[[], Motion | None]
"""Gives the motion from the frame before, which may be looked for meanwhile; None where a scene begins."""


def opencv() -> ModuleType:
    """Return OpenCV; raises EngineUnavailable, which says how to install it."""
    try:
        import cv2
    except ImportError as error:
        raise EngineUnavailable("steady films and cameras need OpenCV; pip install 'impasto[video]'") from error
    return cv2


@contextmanager
def on_one_core() -> Iterator[None]:
    """Let OpenCV work on one core, as the network takes all of them meanwhile."""
    cv2 = opencv()
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


class MotionTracker:
    """Follows a film's pixels from frame to frame.

    Source: Kroeger et al. 2016, "Fast Optical Flow using Dense Inverse Search", as OpenCV has it, forward and backward;
    a pixel is trusted where the two agree, as in Sundaram et al. 2010, "Dense Point Trajectories by GPU-accelerated
    Large Displacement Optical Flow", eq. 5.  Differs: the condition is softened to a slope.
    """

    def __init__(self) -> None:
        self.cv2 = opencv()
        self.flow = self.cv2.DISOpticalFlow_create(self.cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self.before: NDArray[np.uint8] | None = None

    def __call__(self, pixels: IntegerArray) -> Motion | None:
        """Return the motion from the last frame to this one; None for the first, and where a new scene begins.

        pixels: (H, W, 3) uint8 or uint16 RGB.
        """
        now, before = self._small(pixels), self.before
        self.before = now
        if before is None or before.shape != now.shape:
            return None
        if np.array_equal(now, before):
            return Motion(np.zeros((*now.shape, 2), np.float32), np.ones(now.shape, np.float32))
        back, forth = self.flow.calc(now, before, None), self.flow.calc(before, now, None)
        trust = self._trust(back, forth)
        if trust.mean() < CUT:
            return None
        back[_squared(back) < (STILL * now.shape[1] / pixels.shape[1]) ** 2] = 0
        return Motion(back, trust)

    def _small(self, pixels: IntegerArray) -> NDArray[np.uint8]:
        height, width = pixels.shape[:2]
        grey = self.cv2.cvtColor(to_eight_bits(pixels), self.cv2.COLOR_RGB2GRAY)
        small = fit((height, width), min(FLOW_SIDE, max(height, width)))
        # Below 16 px the search has no room.
        size = max(16, small[1]), max(16, small[0])
        resized: NDArray[np.uint8] = self.cv2.resize(grey, size, interpolation=self.cv2.INTER_AREA)
        return resized

    def _trust(self, back: NDArray[np.float32], forth: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how well the two flows, (h, w, 2), undo one another: 1 to half the limit, then falling to 0."""
        height, width = back.shape[:2]
        x, y = places(back, (height, width))
        returning = self.cv2.remap(forth, x, y, self.cv2.INTER_LINEAR, borderMode=self.cv2.BORDER_REPLICATE)
        apart = _squared(back + returning)
        limit = 0.01 * (_squared(back) + _squared(returning)) + 0.5
        inside = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
        trust: NDArray[np.float32] = np.clip(2 - 2 * apart / limit, 0, 1).astype(np.float32) * inside
        return trust


def _squared(offsets: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the squared lengths of offsets, (h, w, 2): (h, w)."""
    x, y = offsets[..., 0], offsets[..., 1]
    squared: NDArray[np.float32] = x * x + y * y
    return squared


@contextmanager
def motions_beside(*, steady: bool) -> Iterator[Callable[[IntegerArray], Motions]]:
    """Give a function that looks for the motion to its next frame in a thread of its own; for none unless steady."""
    if not steady:
        yield lambda pixels: lambda: None
        return
    tracker = MotionTracker()
    with on_one_core(), ThreadPoolExecutor(1) as thread:
        yield lambda pixels: thread.submit(tracker, pixels).result


@lru_cache(maxsize=4)
def _grid(height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return x, y


def places(offsets: NDArray[np.float32], size: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return where offsets, (h, w, 2), lead to in a frame of a (height, width): x and y in its px, float32 each."""
    cv2 = opencv()
    planes = [np.ascontiguousarray(offsets[..., axis]) for axis in (0, 1)]
    if offsets.shape[:2] != size:
        planes = [cv2.resize(plane, size[::-1], interpolation=cv2.INTER_LINEAR) for plane in planes]
    times = size[1] / offsets.shape[1], size[0] / offsets.shape[0]
    x, y = (cv2.scaleAdd(plane, factor, at) for plane, factor, at in zip(planes, times, _grid(*size), strict=True))
    return x, y
