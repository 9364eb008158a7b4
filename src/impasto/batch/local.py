"""Painting a list of photos in this process."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from impasto.batch.jobs import Job
from impasto.errors import InvalidOption, PictureError, UnwritableOutput
from impasto.image import read, write
from impasto.runtime.stylizer import Stylizer

__all__ = ["Outcome", "paint_all", "paint_file"]


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    size: height and width of the painting in px, (0, 0) if there is none; seconds: from reading to written;
    notices: what the user should know; error: why there is no painting, or None.
    """

    job: Job
    size: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    notices: tuple[str, ...] = ()
    error: PictureError | None = None


def paint_all(jobs: Iterable[Job], stylizer: Stylizer, *, quality: int = 95) -> Iterator[Outcome]:
    """Paint each job in turn and yield what became of it; a bad picture does not stop the rest."""
    for job in jobs:
        yield paint_file(job, stylizer, quality=quality)


def paint_file(job: Job, stylizer: Stylizer, *, quality: int = 95) -> Outcome:
    """Read, paint and write one picture; what is wrong with the picture is in the outcome."""
    try:
        return _painted(job, stylizer, quality)
    except PictureError as error:
        return Outcome(job, error=error)


def _painted(job: Job, stylizer: Stylizer, quality: int) -> Outcome:
    began = time.perf_counter()
    photo = read(job.photo, max_pixels=stylizer.options.max_pixels)
    painted = stylizer.paint(photo, str(job.photo))
    try:
        job.output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableOutput(str(job.output), f"its folder cannot be made ({error.strerror})") from error
    try:
        write(painted, job.output, quality=quality)
    except InvalidOption as error:  # the format cannot hold this one
        raise UnwritableOutput(str(job.output), str(error)) from error
    return Outcome(job, painted.size, time.perf_counter() - began, painted.notices)
