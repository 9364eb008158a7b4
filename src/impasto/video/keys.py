"""Which frames of a film are keys, which the network paints, and how frames between them are taken from these."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from impasto.errors import FilmError
from impasto.video.frames import Frame
from impasto.video.motion import Motion, MotionTracker, Seen, on_one_core, opencv

__all__ = ["EVERY", "ROOM", "Around", "Behind", "Part", "Parts", "parts_beside"]

Other = TypeVar("Other")

EVERY, AT_REST = 12, 24
"""Frames from key to key, at most, and where the camera rests: there every new key is a change, and the only one."""
RESTING = 0.5
"""A camera rests where so much of the picture has not moved since the key."""
ROOM = 2**28
"""Bytes of frames that may wait, beside the few that must."""
PATCH, FADE = 8.0, 0.5
"""One key takes the other's place patch by patch: about how large these are, in px of the size at which motion is
looked for, and how long each fades, to how long all of them take."""
FOLLOWED = 0.35
"""A frame of which less can be taken from the key before it is the next one."""
ALIKE = 12.0
"""Levels of 255 by which a key's broad colours, moved to a frame, may differ from the frame's own."""
SOFT = 1.5
"""px, of the size at which motion is looked for, by which edges between parts are softened."""
_LIKENESS = np.clip(2 - np.arange(256, dtype=np.float32) / ALIKE, 0, 1)


@dataclass(frozen=True, eq=False)
class Part:
    """What a frame takes from a key; offsets: from its places to there, see `Motion`; weight: (h, w), how much."""

    key: Frame
    offsets: NDArray[np.float32]
    weight: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Parts:
    """What a frame is made of; nothing but itself, where there are no parts.

    parts: one or two, whose weights add up to 1 everywhere; lacking: (h, w) in [0, 1], how far no key can be trusted:
    the key that is nearer in time fills that as well as it can; unlike: the share of the frame that no key looks like.
    """

    parts: tuple[Part, ...] = ()
    lacking: NDArray[np.float32] = field(default_factory=lambda: np.zeros((1, 1), np.float32))
    unlike: float = 0.0


@dataclass(frozen=True, eq=False)
class _Key:
    """A key as it is to be reached from some frame; small: what is seen of it."""

    frame: Frame
    small: NDArray[np.uint8]
    motion: Motion

    @classmethod
    def at(cls, frame: Frame, seen: Seen) -> _Key:
        """Return a frame as the key that it is for itself."""
        return cls(frame, seen.small, Motion.none(seen.small.shape[:2]))

    @property
    def lasting(self) -> int:
        """How many frames after it there should be another, by what has moved until now."""
        return AT_REST if self.motion.share_at_rest >= RESTING else EVERY

    def after(self, step: Motion | None) -> _Key:
        """Return the key as it is to be reached from the frame that a step leads from."""
        assert step is not None  # noqa: S101 - keys are of one scene
        return _Key(self.frame, self.small, step.then(self.motion))

    def alike(self, small: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return 1 where the key, moved to a frame, has the frame's broad colours, falling to 0; (h, w)."""
        cv2 = opencv()
        broad = [cv2.blur(each, (5, 5)) for each in (small, self.motion.carried(self.small))]
        red, green, blue = cv2.split(cv2.absdiff(*broad))
        alike: NDArray[np.float32] = cv2.LUT(cv2.max(cv2.max(red, green), blue), _LIKENESS)
        return alike


class Behind:
    """Keys before each frame, for cameras, which cannot wait: there is one every so many frames, and it fades in."""

    def __init__(self) -> None:
        self.tracker = MotionTracker(fine=False)
        self.keys: list[_Key] = []
        self.age = 0

    def __call__(self, frame: Frame) -> Parts:
        """Return what the next frame is made of."""
        seen = self.tracker(frame.pixels)
        if seen.back is None:
            self.keys, self.age = [_Key.at(frame, seen)], 0
            return Parts()
        self.keys, self.age = [key.after(seen.back) for key in self.keys], self.age + 1
        parts = _parts(seen, self.keys, _shares(seen.small.shape, 2 * self.age / EVERY))
        if self.age >= self.keys[-1].lasting:
            self.keys, self.age = [self.keys[-1], _Key.at(frame, seen)], 0
        return parts


class Around:
    """Keys on both sides of each frame, for films: some frames are looked at before the first of them is painted.

    evenly: whether one key takes the other's place all the time and everywhere at once, as is best where styles change.
    """

    def __init__(self, *, evenly: bool = False) -> None:
        self.tracker, self.evenly = MotionTracker(), evenly

    def __call__(self, items: Iterable[Frame | Other]) -> Generator[tuple[Frame | Other, Parts], None, None]:
        """Yield the items, and what those that are frames are made of; before an error, all that came before it."""
        stretch: _Stretch[Other] = _Stretch()
        try:
            for item in items:
                if not isinstance(item, Frame):
                    stretch.items.append(item)
                    continue
                seen = self.tracker(item.pixels)
                if seen.back is None:
                    yield from stretch.made(evenly=self.evenly)
                    yield item, Parts()
                else:
                    stretch.add(item, seen)
                    if not stretch.is_long(evenly=self.evenly):
                        continue
                    yield from stretch.made(evenly=self.evenly)
                stretch = _Stretch(_Key.at(item, seen))
        except FilmError:
            yield from stretch.made(evenly=self.evenly)
            raise
        yield from stretch.made(evenly=self.evenly)


class _Stretch(Generic[Other]):
    """What comes after a key; the last frame is the next key.

    seen: of each frame; firsts: the key before them as it is to be reached from itself and from each frame.
    """

    def __init__(self, *keys: _Key) -> None:
        self.items: list[Frame | Other] = []
        self.seen: list[Seen] = []
        self.firsts = list(keys)

    def add(self, frame: Frame, seen: Seen) -> None:
        """Add a frame."""
        self.items.append(frame)
        self.seen.append(seen)
        self.firsts.append(self.firsts[-1].after(seen.back))

    def is_long(self, *, evenly: bool) -> bool:
        """Return whether it should end here; evenly: as of `Around`."""
        first, small = self.firsts[-1], self.seen[-1].small
        fits = AT_REST * first.frame.pixels.nbytes <= ROOM
        most = first.lasting if fits and not evenly else EVERY
        return len(self.seen) >= most or float((first.motion.trust * first.alike(small)).mean()) < FOLLOWED

    def made(self, *, evenly: bool) -> Iterator[tuple[Frame | Other, Parts]]:
        """Yield the items, and what those that are frames are made of."""
        parts = self._parts(evenly=evenly)
        for item in self.items:
            yield item, next(parts) if isinstance(item, Frame) else Parts()

    def _parts(self, *, evenly: bool) -> Iterator[Parts]:
        frames = [item for item in self.items if isinstance(item, Frame)]
        lasts = [_Key.at(frames[-1], self.seen[-1])]
        for seen in reversed(self.seen[1:]):
            lasts.insert(0, lasts[0].after(seen.onward))
        count = len(frames)
        for number, keys in enumerate(zip(self.firsts[1:-1], lasts[:-1], strict=True), start=1):
            seen, passed = self.seen[number - 1], number / count
            size = seen.small.shape[:2]
            share = np.full(size, passed, np.float32) if evenly else _shares(size, 2 * passed - 0.5)
            yield _parts(seen, keys, share)
        yield Parts()


@contextmanager
def parts_beside(*, steady: bool) -> Iterator[Callable[[Frame], Callable[[], Parts]]]:
    """Give a function that looks in a thread of its own for what its next frame is made of; itself, unless steady."""
    if not steady:
        yield lambda frame: Parts
        return
    behind = Behind()
    with on_one_core(), ThreadPoolExecutor(1) as thread:
        yield lambda frame: thread.submit(behind, frame).result


@lru_cache(maxsize=4)
def _turns(size: tuple[int, int]) -> NDArray[np.float32]:
    """Return at which part of the way from key to key each place of a (height, width) goes over: (h, w) in [0, 1]."""
    noise = np.random.default_rng(0).standard_normal(size).astype(np.float32)
    ranks = opencv().GaussianBlur(noise, (0, 0), PATCH).ravel().argsort().argsort()
    turns: NDArray[np.float32] = (ranks / (ranks.size - 1)).astype(np.float32).reshape(size)
    return turns


def _shares(size: tuple[int, ...], passed: float) -> NDArray[np.float32]:
    """Return the second key's share, (h, w), when a part of the time in which it takes the first's place is over."""
    shares: NDArray[np.float32] = np.clip((passed * (1 + FADE) - _turns((size[0], size[1]))) / FADE, 0, 1)
    return shares


def _parts(seen: Seen, keys: Sequence[_Key], share: NDArray[np.float32]) -> Parts:
    """Return a frame's parts of one or two keys; share: (h, w), the second's where it is as good as the first."""
    cv2 = opencv()
    shares = [1 - share, share] if len(keys) == 2 else [np.ones_like(share)]
    alike = [key.alike(seen.small) for key in keys]
    within = [key.motion.within for key in keys]
    trusts = [cv2.GaussianBlur(key.motion.trust * same, (0, 0), SOFT) for key, same in zip(keys, alike, strict=True)]
    lacking = 1 - trusts[0] if len(keys) == 1 else (1 - trusts[0]) * (1 - trusts[1])
    others = trusts[::-1] if len(keys) == 2 else [np.zeros_like(lacking)]
    weights = [
        trust * (1 - (1 - own) * other) + lacking * fills
        for trust, other, own, fills in zip(trusts, others, shares, _filling(shares, within), strict=True)
    ]
    parts = [Part(key.frame, key.motion.offsets, weight) for key, weight in zip(keys, weights, strict=True)]
    liked = (np.maximum(alike[0], alike[-1]) >= 0.5) & (within[0] | within[-1])
    return Parts(tuple(parts), lacking, 1 - float(liked.mean()))


def _filling(shares: Sequence[NDArray[np.float32]], within: Sequence[NDArray[np.bool_]]) -> list[NDArray[np.float32]]:
    """Return the keys' shares in what none of them can be trusted with: of that alone which has a place, if one has."""
    if len(shares) == 1:
        return list(shares)
    second = np.where(within[0] == within[1], shares[1], within[1].astype(np.float32))
    second = opencv().blur(second, (3, 3))
    return [1 - second, second]
