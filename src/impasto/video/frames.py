"""What a film is here: facts that hold for all of it, and a stream of upright frames with sound between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Protocol

from impasto.image import IntegerArray, resize

__all__ = ["Film", "Frame", "Look", "Reel", "Sound", "clock", "resized"]


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame.

    pixels: (H, W, 3) uint8 or uint16 RGB, upright; time: seconds since the film's beginning; duration: seconds, or None
    where the film does not say; name: of its file without the ending, in a sequence of pictures; alpha: (H, W) of the
    pixels' dtype, 0 is transparent, or None.
    """

    pixels: IntegerArray
    time: Fraction
    duration: Fraction | None = None
    name: str = ""
    alpha: IntegerArray | None = None


def resized(frame: Frame, size: tuple[int, int]) -> Frame:
    """Return a frame at (height, width)."""
    alpha = None if frame.alpha is None else resize(frame.alpha, size)
    return replace(frame, pixels=resize(frame.pixels, size), alpha=alpha)


@dataclass(frozen=True, eq=False)
class Sound:
    """A packet of sound as it lies in the file; stream: which of the film's `sounds` it belongs to."""

    packet: Any
    stream: int


@dataclass(frozen=True)
class Look:
    """How pixels are coded, with the numbers and names of FFmpeg; 0 and 2 mean that the film does not say."""

    pixel_format: str = "rgb24"
    color_range: int = 0
    colorspace: int = 2
    primaries: int = 2
    transfer: int = 2
    aspect: Fraction | None = None
    """Width of a pixel for its height, or None for 1."""


@dataclass(frozen=True)
class Film:
    """Facts of a film.

    name: as the user wrote it; size: (height, width) as it is shown; rate: frames a second, on average; tick: seconds
    that times are whole multiples of; seconds: how long the part that is read lasts, or None if nothing says;
    sounds: PyAV's audio streams; metadata: title and the like.
    """

    name: str
    size: tuple[int, int]
    rate: Fraction
    tick: Fraction
    seconds: Fraction | None = None
    look: Look = Look()
    sounds: tuple[Any, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)


class Reel(Protocol):
    """An open film."""

    notices: list[str]
    """What the user should know; complete when all has been read."""

    @property
    def film(self) -> Film:
        """What it is."""
        ...

    def items(self) -> Iterator[Frame | Sound]:
        """Yield the frames in order, and packets of sound where they lie between them; once."""

    def close(self) -> None:
        """Let go of the file."""


def clock(seconds: float | Fraction) -> str:
    """Return a time as hours, minutes and seconds, such as 0:01:02.480."""
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(abs(thousandths), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{'-' if thousandths < 0 else ''}{hours}:{minutes:02d}:{rest / 1000:06.3f}"
