"""Films as numbered pictures: a folder of them, or a pattern such as frames/%05d.png, in and out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from impasto.errors import FilmError, PictureError, UnwritableOutput
from impasto.image import DEFAULT_MAX_PIXELS, SUFFIXES, Picture, format_of, read, repaint, resize, write
from impasto.video.frames import Film, Frame, Look, Sound, clock

__all__ = ["SequenceReader", "SequenceWriter", "is_sequence"]

NUMBER = re.compile(r"%0?(\d*)d")
"""The place of a picture's number in a pattern, as in C's printf."""


def is_sequence(name: str) -> bool:
    """Return whether a name means numbered pictures: a folder, what ends like one, or a pattern."""
    return bool(NUMBER.search(Path(name).name)) or name.endswith("/") or Path(name).is_dir()


class SequenceReader:
    """Pictures in the order of their names' numbers; see `Reel`.

    name: a folder or a pattern; rate: frames a second; start, end: as for `FilmReader`.
    Raises FilmError if there are none.
    """

    def __init__(
        self,
        name: str,
        rate: Fraction,
        start: Fraction | None = None,
        end: Fraction | None = None,
        max_pixels: int = DEFAULT_MAX_PIXELS,
    ) -> None:
        self.name, self.rate, self.max_pixels = name, rate, max_pixels
        self.notices: list[str] = []
        begin = 0 if start is None else -int(-start * rate // 1)
        self.files = _pictures(name)[begin : None if end is None else -int(-end * rate // 1)]
        if not self.files:
            raise FilmError(name, "holds no pictures for these frames")
        self.size = self._read(self.files[0]).size
        self.film = Film(name, self.size, rate, 1 / rate, len(self.files) / rate, Look())

    def items(self) -> Iterator[Frame | Sound]:
        """See `Reel.items`; pictures of another size than the first are resized, which a notice says.

        Raises FilmError, with the time, for a picture that cannot be read.
        """
        for index, file in enumerate(self.files):
            try:
                picture = self._read(file)
            except PictureError as error:
                when = clock(index / self.rate)
                raise FilmError(self.name, f"the frame at {when} cannot be read: {error}") from error
            if picture.size != self.size:
                height, width = self.size
                self.notices.append(f"{file}: resized to the first picture's {width} x {height} px")
                picture = repaint(picture, resize(picture.pixels, self.size))
            yield Frame(picture.pixels, index / self.rate, 1 / self.rate, file.stem, picture.alpha)

    def close(self) -> None:
        """Nothing is open."""

    def _read(self, file: Path) -> Picture:
        return read(file, max_pixels=self.max_pixels)


def _pictures(name: str) -> list[Path]:
    """Return the files of a sequence in the order of the last numbers in their names."""
    path = Path(name)
    number = NUMBER.search(path.name)
    if number:
        around = re.escape(path.name[: number.start()]), re.escape(path.name[number.end() :])
        fits = re.compile(rf"{around[0]}\d+{around[1]}")
        found = [file for file in path.parent.glob("*") if fits.fullmatch(file.name)] if path.parent.is_dir() else []
    else:
        found = [file for file in path.glob("*") if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")]
    return sorted(found, key=lambda file: (int((re.findall(r"\d+", file.stem) or ["0"])[-1]), file.name))


class SequenceWriter:
    """Frames as picture files, each whole as soon as it is there.

    name: a folder, where files are called as the film's pictures or by their numbers, or a pattern; quality: of JPEG
    and WebP.  Raises InvalidOption for a pattern whose ending is no picture's.
    """

    def __init__(self, name: str, film: Film, quality: int) -> None:
        self.name, self.film, self.quality, self.count = name, film, quality, 0
        self.notices = [f"{name}: pictures hold no sound, so the film's is left out"] if film.sounds else []
        self.pattern = NUMBER.search(Path(name).name)
        if self.pattern:
            format_of(name)
        self.folder = Path(name).parent if self.pattern else Path(name)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UnwritableOutput(name, f"the folder cannot be made ({error.strerror})") from error

    def put(self, frame: Frame) -> None:
        """Write a frame."""
        self.count += 1
        write(Picture(frame.pixels, frame.alpha), self.folder / self._file(frame), quality=self.quality)

    def put_sound(self, sound: Sound, origin: Fraction) -> None:
        """Leave sound out."""

    def close(self) -> None:
        """Nothing is held back."""

    def _file(self, frame: Frame) -> str:
        if self.pattern is None:
            return f"{frame.name or f'{self.count:06d}'}.png"
        name, digits = Path(self.name).name, int(self.pattern[1] or 0)
        return f"{name[: self.pattern.start()]}{self.count:0{digits}d}{name[self.pattern.end() :]}"
