"""Where the pixels of a frame were in the frame before it: dense optical flow, and how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import EngineUnavailable
from impasto.image import IntegerArray, fit, to_eight_bits

__all__ = ["Motion", "MotionTracker", "opencv"]

FLOW_SIDE = 320
"""px of the long side at which motion is looked for; finer costs more than painting gains."""
CUT = 0.35
"""A frame of whose pixels less than this share can be followed begins a new scene."""
STILL = 0.15
"""Motion of fewer px than this counts as none: noise looks so, and a still scene shall stay as it is."""


@dataclass(frozen=True, eq=False)
class Motion:
    """From one frame to the next.

    x, y: (H, W) float32, where each pixel of the new frame was in the old one, px; trust: (H, W) float32 in [0, 1], 0
    where it could not be seen there.
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    trust: NDArray[np.float32]


def opencv() -> ModuleType:
    """Return OpenCV; raises EngineUnavailable, which says how to install it."""
    try:
        import cv2
    except ImportError as error:
        raise EngineUnavailable("steady films and cameras need OpenCV; pip install 'impasto[video]'") from error
    return cv2


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
        self.grids: dict[tuple[int, int], tuple[NDArray[np.float32], NDArray[np.float32]]] = {}

    def __call__(self, pixels: IntegerArray) -> Motion | None:
        """Return the motion from the last frame to this one; None for the first, and where a new scene begins.

        pixels: (H, W, 3) uint8 or uint16 RGB.
        """
        now, before = self._small(pixels), self.before
        self.before = now
        if before is None or before.shape != now.shape:
            return None
        size = pixels.shape[0], pixels.shape[1]
        if np.array_equal(now, before):
            return Motion(*self._grid(size), np.ones(size, np.float32))
        back, forth = self.flow.calc(now, before, None), self.flow.calc(before, now, None)
        trust = self._trust(back, forth)
        if trust.mean() < CUT:
            return None
        return self._enlarged(back, trust, size)

    def _small(self, pixels: IntegerArray) -> NDArray[np.uint8]:
        height, width = pixels.shape[:2]
        grey = self.cv2.cvtColor(to_eight_bits(pixels), self.cv2.COLOR_RGB2GRAY)
        small = fit((height, width), min(FLOW_SIDE, max(height, width)))
        # Below 16 px the search has no room.
        size = max(16, small[1]), max(16, small[0])
        resized: NDArray[np.uint8] = self.cv2.resize(grey, size, interpolation=self.cv2.INTER_AREA)
        return resized

    def _grid(self, size: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        if size not in self.grids:
            x, y = np.meshgrid(*(np.arange(side, dtype=np.float32) for side in size[::-1]))
            self.grids[size] = x, y
        return self.grids[size]

    def _trust(self, back: NDArray[np.float32], forth: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how well the two flows, (h, w, 2), undo one another: 1 to half the limit, then falling to 0."""
        height, width = back.shape[:2]
        grid_x, grid_y = self._grid((height, width))
        x, y = grid_x + back[..., 0], grid_y + back[..., 1]
        returning = self.cv2.remap(forth, x, y, self.cv2.INTER_LINEAR, borderMode=self.cv2.BORDER_REPLICATE)
        apart = np.square(back + returning).sum(-1)
        limit = 0.01 * (np.square(back).sum(-1) + np.square(returning).sum(-1)) + 0.5
        inside = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
        trust: NDArray[np.float32] = np.clip(2 - 2 * apart / limit, 0, 1).astype(np.float32) * inside
        return trust

    def _enlarged(self, back: NDArray[np.float32], trust: NDArray[np.float32], size: tuple[int, int]) -> Motion:
        """Return the motion at the frame's (height, width)."""
        wanted: Any = size[::-1]
        flow = self.cv2.resize(back, wanted, interpolation=self.cv2.INTER_LINEAR)
        flow *= np.array([size[1] / back.shape[1], size[0] / back.shape[0]], np.float32)
        flow[np.square(flow).sum(-1) < STILL**2] = 0
        x, y = self._grid(size)
        enlarged = self.cv2.resize(trust, wanted, interpolation=self.cv2.INTER_LINEAR)
        return Motion(x + flow[..., 0], y + flow[..., 1], enlarged)
