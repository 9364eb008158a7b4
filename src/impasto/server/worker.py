"""A job's process: python -m impasto.server.worker FOLDER.

What is to be done stands in FOLDER/job.json, and what comes of it is written beside that.  Says how far it is on
standard output, a JSON object a line: over (0..1), message, notices, error.  Ends when standard input does.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from impasto.errors import FilmError, ImpastoError
from impasto.image import Picture, fit, read, resize, to_eight_bits, write

if TYPE_CHECKING:
    from impasto.gatys.loop import Step
    from impasto.optimizing.optimization import Optimization
    from impasto.training.fit import FitReport, StyleFit
    from impasto.video.film import Painted
    from impasto.video.opening import FilmOptions

__all__ = ["main"]

NICENESS = 10
"""Pictures that somebody waits for come first."""
PREVIEW_SIZE = 512
PREVIEW_EVERY = 2.0  # seconds
SAY_EVERY = 0.25  # seconds
PART = "name a part by start and end"


class Teller:
    """Says how far a job is, and shows what there is of it."""

    def __init__(self, channel: TextIO) -> None:
        self.channel = channel
        self.last_said = self.last_shown = -PREVIEW_EVERY

    def say(self, **facts: Any) -> None:
        """Write a line."""
        self.channel.write(json.dumps(facts) + "\n")
        self.channel.flush()

    def step(self, over: float, message: str, picture: Callable[[], Picture] | None = None) -> None:
        """Say how far it is, and write a preview, unless both were done only just now."""
        now = time.monotonic()
        if picture is not None and now - self.last_shown >= PREVIEW_EVERY:
            self.show(picture())
            self.last_shown = time.monotonic()
        if now - self.last_said >= SAY_EVERY or over >= 1:
            self.last_said = now
            self.say(over=over, message=message)

    def show(self, picture: Picture) -> None:
        """Write a preview of a picture."""
        size = fit(picture.size, min(PREVIEW_SIZE, max(picture.size)))
        write(Picture(resize(to_eight_bits(picture.pixels), size)), "preview.jpg", quality=90)


def learn(job: dict[str, Any], teller: Teller) -> None:
    """Learn a style from the file `painting`."""
    from impasto import fitting
    from impasto.model import write_style
    from impasto.model.bundled import PHOTOS
    from impasto.runtime.session import Session
    from impasto.runtime.stylizer import Stylizer

    _check_pictures(job, "painting")
    photo = read(PHOTOS / "astronaut.jpg")
    sessions: list[Session] = []

    def shown(running: StyleFit) -> Picture:
        sessions.extend([] if sessions else [Session.open(running.network.with_suffix(".onnx"))])
        small = Picture(resize(to_eight_bits(photo.pixels), fit(photo.size, PREVIEW_SIZE // 2)))
        return Stylizer(sessions[0], running.best).paint(small)

    def follow(running: StyleFit, report: FitReport) -> None:
        line = f"step {report.step}, content {report.content:.2f}, style {report.style:.3f}"
        teller.step(report.over, line, (lambda: shown(running)) if report.judged else None)

    style = fitting.fit("painting", model=job["model"], follow=follow, **job["options"])
    write_style(replace(style, name=job["name"]), job["result"])


def optimize(job: dict[str, Any], teller: Teller) -> None:
    """Optimise the file `photo` to look like the files `painting-1` and so on."""
    from impasto import optimizing

    def follow(running: Optimization, step: Step) -> None:
        line = f"step {step.number}, content {step.content:.3f}, style {step.style:.4f}"
        teller.step(step.over, line, running.picture)

    _check_pictures(job, "photo", *job["paintings"])
    running = optimizing.optimize("photo", job["paintings"], job["result"], follow=follow, **job["options"])
    teller.say(notices=list(running.notices))


def film(job: dict[str, Any], teller: Teller) -> None:
    """Paint a film."""
    from contextlib import closing

    from impasto.video.film import paint_film
    from impasto.video.opening import FilmOptions, open_reel
    from impasto.video.painting import load_styles

    options, longest = FilmOptions(**job["film_options"]), Fraction(job["max_seconds"])
    chosen = {**job["engine"], **job["options"]}
    stylizer, _ = load_styles(job["style"], subject=job["subject"], background=job["background"], **chosen)
    with closing(open_reel(job["film"], options, stylizer.options.max_pixels)) as reel:
        length = reel.film.seconds
        if length is not None and length > longest:
            raise FilmError("film", f"is {float(length):.0f} s long, the limit is {float(longest):g} s; {PART}")
        first = next((item.pixels for item in reel.items() if hasattr(item, "pixels")), None)
    if first is not None:
        teller.show(stylizer.paint(Picture(first), "the first frame"))

    def follow(painted: Painted) -> None:
        over = min(1.0, float(painted.until / length)) if length else 0.0
        teller.step(over, f"frame {painted.frames}, {painted.rate:.1f} frames/s")

    part = _at_most(options, longest)  # for a film may not say how long it is, or not rightly
    painted = paint_film(job["film"], job["result"], stylizer, part, steady=job["steady"], follow=follow)
    cut = part.end != options.end and painted.until > max(length or 0, longest - 2 / painted.film.rate)
    too_long = [f"film: only {float(longest):g} s are painted, which is the limit; {PART}"]
    teller.say(over=1.0, notices=[*painted.notices, *(too_long if cut else [])])


def _at_most(options: FilmOptions, longest: Fraction) -> FilmOptions:
    """Return options of a film of which no more than so many seconds are painted."""
    from impasto.video.frames import clock

    start, end = options.span
    latest = (start or 0) + longest
    return options if end is not None and end <= latest else replace(options, end=clock(latest))


def _check_pictures(job: dict[str, Any], *names: str) -> None:
    """Raise PictureError for files that are no pictures, or larger ones than the server takes."""
    for name in names:
        read(name, max_pixels=job["max_pixels"])


KINDS = {"styles": learn, "optimize": optimize, "video": film}


def main(folder: str) -> int:
    """Do the job of a folder and return the exit code."""
    teller = Teller(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    os.dup2(2, 1)  # what libraries print is no message
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    os.nice(NICENESS)
    os.chdir(folder)
    job = json.loads(Path("job.json").read_text("utf-8"))
    try:
        KINDS[job["kind"]](job, teller)
    except ImpastoError as error:
        teller.say(error={"type": type(error).__name__, "message": str(error)})
    except MemoryError:
        teller.say(error={"type": "MemoryError", "message": "there is not enough memory; ask for a smaller size"})
    return 0


def _end_with_the_server() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
