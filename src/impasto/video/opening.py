"""How a film is read and written, as the user says it, and opening what it is read from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from impasto.errors import InvalidOption
from impasto.image import fit
from impasto.options import check, option
from impasto.video.codecs import DEFAULT_QUALITY
from impasto.video.frames import Film, Reel
from impasto.video.reading import FilmReader
from impasto.video.sequences import SequenceReader, is_sequence

__all__ = ["FilmOptions", "moment", "open_reel", "painted_size"]

MOMENT = re.compile(r"(?:\d{1,6}:){0,2}\d{1,6}(?:\.\d{1,9})?s?", re.ASCII)


@dataclass(frozen=True)
class FilmOptions:
    """How a film is read and written."""

    codec: str = option("", "the encoder, such as libx264, libx265, libvpx-vp9 or ffv1; else what suits OUT")
    quality: int | None = option(None, f"quality of OUT, from 1 to 100; without it {DEFAULT_QUALITY}", low=1, high=100)
    start: str = option("", "where to begin, such as 90s or 1:30")
    end: str = option("", "where to end")
    rate: float = option(25.0, "frames a second where IN is numbered pictures", low=0.01, high=1000)

    def __post_init__(self) -> None:
        check(self)
        if self.span[1] is not None and self.span[1] <= (self.span[0] or 0):
            raise InvalidOption(f"--end must be after --start, got {self.start or 0} and {self.end}")

    @property
    def span(self) -> tuple[Fraction | None, Fraction | None]:
        """Start and end in seconds, or None where they are not given."""
        return moment(self.start, "--start"), moment(self.end, "--end")


def moment(text: str, name: str) -> Fraction | None:
    """Return a time such as 90, 90s, 1:30 or 0:01:30.5 in seconds, or None for ""; raises InvalidOption."""
    if not text:
        return None
    if not MOMENT.fullmatch(text.strip()):
        raise InvalidOption(f"{name} is a time such as 90s, 1:30 or 0:01:30.5, got {text!r}")
    parts = reversed(text.strip().removesuffix("s").split(":"))
    return sum((Fraction(part) * 60**place for place, part in enumerate(parts)), Fraction(0))


def open_reel(source: str, options: FilmOptions, max_pixels: int) -> Reel:
    """Open a film file or a sequence of pictures; raises FilmError and PictureTooLarge."""
    start, end = options.span
    if is_sequence(source):
        rate = Fraction(options.rate).limit_denominator(1001)
        return SequenceReader(source, rate, start, end, max_pixels)
    return FilmReader(source, start, end, max_pixels)


def painted_size(film: Film, long_side: int | None) -> tuple[int, int]:
    """Return (height, width) of the painted film; where it is not the film's own, both are even."""
    if long_side is None:
        return film.size
    height, width = (max(2, 2 * round(side / 2)) for side in fit(film.size, long_side))
    return height, width
