"""Keeping strokes where they are: frames are put together from paintings of key frames, moved along with the film."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.image import IntegerArray
from impasto.video.frames import Frame
from impasto.video.keys import Parts
from impasto.video.motion import enlarged, opencv

__all__ = ["UNLIKE", "put_together"]

UNLIKE = 0.005
"""A frame of which more than this share looks like no key is painted itself too, for what no key has."""
FAINTEST = 0.02
"""What weighs nowhere more than this is left out."""


def put_together(parts: Parts, painting: Callable[[Frame], IntegerArray], own: IntegerArray | None) -> IntegerArray:
    """Return a frame's painting, (H, W, 3) uint8 or uint16, made of its keys' paintings.

    Averaging the paintings of many frames would make them steady too, but it blurs their strokes, and so does moving a
    picture again and again.  Here each place shows one key's painting, moved once, but for the few frames in which the
    next key fades in.  parts: of the frame, at least one; own: the frame's own painting, for what no key has.
    """
    used = [part for part in parts.parts if part.weight.max() > FAINTEST]
    pictures = [_moved(painting(part.key), part.offsets) for part in used]
    together = pictures[0]
    if len(used) == 2:
        together = _blended(together, pictures[1], used[0].weight, used[1].weight)
    return together if own is None else _blended(together, own, 1 - parts.lacking, parts.lacking)


def _moved(picture: IntegerArray, offsets: NDArray[np.float32]) -> IntegerArray:
    """Return a picture as its pixels lie after a motion; offsets: from there back to the picture."""
    cv2 = opencv()
    own = enlarged(offsets, (picture.shape[0], picture.shape[1]))
    moved: IntegerArray = cv2.remap(
        picture, own, None, cv2.INTER_CUBIC | cv2.WARP_RELATIVE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    return moved


def _blended(one: Any, other: Any, weight: NDArray[np.float32], share: NDArray[np.float32]) -> IntegerArray:
    """Return two pictures mixed by weights, (h, w), that add up to 1."""
    cv2 = opencv()
    weights = [cv2.resize(each, one.shape[1::-1]) for each in (weight, share)]
    if one.dtype == np.uint8:
        mixed: IntegerArray = cv2.blendLinear(one, other, *weights)
        return mixed
    deep = cv2.blendLinear(one.astype(np.float32), other.astype(np.float32), *weights)
    rounded: IntegerArray = np.clip(deep + 0.5, 0, 65535).astype(np.uint16)
    return rounded
