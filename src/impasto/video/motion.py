"""Where the pixels of a frame were in the frame before it: dense optical flow, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import EngineUnavailable
from impasto.image import IntegerArray, fit, to_eight_bits

__all__ = ["Motion", "MotionTracker", "Seen", "enlarged", "on_one_core", "opencv"]

FLOW_SIDE = 320
"""px of the long side at which motion is looked for; finer costs more than painting gains."""
STEPS = 6
"""Steps of the flow's gradient descent: as near to known motions as the preset's 16, in two thirds of the time."""
CUT, SUDDEN = 0.35, 0.7
"""A frame of whose pixels less than this share can be followed, or less than this part of what could be followed into
the frame before it, as where something was cut out of a scene, begins a new one."""
PART, ROOM = 0.02, 1.0
"""Flows there and back may differ by this part of their squared lengths, and by so many px squared."""
BROAD = 5
"""px over which colours are broad."""
NEAR = 2.0
"""px from a frame within which its edge is what one would see there."""
STILL = 0.15
"""Motion of fewer px than this counts as none: noise looks so, and a still scene shall stay as it is."""


@dataclass(frozen=True, eq=False)
class Motion:
    """From one frame to another, at the size at which motion is looked for.

    offsets: (h, w, 2) float32, how far to the right and down each place of the one lies in the other, in px of this
    size; trust: (h, w) float32 in [0, 1], 0 where it cannot be seen there.
    """

    offsets: NDArray[np.float32]
    trust: NDArray[np.float32]

    @classmethod
    def none(cls, size: tuple[int, ...]) -> Motion:
        """Return that of a frame of (height, width) to itself."""
        return cls(np.zeros((*size, 2), np.float32), np.ones(size, np.float32))

    @property
    def share_at_rest(self) -> float:
        """The share of the places that do not move at all."""
        x, y = opencv().split(self.offsets)
        return float(((x == 0) & (y == 0) & (self.trust > 0.5)).mean())

    @property
    def within(self) -> NDArray[np.bool_]:
        """Which places lie in the other frame, or so near it that its edge will do, (h, w)."""
        height, width = self.trust.shape
        x, y = opencv().split(self.offsets)
        x = x + np.arange(width, dtype=np.float32)
        y = y + np.arange(height, dtype=np.float32)[:, None]
        beside_x, beside_y = np.abs(x - (width - 1) / 2) - width / 2, np.abs(y - (height - 1) / 2) - height / 2
        near: NDArray[np.bool_] = np.maximum(beside_x, beside_y) < NEAR
        return near

    def then(self, further: Motion) -> Motion:
        """Return the motion to a third frame, by way of the other one."""
        cv2 = opencv()
        x, y, trust, _ = cv2.split(_looked_up(_side_by_side(further.offsets, further.trust), self.offsets))
        return Motion(cv2.add(self.offsets, cv2.merge([x, y])), self.trust * trust)

    def carried(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the other frame's pixels, (h, w, c), as they lie in the one; four channels sooner than three."""
        moved: NDArray[np.uint8] = _looked_up(pixels, self.offsets)
        return moved


@dataclass(frozen=True, eq=False)
class Seen:
    """What is seen of a frame, at the size at which motion is looked for.

    broad: (h, w, 4) uint8, its broad colours; back: the motion from it to the frame before; onward: from that frame to
    it; both None where a scene begins.
    """

    broad: NDArray[np.uint8]
    back: Motion | None = None
    onward: Motion | None = None


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
    fine: whether to look as closely as 2 px and not 4, in four times the time.
    """

    def __init__(self, *, fine: bool = True) -> None:
        self.cv2 = opencv()
        self.flow = self.cv2.DISOpticalFlow_create(self.cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self.flow.setFinestScale(1 if fine else 2)
        self.flow.setGradientDescentIterations(STEPS)
        self.before: NDArray[np.uint8] | None = None
        self.kind: object = None
        self.followed = 0.0

    def __call__(self, pixels: IntegerArray) -> Seen:
        """Return what is seen of the next frame, (H, W, 3) uint8 or uint16 RGB; another size begins a scene."""
        small, kind = self._small(pixels), (pixels.shape, pixels.dtype)
        broad = self.cv2.blur(self.cv2.cvtColor(small, self.cv2.COLOR_RGB2RGBA), (BROAD, BROAD))
        now, before = self.cv2.cvtColor(small, self.cv2.COLOR_RGB2GRAY), self.before
        begins, self.before, self.kind = before is None or kind != self.kind, now, kind
        if before is None or begins:
            self.followed = 0.0
            return Seen(broad)
        if np.array_equal(now, before):
            return Seen(broad, Motion.none(now.shape), Motion.none(now.shape))
        back, forth = self.flow.calc(now, before, None), self.flow.calc(before, now, None)
        trust = _trust(back, forth)
        followed = float(trust.mean())
        cut = followed < max(CUT, SUDDEN * self.followed)
        self.followed = 0.0 if cut else followed
        if cut:
            return Seen(broad)
        still = STILL * now.shape[1] / pixels.shape[1]
        onward = Motion(_moving(forth, still), _trust(forth, back))
        return Seen(broad, Motion(_moving(back, still), trust), onward)

    def _small(self, pixels: IntegerArray) -> NDArray[np.uint8]:
        height, width = pixels.shape[:2]
        small = fit((height, width), min(FLOW_SIDE, max(height, width)))
        # Below 16 px the search has no room.
        size = max(16, small[1]), max(16, small[0])
        resized = self.cv2.resize(pixels, size, interpolation=self.cv2.INTER_AREA)
        return to_eight_bits(resized)


def _trust(there: NDArray[np.float32], returning: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how well two flows, (h, w, 2), undo one another: 1 to half the limit, then falling to 0."""
    cv2 = opencv()
    everywhere = np.ones(there.shape[:2], np.float32)
    x, y = cv2.split(there)
    back_x, back_y, inside, _ = cv2.split(_looked_up(_side_by_side(returning, everywhere), there, outside=0))
    apart = (x + back_x) ** 2 + (y + back_y) ** 2
    limit = PART * (x * x + y * y + back_x * back_x + back_y * back_y) + ROOM
    trust: NDArray[np.float32] = np.clip(2 - 2 * apart / limit, 0, 1) * inside
    return trust


def _looked_up(field: Any, offsets: NDArray[np.float32], outside: float | None = None) -> Any:
    """Return what a field, (h, w) or (h, w, c), has where offsets lead to.

    outside: what it has beyond its edge; None is what is on the edge.
    """
    cv2 = opencv()
    border = cv2.BORDER_REPLICATE if outside is None else cv2.BORDER_CONSTANT
    flags = cv2.INTER_LINEAR | cv2.WARP_RELATIVE_MAP
    return cv2.remap(field, offsets, None, flags, borderMode=border, borderValue=outside or 0)


def _side_by_side(offsets: NDArray[np.float32], values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return offsets, (h, w, 2), and values, (h, w), as a field, (h, w, 4): OpenCV has four sooner than two."""
    cv2 = opencv()
    field: NDArray[np.float32] = cv2.merge([*cv2.split(offsets), values, values])
    return field


def _moving(offsets: NDArray[np.float32], still: float) -> NDArray[np.float32]:
    """Return offsets, (h, w, 2), but none where they are shorter than so many px."""
    cv2 = opencv()
    x, y = cv2.split(offsets)
    moves = x * x + y * y >= still**2
    moving: NDArray[np.float32] = cv2.merge([x * moves, y * moves])
    return moving


def enlarged(offsets: NDArray[np.float32], size: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return offsets, (h, w, 2), for a frame of a (height, width), in its px: to the right and down, (H, W) each."""
    cv2 = opencv()
    x, y = cv2.split(offsets)
    x, y = x * np.float32(size[1] / x.shape[1]), y * np.float32(size[0] / y.shape[0])
    return cv2.resize(x, size[::-1]), cv2.resize(y, size[::-1])
