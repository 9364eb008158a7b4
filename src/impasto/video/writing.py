"""Writing films with PyAV: pictures encoded with their own times, sound copied where the container takes it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

from impasto.atomic import atomic_write, check_folder
from impasto.errors import InvalidOption, UnwritableOutput
from impasto.video.codecs import FULL_RANGE, encoder, options_for, pixel_format
from impasto.video.frames import Film, Frame, Sound
from impasto.video.palette import Palette
from impasto.video.reading import converter, pyav

__all__ = ["FilmWriter", "film_writer"]

REASONS = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the disk quota is used up", errno.EFBIG: "it is too large"}
FULL = 2
"""FFmpeg's number for pixels that use the full range."""
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
    Raises InvalidOption for what the container or the encoder cannot do, and UnwritableOutput.
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
        self._converted = converter()
        self.video = self._add_video(encoder(self.container, codec), size, quality)
        self.tracks = [self._add_sound(stream) for stream in film.sounds]
        if any(track is None for track in self.tracks):
            self.notices.append(f"{self.name}: such a file holds no sound, so the film's is left out")
        self._begin()

    def put(self, frame: Frame) -> None:
        """Write a frame, at its own time or, if that is not after the one before it, as soon after as can be."""
        picture = self._av.VideoFrame.from_ndarray(
            frame.pixels, "rgb24" if frame.pixels.dtype.itemsize == 1 else "rgb48le"
        )
        coded = self._coded(picture)
        coded.pts = max(self._last + 1, round(frame.time / self.tick))
        coded.time_base = self.tick
        coded.duration = 0 if frame.duration is None else max(1, round(frame.duration / self.tick))
        self._last = coded.pts
        self.container.mux(self.video.encode(coded))

    def put_sound(self, sound: Sound, origin: Fraction) -> None:
        """Write a packet of sound; origin: the time, in seconds by its own clock, from which the film's count."""
        track = self.tracks[sound.stream]
        if track is not None:
            track.put(sound.packet, origin)

    def close(self) -> None:
        """Write what encoders hold back, and the file's end."""
        self.container.mux(self.video.encode(None))
        for track in self.tracks:
            if track is not None:
                track.flush()
        self.container.close()

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
        if look.pixel_format.startswith("yuv"):
            context.color_range = FULL if look.pixel_format in FULL_RANGE else look.color_range
            context.colorspace, context.color_primaries, context.color_trc = (
                look.colorspace,
                look.primaries,
                look.transfer,
            )
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

    def _add_sound(self, stream: Any) -> _Copied | _Recoded | None:
        try:
            return _Copied(self.container, self.container.add_stream_from_template(stream), self._can("ts_negative"))
        except ValueError:  # the container does not take this codec
            name = self.container.default_audio_codec
        if name == "none":
            return None
        return _Recoded(self.container, stream, name)

    def _begin(self) -> None:
        try:
            self.container.start_encoding()
        except (self._av.error.FFmpegError, ValueError) as error:
            if isinstance(error, OSError) and error.errno in REASONS:
                raise
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


class _Copied:
    """A track of sound whose packets are taken over as they are.

    negative: whether the container can hold the packets before time 0 with which some decoders warm up; in others they
    would delay everything.
    """

    def __init__(self, container: Any, stream: Any, negative: bool) -> None:
        self.container, self.stream, self.negative = container, stream, negative

    def put(self, packet: Any, origin: Fraction) -> None:
        shift = round(origin / packet.time_base)
        packet.pts -= shift
        if packet.pts < 0 and not self.negative:
            return
        packet.dts = packet.pts if packet.dts is None else packet.dts - shift
        packet.stream = self.stream
        self.container.mux(packet)

    def flush(self) -> None:
        """Nothing is held back."""


@dataclass
class _Recoded:
    """A track of sound that is decoded and encoded anew, because the container does not take its codec."""

    container: Any
    source: Any
    codec: str
    stream: Any = field(init=False)

    def __post_init__(self) -> None:
        rates = pyav().Codec(self.codec, "w").audio_rates
        rate = self.source.rate if not rates or self.source.rate in rates else max(rates)
        self.stream = self.container.add_stream(self.codec, rate=rate)
        self.stream.layout = self.source.layout

    def put(self, packet: Any, origin: Fraction) -> None:
        for frame in packet.decode():
            frame.pts -= round(origin / frame.time_base)
            self.container.mux(self.stream.encode(frame))

    def flush(self) -> None:
        self.container.mux(self.stream.encode(None))
