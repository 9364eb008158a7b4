"""What a frame is made of: which painted frames it takes from, where they have it, and how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from impasto.video.frames import Frame
from impasto.video.motion import Motion, opencv

__all__ = ["Part", "Parts", "View", "handed_over", "parts_of", "unlike", "view"]

ALIKE = 12.0
"""Levels of 255 by which a painted frame's broad colours, moved to another, may differ from that one's own."""
SOFT = 1.5
"""px, of the size at which motion is looked for, by which edges between parts are softened."""
PATCH, FADE = 8.0, 0.5
"""One key takes the other's place patch by patch: about how large these are, in px of the size at which motion is
looked for, and how long each fades, to how long all of them take."""
FAINTEST = 0.02
"""What weighs nowhere more than this is no part."""
_LIKENESS = np.clip(2 - np.arange(256, dtype=np.float32) / ALIKE, 0, 1)


@dataclass(frozen=True, eq=False)
class Part:
    """What a frame takes from a painted frame, which may be itself.

    offsets: from its places to there, see `Motion`; weight: (h, w) in [0, 1], how much.
    """

    source: Frame
    offsets: NDArray[np.float32]
    weight: NDArray[np.float32]


Parts: TypeAlias = tuple[Part, ...]
"""What a frame is made of: parts whose weights add up to 1 everywhere, but for what is too faint to be one; none, if it
is nothing but painted itself."""


@dataclass(frozen=True, eq=False)
class View:
    """A painted frame as another one sees it.

    offsets: from the other's places to there; within: (h, w), where it has a place at all; alike: (h, w), where that
    has the other's broad colours; trust: (h, w) in [0, 1], how far what it has is what the other shows.
    """

    source: Frame
    offsets: NDArray[np.float32]
    within: NDArray[np.bool_]
    alike: NDArray[np.bool_]
    trust: NDArray[np.float32]

    @classmethod
    def of_itself(cls, frame: Frame, size: tuple[int, ...]) -> View:
        """Return a frame as it sees itself; size: (h, w), at which motion is looked for."""
        everywhere = np.ones(size[:2], np.bool_)
        return cls(frame, np.zeros((*size[:2], 2), np.float32), everywhere, everywhere, everywhere.astype(np.float32))


def view(source: Frame, broad: NDArray[np.uint8], motion: Motion, own: NDArray[np.uint8]) -> View:
    """Return a painted frame as another one sees it.

    broad, own: the two's broad colours, see `Seen`; motion: from the other one to it.
    """
    cv2 = opencv()
    likeness = _likeness(motion.carried(broad), own)
    trust = cv2.GaussianBlur(motion.trust * likeness, (0, 0), SOFT)
    within = motion.within
    return View(source, motion.offsets, within, within & (likeness >= 0.5), trust)


def unlike(views: Sequence[View]) -> float:
    """Return the share of a frame, in [0, 1], that looks like nothing of what it sees; views: at least one."""
    return 1 - float(np.logical_or.reduce([each.alike for each in views]).mean())


def parts_of(keys: Sequence[View], share: NDArray[np.float32], fills: Sequence[View] = ()) -> Parts:
    """Return a frame's parts, of the keys and then of the fills, in order.

    keys: one or two, which it is made of; share: (h, w) in [0, 1], the second's where it is as good as the first;
    fills: which fill what no key can be trusted with, one after the other, where they can be, and then where they are
    at least alike.  What is lacking then is the keys' again.
    """
    lacking = np.prod([1 - each.trust for each in keys], axis=0)
    filled = [np.zeros_like(lacking) for _ in fills]
    for goods in ([fill.trust for fill in fills], [_softened(fill.alike) for fill in fills]):
        for number, good in enumerate(goods):
            filled[number] += lacking * good
            lacking = lacking * (1 - good)
    shares = [1 - share, share] if len(keys) == 2 else [np.ones_like(share)]
    others = [each.trust for each in keys[::-1]] if len(keys) == 2 else [np.zeros_like(share)]
    filling = _filling(shares, keys)
    weights = [
        each.trust * (1 - (1 - own) * other) + lacking * rest
        for each, own, other, rest in zip(keys, shares, others, filling, strict=True)
    ]
    views = zip((*keys, *fills), (*weights, *filled), strict=True)
    return tuple(Part(each.source, each.offsets, weight) for each, weight in views if weight.max() > FAINTEST)


def handed_over(size: tuple[int, ...], passed: float) -> NDArray[np.float32]:
    """Return the second key's share, (h, w) in [0, 1], when a part of the time in which it takes over has passed.

    size: (h, w), at which motion is looked for; passed: 0 and less is before that time, 1 and more after it.
    """
    shares: NDArray[np.float32] = np.clip((passed * (1 + FADE) - _turns((size[0], size[1]))) / FADE, 0, 1)
    return shares


def _likeness(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return 1 where two frames' broad colours, (h, w, 4), are the same, falling to 0; (h, w)."""
    cv2 = opencv()
    red, green, blue, _ = cv2.split(cv2.absdiff(one, other))
    likeness: NDArray[np.float32] = cv2.LUT(cv2.max(cv2.max(red, green), blue), _LIKENESS)
    return likeness


def _filling(shares: Sequence[NDArray[np.float32]], keys: Sequence[View]) -> list[NDArray[np.float32]]:
    """Return the keys' shares, (h, w) in [0, 1] each, in what nothing can be trusted with.

    It is of the key that alone is alike, or else of that which alone has a place.
    """
    if len(keys) == 1:
        return list(shares)
    (before, after), second = keys, shares[1]
    for first, other in ((before.within, after.within), (before.alike, after.alike)):
        second = np.where(first == other, second, other)
    second = _softened(second)
    return [1 - second, second]


def _softened(places: NDArray[Any]) -> NDArray[np.float32]:
    """Return what is 0 or 1 in places, (h, w) of bool or float32, with edges of 3 px between the two."""
    softened: NDArray[np.float32] = opencv().blur(places.astype(np.float32, copy=False), (3, 3))
    return softened


@lru_cache(maxsize=4)
def _turns(size: tuple[int, int]) -> NDArray[np.float32]:
    """Return at which part of the way from key to key each place of a (height, width) goes over: (h, w) in [0, 1]."""
    noise = np.random.default_rng(0).standard_normal(size).astype(np.float32)
    ranks = opencv().GaussianBlur(noise, (0, 0), PATCH).ravel().argsort().argsort()
    turns: NDArray[np.float32] = (ranks / (ranks.size - 1)).astype(np.float32).reshape(size)
    return turns
