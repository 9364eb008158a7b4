"""Painting a list of photos in this process, with reading and writing beside the painting."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from impasto.batch.jobs import Job
from impasto.batch.overlap import AHEAD, overlap
from impasto.errors import InvalidOption, PictureError, UnwritableOutput
from impasto.image import Picture, read, write
from impasto.runtime.stylizer import Stylizer

__all__ = ["AHEAD", "Outcome", "paint_all"]


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    size: height and width of the painting in px, (0, 0) if there is none; seconds: that reading, painting and writing
    took; notices: what the user should know; error: why there is no painting, or None.
    """

    job: Job
    size: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    notices: tuple[str, ...] = ()
    error: PictureError | None = None


@dataclass(frozen=True, eq=False)
class _Progress:
    """A job on its way: its picture so far, unless an error ended it, and the seconds that it took until now."""

    job: Job
    picture: Picture | None = None
    seconds: float = 0.0
    error: PictureError | None = None

    def then(self, work: Callable[[Job, Picture | None], Picture]) -> _Progress:
        """Return what some work makes of it; nothing is made of what an error ended."""
        if self.error is not None:
            return self
        began = time.perf_counter()
        try:
            picture = work(self.job, self.picture)
        except PictureError as error:
            return replace(self, picture=None, error=error)
        return replace(self, picture=picture, seconds=self.seconds + time.perf_counter() - began)

    @property
    def outcome(self) -> Outcome:
        if self.picture is None:
            return Outcome(self.job, error=self.error)
        return Outcome(self.job, self.picture.size, self.seconds, self.picture.notices)


def paint_all(jobs: Iterable[Job], stylizer: Stylizer, *, quality: int = 95) -> Iterator[Outcome]:
    """Paint each job and yield, in their order, what became of it; a bad picture does not stop the rest."""

    def read_photo(job: Job, _: Picture | None) -> Picture:
        return read(job.photo, max_pixels=stylizer.options.max_pixels)

    def paint(job: Job, photo: Picture | None) -> Picture:
        assert photo is not None  # noqa: S101 - reading gave one
        return stylizer.paint(photo, str(job.photo))

    def write_painting(job: Job, painted: Picture | None) -> Picture:
        assert painted is not None  # noqa: S101 - painting gave one
        _write(painted, job, quality)
        return painted

    yield from (
        progress.outcome
        for progress in overlap(
            map(_Progress, jobs),
            lambda progress: progress.then(read_photo),
            lambda progress: progress.then(paint),
            lambda progress: progress.then(write_painting),
        )
    )


def _write(painted: Picture, job: Job, quality: int) -> None:
    try:
        job.output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableOutput(str(job.output), f"its folder cannot be made ({error.strerror})") from error
    try:
        write(painted, job.output, quality=quality)
    except InvalidOption as error:  # the format cannot hold this one
        raise UnwritableOutput(str(job.output), str(error)) from error
