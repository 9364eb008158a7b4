"""Films that visitors bring: whether they are such, and a frame to look at."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.errors import FilmError
from impasto.image import Picture
from impasto.server.films import START, film_kind
from impasto.server.studio.limits import Limits
from impasto.server.studio.pictures import Shown

if TYPE_CHECKING:
    from impasto.video.opening import FilmOptions

__all__ = ["film_options", "first_frame"]

ENDINGS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".gif")
AT = 0.25
"""The frame that is shown lies at this part of the film, or within the first SOONEST seconds."""
SOONEST = 2.0


def first_frame(file: Path, limits: Limits) -> Shown:
    """Return a frame of a film to choose a style on.

    Raises FilmError, whose name is the file's, for what is no film of these kinds, or is too long; PictureTooLarge,
    and EngineUnavailable without PyAV.
    """
    from impasto.video.frames import Frame
    from impasto.video.reading import FilmReader

    with file.open("rb") as stream:
        kind = film_kind(stream.read(START))
    if kind is None or file.suffix.lower() not in ENDINGS:
        raise FilmError(file.name, f"is no film of a kind that is known here ({', '.join(ENDINGS)})")
    with closing(FilmReader(str(file), None, None, limits.max_pixels)) as reel:
        seconds = float(reel.film.seconds or 0)
        if seconds > limits.max_seconds:
            raise FilmError(file.name, f"is {seconds:.0f} s long, and at most {limits.max_seconds:.0f} s are taken")
        at = min(AT * seconds, SOONEST)
        for item in reel.items():
            if isinstance(item, Frame) and item.time >= at:
                return Shown.of(file, Picture(item.pixels))
    raise FilmError(file.name, "holds no frames")


def film_options(longest: float) -> FilmOptions:
    """Return how a visitor's film is read: for `longest` seconds at most."""
    from impasto.video.opening import FilmOptions

    return FilmOptions(end=f"{longest:.3f}")
