"""Which frames of a film are keys, which the network paints, and how frames between them are taken from these."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from impasto.errors import FilmError
from impasto.video.frames import Frame
from impasto.video.motion import Motion, MotionTracker, Seen, on_one_core
from impasto.video.parts import Parts, View, handed_over, parts_of, unlike, view

__all__ = ["EVERY", "ROOM", "Around", "Behind", "parts_beside"]

Other = TypeVar("Other")

EVERY, AT_REST = 12, 24
"""Frames from key to key, at most, and where the camera rests: there every new key is a change, and the only one."""
RESTING = 0.5
"""A camera rests where so much of the picture has not moved since the key."""
ROOM = 2**28
"""Bytes of frames that may wait, beside the few that must."""
FOLLOWED = 0.35
"""A frame of which less can be taken from the key before it is the next one."""
UNLIKE = 0.005
"""A frame of which more than this share looks like no frame that is painted is painted too, for what these lack."""


@dataclass(frozen=True, eq=False)
class _Key:
    """A key as it is to be reached from some frame; broad: its broad colours, see `Seen`."""

    frame: Frame
    broad: NDArray[np.uint8]
    motion: Motion

    @classmethod
    def at(cls, frame: Frame, seen: Seen) -> _Key:
        """Return a frame as the key that it is for itself."""
        return cls(frame, seen.broad, Motion.none(seen.broad.shape[:2]))

    @property
    def lasting(self) -> int:
        """How many frames after it there should be another, by what has moved until now."""
        return AT_REST if self.motion.share_at_rest >= RESTING else EVERY

    def after(self, step: Motion | None) -> _Key:
        """Return the key as it is to be reached from the frame that a step leads from."""
        assert step is not None  # noqa: S101 - keys are of one scene
        return _Key(self.frame, self.broad, step.then(self.motion))

    def seen_by(self, seen: Seen) -> View:
        """Return the key as the frame sees it from which it is to be reached."""
        return view(self.frame, self.broad, self.motion, seen.broad)


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
            return ()
        self.keys, self.age = [key.after(seen.back) for key in self.keys], self.age + 1
        share = handed_over(seen.broad.shape, 2 * self.age / EVERY)
        parts = parts_of([key.seen_by(seen) for key in self.keys], share, [View.of_itself(frame, seen.broad.shape)])
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
                    yield item, ()
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

    seen: of each frame; views: of the key before them, by each frame.
    """

    def __init__(self, *keys: _Key) -> None:
        self.items: list[Frame | Other] = []
        self.seen: list[Seen] = []
        self.views: list[View] = []
        self.keys = list(keys)

    def add(self, frame: Frame, seen: Seen) -> None:
        """Add a frame."""
        self.items.append(frame)
        self.seen.append(seen)
        self.keys = [key.after(seen.back) for key in self.keys]
        self.views += [key.seen_by(seen) for key in self.keys]

    def is_long(self, *, evenly: bool) -> bool:
        """Return whether it should end here; evenly: as of `Around`."""
        (key,) = self.keys
        fits = AT_REST * key.frame.pixels.nbytes <= ROOM
        most = key.lasting if fits and not evenly else EVERY
        return len(self.seen) >= most or float(self.views[-1].trust.mean()) < FOLLOWED

    def made(self, *, evenly: bool) -> Iterator[tuple[Frame | Other, Parts]]:
        """Yield the items, and what those that are frames are made of."""
        parts = self._parts(evenly=evenly)
        for item in self.items:
            yield item, next(parts) if isinstance(item, Frame) else ()

    def _parts(self, *, evenly: bool) -> Iterator[Parts]:
        frames = [item for item in self.items if isinstance(item, Frame)]
        last, between = len(frames) - 1, range(len(frames) - 1)
        after = dict(self._views_of(last, frames[last], between))
        keys = [(self.views[number], after[number]) for number in between]
        fills = self._fills(frames, keys)
        for number in between:
            size, passed = self.seen[number].broad.shape[:2], (number + 1) / len(frames)
            share = np.full(size, passed, np.float32) if evenly else handed_over(size, 2 * passed - 0.5)
            yield parts_of(keys[number], share, fills[number])
        yield ()

    def _fills(self, frames: Sequence[Frame], keys: Sequence[Sequence[View]]) -> list[list[View]]:
        """Return which frames fill what the keys lack: those that lack most, until all others find what they show.

        keys: as each frame sees them.  A frame is filled by the nearest of these on either side, or by itself.
        """
        before: list[list[View]] = [[] for _ in keys]
        after: list[list[View]] = [[] for _ in keys]
        gaps = [range(len(keys))]
        while gaps:
            gap = gaps.pop()
            lacks = [unlike([*keys[number], *before[number], *after[number]]) for number in gap]
            if max(lacks, default=0.0) <= UNLIKE:
                continue
            worst = gap[int(np.argmax(lacks))]
            for number, seen in self._views_of(worst, frames[worst], gap):
                (after if number <= worst else before)[number] = [seen]
            before[worst] = []
            gaps += [range(gap.start, worst), range(worst + 1, gap.stop)]
        return [[*one, *other] for one, other in zip(before, after, strict=True)]

    def _views_of(self, place: int, frame: Frame, numbers: range) -> Iterator[tuple[int, View]]:
        """Yield how a frame is seen by those with some numbers, itself among them if its own, the place, is."""
        if place in numbers:
            yield place, View.of_itself(frame, self.seen[place].broad.shape)
        key = _Key.at(frame, self.seen[place])
        for number in range(place + 1, numbers.stop):
            key = key.after(self.seen[number].back)
            yield number, key.seen_by(self.seen[number])
        key = _Key.at(frame, self.seen[place])
        for number in range(place - 1, numbers.start - 1, -1):
            key = key.after(self.seen[number + 1].onward)
            yield number, key.seen_by(self.seen[number])


@contextmanager
def parts_beside(*, steady: bool) -> Iterator[Callable[[Frame], Callable[[], Parts]]]:
    """Give a function that looks in a thread of its own for what its next frame is made of; itself, unless steady."""
    if not steady:
        yield lambda frame: tuple
        return
    behind = Behind()
    with on_one_core(), ThreadPoolExecutor(1) as thread:
        yield lambda frame: thread.submit(behind, frame).result
