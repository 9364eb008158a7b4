"""What the studio's works do: paint at full size, learn a style, optimise a picture, paint a film."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.errors import FilmError, OptimizationError, TrainingError
from impasto.fitting import open_fit
from impasto.image import SUFFIXES, Picture, read, to_eight_bits, write
from impasto.model import Style, file_name, write_style
from impasto.optimizing import open_optimization
from impasto.runtime.stylizer import StylizeOptions
from impasto.server.studio.films import film_options
from impasto.server.studio.painter import Painter
from impasto.server.studio.pictures import Shown, jpeg
from impasto.server.studio.visits import Visit
from impasto.server.studio.works import Task, Work

if TYPE_CHECKING:
    from impasto.optimizing.optimization import Optimization
    from impasto.video.film import Painted

__all__ = ["Look", "to_film", "to_learn", "to_optimise", "to_paint"]

PREVIEW = 640
"""px of the long side of the pictures that show how far a work is."""
BETWEEN = 1.0
"""Seconds between pictures of an optimisation, at least."""


@dataclass(frozen=True)
class Look:
    """What a picture is painted in, and how."""

    style: Style
    options: StylizeOptions


def to_paint(painter: Painter, visit: Visit, shown: Shown, look: Look, kind: str) -> Task:
    """Return what paints a photo at its own size; kind: an ending such as .jpg, or "" to keep the photo's."""

    def paint(work: Work) -> None:
        work.line = "reads the photo"
        photo = read(shown.file, max_pixels=look.options.max_pixels, name=shown.file.name)
        work.tell(0.05, f"paints {photo.size[1]} x {photo.size[0]} pixels")
        painted = painter.stylizer(look.style, look.options, work.stop).paint(photo, shown.file.name)
        work.notices += painted.notices
        work.tell(0.9, "writes the file")
        own = shown.file.suffix.lower()
        ending = kind or (own if own in SUFFIXES else ".png")
        target = visit.place(f"{shown.file.stem}-{file_name(look.style.name)}{ending}")
        write(painted, target)
        work.result = target
        work.tell(1.0, "is done")

    return paint


def to_learn(painter: Painter, visit: Visit, shown: Shown, photo: Shown, budget: str) -> Task:
    """Return what learns a painting's style and shows it on a photo."""

    def learn(work: Work) -> None:
        work.line = "looks at the painting"
        running = open_fit(shown.file, budget=budget)
        small, style = photo.at(PREVIEW), None
        with closing(running.steps()) as steps:  # type: ignore[type-var] # a generator
            for report in steps:
                left = report.seconds * (1 - report.over) / max(report.over, 1e-3)
                work.tell(report.over, f"step {report.step}, {_time(left)} left")
                if report.judged or report.step == 1:
                    work.show(jpeg(painter.preview(small, running.best, StylizeOptions())))
                if work.is_to_end:
                    break
        if not running.course.done:
            raise TrainingError(f"no step was done in {budget}; give it more time")
        style = running.best
        work.show(jpeg(painter.preview(small, style, StylizeOptions())))
        target = visit.place(f"{shown.file.stem}.style")
        write_style(style, target)
        visit.put_style(target.parent.name, style)
        work.result, work.style = target, target.parent.name
        work.line = f"learned in {running.course.done} steps"

    return learn


def to_optimise(visit: Visit, shown: Shown, paintings: Sequence[Shown], options: dict[str, Any]) -> Task:
    """Return what paints a photo like paintings by optimising its pixels; options: of OptimizeConfig."""

    def optimise(work: Work) -> None:
        work.line = "looks at the pictures"
        running = open_optimization(shown.file, [str(each.file) for each in paintings], **options)
        try:
            _steps(work, running)
        except OptimizationError as error:
            if running.last is None:
                raise
            work.notices.append(f"{error}; this is the best until then")
        picture = replace(running.picture(), settings=None)  # which name files of the server
        target = visit.place(f"{shown.file.stem}-{file_name(paintings[0].file.stem)}.png")
        write(picture, target)
        work.show(_small(target, picture))
        work.result, work.notices = target, [*work.notices, *picture.notices]

    return optimise


def _steps(work: Work, running: Optimization) -> None:
    shown_at = 0.0
    for step in running.steps():
        left = step.seconds * (1 - step.over) / max(step.over, 1e-3)
        height, width = step.size
        work.tell(step.over, f"step {step.number} at {width} x {height} pixels, {_time(left)} left")
        if work.is_to_end:
            return
        if time.monotonic() - shown_at > BETWEEN:
            shown_at = time.monotonic()
            work.show(_small(Path("so-far.png"), running.picture()))


def to_film(painter: Painter, visit: Visit, film: Path, look: Look, *, steady: bool, longest: float) -> Task:
    """Return what paints a film; longest: seconds of it that are painted at most."""

    def shoot(work: Work) -> None:
        from impasto.video.film import paint_film

        def follow(painted: Painted) -> None:
            whole = painted.film.seconds
            over = float(painted.until / whole) if whole else 0.0
            left = f", {_time(painted.seconds * (1 - over) / over)} left" if over else ""
            work.tell(over, f"frame {painted.frames}{left}")
            if work.is_to_end:
                raise KeyboardInterrupt  # which ends a film early and keeps what there is of it

        work.line = "looks at the film"
        target = visit.place(f"{film.stem}-{file_name(look.style.name)}{film.suffix}")
        stylizer, options = painter.stylizer(look.style, look.options), film_options(longest)
        painted = paint_film(str(film), str(target), stylizer, options, steady=steady, follow=follow)
        if not painted.frames:
            raise FilmError(film.name, "holds no frames")
        work.result, work.notices = target, [*work.notices, *painted.notices]
        work.line = f"{painted.frames} frames, {float(painted.until or Fraction(0)):.1f} s of film"
        if not painted.interrupted:
            work.over = 1.0

    return shoot


def _small(file: Path, picture: Picture) -> bytes:
    return jpeg(Shown.of(file, replace(picture, pixels=to_eight_bits(picture.pixels))).at(PREVIEW))


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
