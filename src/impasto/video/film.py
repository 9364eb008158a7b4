"""From a film to a painted film: decoding, following motion, painting and encoding beside one another."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto.errors import FilmError, ImpastoError, InvalidOption, UnwritableOutput
from impasto.image import IntegerArray
from impasto.runtime.stylizer import Stylizer
from impasto.video.ahead import ahead
from impasto.video.frames import Film, Frame, Reel, Sound, clock, resized
from impasto.video.keys import EVERY, ROOM
from impasto.video.masks import masks_over_time, places_of
from impasto.video.motion import on_one_core
from impasto.video.opening import FilmOptions, open_reel, painted_size
from impasto.video.painting import FramePainter
from impasto.video.parts import Parts
from impasto.video.sequences import SequenceWriter, is_sequence
from impasto.video.timeline import Timeline
from impasto.video.writing import film_writer

__all__ = ["Follow", "Painted", "film_painter", "paint_film"]

AHEAD = 2
"""Frames that wait between two stages, at most."""
STRETCHES = 2
"""Before painting more may wait, as frames come from key to key at once: what lies between so many keys, and, of large
frames, ROOM."""


@dataclass(frozen=True)
class Painted:
    """How far a film is painted.

    film: what is painted; frames: how many are; until: the film's time, in seconds, that the last of them ends at;
    seconds: since the first was begun; notices: for the user, complete when all is done; interrupted: by Ctrl-C.
    """

    film: Film
    frames: int
    until: Fraction
    seconds: float
    notices: tuple[str, ...] = ()
    interrupted: bool = False

    @property
    def rate(self) -> float:
        """Frames a second."""
        return self.frames / self.seconds if self.seconds else 0.0


Follow = Callable[[Painted], None]
"""Called after each frame that was written."""


def paint_film(
    source: str,
    output: str,
    stylizer: Stylizer,
    options: FilmOptions | None = None,
    *,
    timeline: Timeline | None = None,
    steady: bool = True,
    follow: Follow | None = None,
) -> Painted:
    """Paint a film and return what became of it.

    source, output: film files, or folders and patterns of numbered pictures; timeline: styles over time in place of the
    Stylizer's own.  Masks of the Stylizer that are films move.  Ctrl-C ends early: what was painted by then is a
    whole film.
    Raises FilmError, with the time, for a frame that cannot be read or painted (what comes before it is kept),
    UnwritableOutput, InvalidOption, and PictureTooLarge.
    """
    options = options or FilmOptions()
    _check_apart(output, [source, *(place for place in places_of(stylizer) if isinstance(place, str))])
    with ExitStack() as stack:
        reel = stack.enter_context(closing(open_reel(source, options, stylizer.options.max_pixels)))
        size = painted_size(reel.film, stylizer.options.size)
        painter = film_painter(stylizer, size, options, timeline, stack)
        sink = stack.enter_context(_writer(output, reel.film, size, options))
        painted, failure = _Work(reel, sink, painter, size, steady=steady).run(follow)
    if failure is not None:
        raise FilmError(failure.name, f"{failure.reason}; {output} holds what comes before it") from failure
    return replace(painted, notices=(*painter.notices, *reel.notices, *sink.notices))


def film_painter(
    stylizer: Stylizer, size: tuple[int, int], options: FilmOptions, timeline: Timeline | None, stack: ExitStack
) -> FramePainter:
    """Return what paints a film's frames of a (height, width); films that are masks are closed with the stack."""
    masks = masks_over_time(stylizer, size, options, stack)
    chosen = replace(stylizer.options, size=None)
    own = Stylizer(stylizer.session, stylizer.style, chosen, mask=stylizer.mask, regions=stylizer.regions)
    return FramePainter(own, timeline, masks)


class _Work:
    """One film on its way."""

    def __init__(self, reel: Reel, sink: Any, painter: FramePainter, size: tuple[int, int], *, steady: bool) -> None:
        self.reel, self.sink, self.painter, self.size, self.steady = reel, sink, painter, size, steady
        self.origin = getattr(reel, "origin", Fraction(0))

    def run(self, follow: Follow | None) -> tuple[Painted, FilmError | None]:
        """Write all frames, or those before one that fails; each stage works in a thread of its own, this one encodes.

        Returns what was written, and the error that ended it if there was one after the first frame.
        """
        began, painted = time.perf_counter(), Painted(self.reel.film, 0, Fraction(0), 0.0)
        items = ahead(self._painted(), AHEAD)
        try:
            with closing(items), on_one_core() if self.steady else nullcontext():
                for item in items:
                    if isinstance(item, Sound):
                        self.sink.put_sound(item, self.origin)
                        continue
                    self.sink.put(item)
                    until = item.time + (item.duration or 0)
                    painted = replace(
                        painted, frames=painted.frames + 1, until=until, seconds=time.perf_counter() - began
                    )
                    if follow is not None:
                        follow(painted)
        except KeyboardInterrupt:
            if not painted.frames:
                raise
            return replace(painted, interrupted=True), None
        except FilmError as error:
            if not painted.frames:
                raise
            return painted, error
        return painted, None

    def _sized(self) -> Generator[Frame | Sound, None, None]:
        for item in self.reel.items():
            yield resized(item, self.size) if isinstance(item, Frame) else item

    # Stages close those before them, so that no thread reads a film that is closed already.

    def _planned(self) -> Generator[tuple[Frame | Sound, Parts], None, None]:
        with closing(ahead(self._sized(), AHEAD)) as items:
            yield from self.painter.planned(items, steady=self.steady)

    def _painted(self) -> Generator[Frame | Sound, None, None]:
        fitting = ROOM // (3 * self.size[0] * self.size[1])
        waiting = max(AHEAD, min(STRETCHES * EVERY, fitting)) if self.steady else AHEAD
        with closing(ahead(self._planned(), waiting)) as items:
            for item, parts in items:
                yield replace(item, pixels=self._pixels(item, parts)) if isinstance(item, Frame) else item

    def _pixels(self, frame: Frame, parts: Parts) -> IntegerArray:
        try:
            return self.painter(frame, parts)
        except (ImpastoError, MemoryError) as error:
            name = self.reel.film.name
            raise FilmError(name, f"the frame at {clock(frame.time)} cannot be painted: {error}") from error


@contextmanager
def _writer(output: str, film: Film, size: tuple[int, int], options: FilmOptions) -> Iterator[Any]:
    if not is_sequence(output):
        with film_writer(Path(output), film, size, options.codec, options.quality) as writer:
            yield writer
        return
    if options.codec:
        raise InvalidOption("--codec is for films; pictures are what OUT's ending says")
    yield SequenceWriter(output, film, options.quality or 95)


def _check_apart(output: str, inputs: Sequence[str]) -> None:
    """Raise UnwritableOutput if a film would replace what it is made from."""
    for source in inputs:
        same = os.path.realpath(output) == os.path.realpath(source)
        if same or (is_sequence(output) and is_sequence(source) and _folder(output) == _folder(source)):
            raise UnwritableOutput(output, f"the painted film would replace {source}; name another output")


def _folder(sequence: str) -> str:
    return os.path.realpath(sequence if Path(sequence).is_dir() or sequence.endswith("/") else Path(sequence).parent)
