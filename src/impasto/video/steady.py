"""Keeping strokes where they are: each painted frame is mixed with the one before it, moved along with the film."""

from __future__ import annotations

from typing import Any

import numpy as np

from impasto.image import IntegerArray
from impasto.video.motion import Motion, opencv

__all__ = ["Steady"]

SHARE = 0.35
"""How much of a painted frame comes from the one before it, where that can be trusted."""


class Steady:
    """Keeps one painting of a film steady.

    What flickers is averaged over some frames along the motion.  Nothing lasts: a frame's share in the following ones
    falls by SHARE each time, so a still scene settles on what the network paints of it and does not drift.
    """

    def __init__(self) -> None:
        self.cv2 = opencv()
        self.before: IntegerArray | None = None

    def __call__(self, painted: IntegerArray, motion: Motion | None) -> IntegerArray:
        """Return the steady frame.

        painted: (H, W, 3) uint8 or uint16; motion: from the frame before, or None where a scene begins.
        """
        if motion is not None and self.before is not None and self.before.shape == painted.shape:
            painted = self._mixed(painted, self._moved(motion), motion)
        self.before = painted
        return painted

    def _moved(self, motion: Motion) -> Any:
        return self.cv2.remap(
            self.before, motion.x, motion.y, self.cv2.INTER_CUBIC, borderMode=self.cv2.BORDER_REPLICATE
        )

    def _mixed(self, painted: IntegerArray, moved: IntegerArray, motion: Motion) -> IntegerArray:
        share = np.float32(SHARE) * motion.trust
        if painted.dtype == np.uint8:
            mixed: IntegerArray = self.cv2.blendLinear(painted, moved, 1 - share, share)
            return mixed
        apart = moved.astype(np.float32) - painted
        deep: IntegerArray = (painted + share[..., None] * apart + 0.5).astype(np.uint16)
        return deep
