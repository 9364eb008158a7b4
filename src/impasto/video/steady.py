"""Keeping strokes where they are: painted frames are mixed with earlier ones that are moved along with the film."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.image import IntegerArray
from impasto.video.motion import Motion, opencv, places

__all__ = ["Steady"]

SHARE = 0.3
"""How much of a frame comes from the one before it, where that can be trusted."""
KEY_SHARE = 0.7
"""How much more comes from earlier frames where a key can be trusted: all of it, as two paintings mixed are blurred."""
KEY_EVERY, FADE = 12, 3
"""Frames from key to key, and in how many the new one takes the old one's place."""
AGREE = 20.0
"""Levels of 255 by which a key's broad colours may differ from the fresh painting's."""


@dataclass(eq=False)
class _Key:
    """A frame as the network painted it; offsets, trust: from the present one to it, None at the key itself."""

    painting: Any
    offsets: NDArray[np.float32] | None = None
    trust: NDArray[np.float32] | None = None
    age: int = 0


class Steady:
    """Keeps one painting of a film steady.

    Averaging the paintings of many frames makes them steady and blurs their strokes, and so does moving a picture
    again and again.  So most of a frame comes from a key: one frame's own painting, moved once, along the motion since
    then; the next key fades in.  Where no key can be trusted, a part comes from the frame before.  All of it fades
    within some frames, so a still scene settles on what the network paints of it and does not drift.
    """

    def __init__(self) -> None:
        self.cv2 = opencv()
        self.before: Any = None
        self.keys: list[_Key] = []

    def __call__(self, painted: IntegerArray, motion: Motion | None) -> IntegerArray:
        """Return the steady frame.

        painted: (H, W, 3) uint8 or uint16; motion: from the frame before, or None where a scene begins.
        """
        fresh: Any = painted if painted.dtype == np.uint8 else painted.astype(np.float32)
        if motion is None or self.before is None or self.before.shape != fresh.shape:
            self.before, self.keys = fresh, [_Key(fresh)]
            return painted
        for key in self.keys:
            self._carry(key, motion)
        self.before = self._mixed(fresh, motion)
        if self.keys[-1].age >= KEY_EVERY:
            self.keys = [self.keys[-1], _Key(fresh)]
        return self._like(painted)

    def _carry(self, key: _Key, motion: Motion) -> None:
        """Follow a key for one more frame."""
        key.age += 1
        if key.offsets is None or key.trust is None:
            key.offsets, key.trust = motion.offsets, motion.trust
            return
        x, y = places(motion.offsets, motion.trust.shape)
        edge = self.cv2.BORDER_REPLICATE
        before = self.cv2.remap(key.offsets, x, y, self.cv2.INTER_LINEAR, borderMode=edge)
        key.offsets = motion.offsets + before
        key.trust = motion.trust * self.cv2.remap(key.trust, x, y, self.cv2.INTER_LINEAR, borderMode=edge)

    def _mixed(self, fresh: Any, motion: Motion) -> Any:
        """Return the fresh painting mixed with keys and the frame before."""
        height, width = fresh.shape[:2]
        kept, trust = self._kept(fresh)
        share = self.cv2.resize(motion.trust * (SHARE + KEY_SHARE * trust), (width, height))
        trust = self.cv2.resize(trust, (width, height))
        before = self._moved(self.before, motion.offsets, self.cv2.INTER_CUBIC)
        earlier = self._blended(before, kept, trust)
        return self._blended(fresh, earlier, share)

    def _kept(self, fresh: Any) -> tuple[Any, NDArray[np.float32]]:
        """Return what keys show at the present, and how far they can be trusted, (h, w)."""
        new, old = self.keys[-1], self.keys[0]
        moved, trust = self._moved(new.painting, new.offsets, self.cv2.INTER_LANCZOS4), new.trust
        if old is not new and new.age < FADE:
            share = new.age / FADE
            part = np.full(fresh.shape[:2], share, np.float32)
            moved = self._blended(self._moved(old.painting, old.offsets, self.cv2.INTER_LANCZOS4), moved, part)
            assert old.trust is not None and trust is not None  # noqa: S101 - both were carried
            trust = (1 - share) * old.trust + share * trust
        assert trust is not None  # noqa: S101 - it was carried
        return moved, trust * self._agreement(fresh, moved, trust.shape)

    def _agreement(self, fresh: Any, moved: Any, size: tuple[int, ...]) -> NDArray[np.float32]:
        """Return 1 where two paintings have the same broad colours, falling to 0; (h, w)."""
        small = [self.cv2.resize(each, size[::-1], interpolation=self.cv2.INTER_AREA) for each in (fresh, moved)]
        broad = [self.cv2.GaussianBlur(each.astype(np.float32), (0, 0), 2) for each in small]
        white = 255 if fresh.dtype == np.uint8 else 65535
        apart = self.cv2.GaussianBlur(np.abs(broad[0] - broad[1]).mean(-1), (0, 0), 2) * (255 / white)
        agreement: NDArray[np.float32] = np.exp(-np.square(apart / AGREE))
        return agreement

    def _moved(self, picture: Any, offsets: Any, method: int) -> Any:
        """Return a picture as its pixels lie after a motion; offsets: from there back to the picture."""
        x, y = places(offsets, picture.shape[:2])
        return self.cv2.remap(picture, x, y, method, borderMode=self.cv2.BORDER_REPLICATE)

    def _blended(self, one: Any, other: Any, share: NDArray[np.float32]) -> Any:
        return self.cv2.blendLinear(one, other, 1 - share, share)

    def _like(self, painted: IntegerArray) -> IntegerArray:
        """Return the frame before, which is the present one by now, in the painting's dtype."""
        if painted.dtype == np.uint8:
            steadied: IntegerArray = self.before
            return steadied
        deep: IntegerArray = np.clip(self.before + 0.5, 0, 65535).astype(np.uint16)
        return deep
