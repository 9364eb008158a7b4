"""Writing films with PyAV: pictures encoded with their own times, and sound; see `impasto.video.tracks`."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from impasto.atomic import atomic_write, check_folder
from impasto.errors import FilmError, InvalidOption, UnwritableOutput
from impasto.video.codecs import FULL_RANGE, encoder, options_for, pixel_format
from impasto.video.frames import Film, Frame, Sound, clock
from impasto.video.palette import Palette
from impasto.video.reading import converter, pyav
from impasto.video.tracks import Tracks

__all__ = ["FilmWriter", "film_writer"]

REASONS = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the disk quota is used up", errno.EFBIG: "it is too large"}
FULL = 2
"""FFmpeg's number for pixels that use the full range."""
BT709 = 1, 1, 1, 1
"""FFmpeg's numbers for ITU-R BT.709: limited range, matrix, primaries, transfer."""
OF_ONE_KIND = {"vp8": (1, 5), "mjpeg": (FULL, 5)}
"""Codecs that mean the same range and matrix, BT.601, in any film."""
UNTOLD = "mpeg4"
"""The codec in which no matrix is told, so that players guess it."""
OF_THE_FILE = ("encoder", "major_brand", "minor_version", "compatible_brands")
"""Metadata that says how the old file was made."""
TICKS_OF_MPEG4 = 65535
"""Times a second that MPEG-4 part 2 can tell apart, at most."""


@contextmanager
def film_writer(
    output: Path, film: Film, size: tuple[int, int], codec: str = "", quality: int | None = None
) -> Iterator[FilmWriter]:
    """Open a film file, which appears when the block ends without an error, and whole.

    film: what it is made from; size: (height, width) of its frames; codec, quality: see `impasto.video.codecs`.
    Raises InvalidOption for what the container or the encoder cannot do, FilmError for a frame that they refuse, and
    UnwritableOutput.
    """
    check_folder(output)
    try:
        with atomic_write(output) as stream:
            writer = FilmWriter(_Named(stream, str(output)), film, size, codec, quality)
            try:
                yield writer
                writer.close()
            except BaseException:
                with suppress(Exception):  # the error that is under way says more
                    writer.container.close()
                raise
    except OSError as error:
        raise UnwritableOutput(str(output), REASONS.get(error.errno or 0) or error.strerror or str(error)) from error


class FilmWriter:
    """A film that is being written.

    destination: a binary stream whose `name` has the ending of a container; for the rest see `film_writer`.
    """

    def __init__(
        self, destination: Any, film: Film, size: tuple[int, int], codec: str = "", quality: int | None = None
    ) -> None:
        self.name, self.film, self.notices = destination.name, film, list[str]()
        self._av = pyav()
        try:
            self.container = self._av.open(destination, "w")
        except ValueError as error:
            ending = Path(self.name).suffix or "no ending"
            raise InvalidOption(
                f"--output {self.name}: {ending} is no film's ending; .mp4, .mkv, .webm, .mov and .gif are, and "
                "pictures go into a folder (frames/) or a pattern (frames/%05d.png)"
            ) from error
        self.container.metadata.update({key: text for key, text in film.metadata.items() if key not in OF_THE_FILE})
        self._last = -1
        self._palette: Palette | None = None
        self._converted = converter(sharp=True)
        self.video = self._add_video(encoder(self.container, codec), size, quality)
        self.sound = Tracks(self.container, self.name, film, self.notices.append)
        self._begin()

    def put(self, frame: Frame) -> None:
        """Write a frame, at its own time or, if that is not after the one before it, as soon after as can be."""
        picture = self._av.VideoFrame.from_ndarray(
            frame.pixels, "rgb24" if frame.pixels.dtype.itemsize == 1 else "rgb48le"
        )
        if frame.alpha is not None and frame.alpha.min() < np.iinfo(frame.alpha.dtype).max:
            self._note_transparency()
        coded = self._coded(picture)
        coded.pts = max(self._last + 1, round(frame.time / self.tick))
        coded.time_base = self.tick
        coded.duration = 0 if frame.duration is None else max(1, round(frame.duration / self.tick))
        self._last = coded.pts
        with self._writing(f"the frame at {clock(frame.time)}"):
            self.container.mux(self.video.encode(coded))

    def put_sound(self, sound: Sound, origin: Fraction) -> None:
        """Write a packet of sound; see `Tracks.put`."""
        self.sound.put(sound, origin)

    def close(self) -> None:
        """Write what encoders hold back, and the file's end."""
        with self._writing("the film's end"):
            self.container.mux(self.video.encode(None))
            self.sound.flush()
            self.container.close()

    @contextmanager
    def _writing(self, what: str) -> Iterator[None]:
        """Raise FilmError where encoder or container refuse something."""
        try:
            yield
        except OSError:  # PyAV's own too: the file cannot be written
            raise
        except self._av.error.FFmpegError as error:
            raise FilmError(self.name, f"{what} cannot be written ({error.strerror})") from error

    def _add_video(self, codec: Any, size: tuple[int, int], quality: int | None) -> Any:
        film, look = self.film, self.film.look
        options = options_for(codec.name, quality)
        try:
            stream = self.container.add_stream(codec.name, rate=film.rate, options=options)
        except ValueError as error:
            raise InvalidOption(
                f"--codec {codec.name}: {self.name} cannot hold it; .mkv holds nearly all codecs"
            ) from error
        context = stream.codec_context
        context.height, context.width = size
        self.tick = self._tick(codec.canonical_name)
        context.time_base = stream.time_base = self.tick
        if codec.name == "gif":
            self._palette = Palette(size, self.tick)
            context.pix_fmt = "pal8"
            return stream
        context.pix_fmt = pixel_format(codec, look, size)
        if context.pix_fmt.startswith("yuv"):
            self._tell_colours(context, codec.canonical_name)
        if not self._can("variable_fps"):
            context.max_b_frames = 0  # such a container cannot say in which order frames are shown
        if look.aspect is not None:
            context.sample_aspect_ratio = look.aspect
        if "444" in context.pix_fmt and any(side % 2 for side in size):
            self.notices.append(
                f"{self.name}: has odd sides, so its pixels are coded as {context.pix_fmt}, which some players "
                "do not show; --size makes them even"
            )
        return stream

    def _note_transparency(self) -> None:
        notice = (
            f"{self.film.name}: is transparent in places, {self.name} is nowhere; pictures (frames/%05d.png) can be"
        )
        if notice not in self.notices:
            self.notices.append(notice)

    def _tell_colours(self, context: Any, codec: str) -> None:
        """Tell an encoder of YUV how colours are coded: as the film's are, or, where those are RGB, by BT.709."""
        look = self.film.look
        if look.pixel_format.startswith("yuv"):
            context.color_range = FULL if look.pixel_format in FULL_RANGE else look.color_range
            context.colorspace, context.color_primaries, context.color_trc = (
                look.colorspace,
                look.primaries,
                look.transfer,
            )
        elif codec != UNTOLD:
            context.color_range, context.colorspace, context.color_primaries, context.color_trc = BT709
        if codec in OF_ONE_KIND:
            context.color_range, context.colorspace = OF_ONE_KIND[codec]

    def _tick(self, codec: str) -> Fraction:
        """Return the seconds that times are told in: the film's own tick where container and codec can have it."""
        film = self.film
        if codec == "gif":
            return Fraction(1, 100)
        if not self._can("variable_fps"):
            return 1 / film.rate
        return max(film.tick, Fraction(1, TICKS_OF_MPEG4)) if codec == "mpeg4" else film.tick

    def _can(self, flag: str) -> bool:
        """Return whether the container's format has a flag of FFmpeg's."""
        return bool(self.container.format.flags & self._av.format.Flags[flag].value)

    def _begin(self) -> None:
        try:
            self.container.start_encoding()
        except (self._av.error.FFmpegError, ValueError) as error:
            if isinstance(error, OSError) and error.errno in REASONS:
                raise
            if self.video.codec_context.is_open:
                what = "sound" if self.film.sounds else "pictures"
                raise InvalidOption(
                    f"--output {self.name}: cannot hold the film's {what} ({error}); .mkv holds nearly all codecs"
                ) from error
            codec, height, width = self.video.codec_context.name, self.video.height, self.video.width
            raise InvalidOption(
                f"--codec {codec}: the encoder refuses {width} x {height} px at {float(self.film.rate):.3g} frames/s "
                f"({error}); give another --codec or --size"
            ) from error

    def _coded(self, picture: Any) -> Any:
        if self._palette is not None:
            return self._palette(picture)
        context = self.video.codec_context
        return self._converted(
            picture,
            format=context.pix_fmt,
            dst_colorspace=context.colorspace,
            dst_color_range=context.color_range,
        )


class _Named:
    """A stream under another name: PyAV takes the container from its ending."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.name, self.write, self.seek, self.tell = name, stream.write, stream.seek, stream.tell
