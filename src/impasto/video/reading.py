"""Reading films with PyAV: any container and codec that FFmpeg knows."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cached_property, partial
from types import ModuleType
from typing import Any

import numpy as np

from impasto.errors import EngineUnavailable, FilmError, PictureTooLarge
from impasto.image import DEFAULT_MAX_PIXELS, IntegerArray
from impasto.video.frames import Film, Frame, Look, Sound, clock

__all__ = ["FilmReader", "converter", "pyav"]

USUAL_RATE = Fraction(25)
"""Frames a second where a film does not say."""
SOUND_BEHIND = 1
"""Seconds of film after its pictures that the sound of the same time may lie in a file."""
DURATION = re.compile(r"(\d{1,6}):(\d{1,2}):(\d{1,2}(?:\.\d{1,12})?)", re.ASCII)
"""How Matroska says it: 00:01:02.480000000."""
SHORT = 3
"""Frames that a film may end before it said it would."""
REASONS = {
    errno.ENOENT: "there is no such file",
    errno.EISDIR: "this is a folder, not a film",
    errno.EACCES: "the file may not be read (permission denied)",
    errno.EINVAL: "this is no film of a kind that is read here; playlists and addresses are not followed",
}


CONTAINERS = (
    "3dostr amv apng asf avi dv flic flv gif h264 hevc ivf m4v matroska,webm mjpeg mov,mp4,m4a,3gp,3g2,mj2 mpeg mpegts "
    "mpegvideo mxf nut obu ogg rm roq smk swf vc1 vivo webp_pipe webm wtv yuv4mpegpipe"
)
"""Kinds of files that hold their pictures themselves.

Playlists, which FFmpeg would follow wherever they lead, to other files and other machines, are none.
"""
SAFE = {"protocol_whitelist": "file", "format_whitelist": CONTAINERS.replace(" ", ",")}


def pyav() -> ModuleType:
    """Return PyAV; raises EngineUnavailable, which says how to install it."""
    try:
        import av
        import av.error
    except ImportError as error:
        raise EngineUnavailable("films need PyAV; pip install 'impasto[video]'") from error
    module: ModuleType = av
    return module


def converter(*, sharp: bool) -> Callable[..., Any]:
    """Return PyAV's `reformat`, exact but for the colours between pixels, or of several pixels where they are coarser.

    sharp: whether bicubic filters find those, or bilinear ones, in less than half the time.
    """
    from av.video.reformatter import Interpolation, VideoReformatter

    how = Interpolation.BICUBIC if sharp else Interpolation.BILINEAR
    how |= Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP
    return partial(VideoReformatter().reformat, interpolation=how, threads=1)


class FilmReader:
    """A film file; see `Reel`.

    start, end: seconds from the film's beginning between which frames are read; times count from `start`.
    Raises FilmError for what is no film or holds no frames there, and PictureTooLarge.
    """

    def __init__(
        self,
        name: str,
        start: Fraction | None = None,
        end: Fraction | None = None,
        max_pixels: int = DEFAULT_MAX_PIXELS,
    ) -> None:
        self.name, self.start, self.end = name, start or Fraction(0), end
        self.notices: list[str] = []
        self._turn, self._until, self._count, self._broke_off = 0, Fraction(0), 0, False
        self._ended: Fraction | None = None
        self._failed: Exception | None = None
        self._av = pyav()
        self.container = self._opened()
        try:
            self.video = self._video_stream()
            self.sounds = [stream for stream in self.container.streams.audio if stream.codec_context is not None]
            self.origin = Fraction(self.container.start_time or 0, 1_000_000) + self.start
            self._check_size(max_pixels)
            self._items = self._read()
            self._first = list(self._until_first_frame())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self.container.close()

    def _opened(self) -> Any:
        try:
            return self._av.open(self.name, options=dict(SAFE))
        except self._av.error.FFmpegError as error:
            reason = REASONS.get(error.errno or 0) or f"this is no film, or it is damaged ({error.strerror})"
            raise FilmError(self.name, reason) from error
        except (OSError, ValueError) as error:  # ValueError: a null byte in the name
            raise FilmError(self.name, str(error)) from error

    def _video_stream(self) -> Any:
        covers = self._av.stream.Disposition.attached_pic
        streams = [stream for stream in self.container.streams.video if not stream.disposition & covers]
        if not streams:
            raise FilmError(self.name, "holds no pictures, only sound or data")
        if streams[0].codec_context is None:
            raise FilmError(self.name, "is coded in a way that is not known here")
        return streams[0]

    def _check_size(self, limit: int) -> None:
        width, height = self.video.codec_context.width, self.video.codec_context.height
        if width * height > limit:
            raise PictureTooLarge(self.name, f"its frames have {width} x {height} pixels, the limit is {limit:,}")

    def _until_first_frame(self) -> Iterator[Frame | Sound]:
        for item in self._items:
            yield item
            if isinstance(item, Frame):
                return
        where = f" between {clock(self.start)} and {clock(self.end)}" if self.end is not None else ""
        where = where or (f" after {clock(self.start)}" if self.start else "")
        raise FilmError(self.name, f"holds no frames{where} that can be decoded")

    @cached_property
    def film(self) -> Film:
        """The film's facts."""
        first = self._first[-1]
        assert isinstance(first, Frame)  # noqa: S101 - see _until_first_frame
        height, width = first.pixels.shape[:2]
        context, promised = self.video.codec_context, self._promised
        return Film(
            name=self.name,
            size=(height, width),
            rate=self._rate,
            tick=self.video.time_base,
            seconds=None if promised is None else max(Fraction(0), min(promised, self.end or promised) - self.start),
            look=Look(
                pixel_format=context.pix_fmt or "yuv420p",
                color_range=context.color_range,
                colorspace=context.colorspace,
                primaries=context.color_primaries,
                transfer=context.color_trc,
                aspect=self._aspect(self._turn),
            ),
            sounds=tuple(self.sounds),
            metadata=dict(self.container.metadata),
        )

    @property
    def _rate(self) -> Fraction:
        return self.video.average_rate or self.video.guessed_rate or USUAL_RATE

    def _aspect(self, turn: int) -> Fraction | None:
        aspect = self.video.sample_aspect_ratio
        if not aspect or aspect == 1:
            return None
        return 1 / aspect if turn % 180 else Fraction(aspect)

    @property
    def _promised(self) -> Fraction | None:
        """How long the film says that its pictures last, in seconds, or None."""
        if self.video.duration:
            return Fraction(self.video.duration * self.video.time_base)
        if told := DURATION.fullmatch(self.video.metadata.get("DURATION", "")):
            hours, minutes, seconds = map(Fraction, told.groups())
            return 3600 * hours + 60 * minutes + seconds
        return Fraction(self.container.duration, 1_000_000) if self.container.duration and not self.sounds else None

    def items(self) -> Iterator[Frame | Sound]:
        """See `Reel.items`.

        Raises FilmError, with the time, for a frame in the middle that cannot be decoded or read.  A file that ends
        too early is read as far as it goes, and a notice says so.
        """
        yield from self._first
        yield from self._items

    def _read(self) -> Iterator[Frame | Sound]:
        if self.start:
            self.container.seek(int(self.origin * 1_000_000))
        for packet in self._packets():
            if packet.stream is not self.video:
                yield from self._sound(packet)
            elif self._ended is None:
                yield from self._frames(packet)
            elif packet.pts is None or packet.pts * packet.time_base - self.origin + self.start > self._ended:
                return  # until here sound of the last moments may have lain behind
        self._note_the_end()

    def _frames(self, packet: Any) -> Iterator[Frame]:
        """Yield a packet's frames between start and end."""
        for picture in self._decoded(packet):
            frame = self._frame(picture)
            if self.end is not None and frame.time + self.start >= self.end:
                self._ended = self.end + SOUND_BEHIND
                return
            if frame.time >= 0 or not self.start:
                self._count, self._until = self._count + 1, frame.time + (frame.duration or 0)
                yield frame

    def _decoded(self, packet: Any) -> list[Any]:
        """Return a packet's pictures; one that fails is an error when another follows it, else the file's end."""
        try:
            pictures: list[Any] = packet.decode()
        except self._av.error.FFmpegError as error:
            self._failed = self._failed or error
            return []
        if self._failed and pictures and packet.dts is not None and self._count:
            raise FilmError(self.name, f"the frame at {clock(self._until)} cannot be decoded") from self._failed
        return pictures

    def _packets(self) -> Iterator[Any]:
        """Yield packets of pictures and sound until the file ends or breaks off; what else goes wrong is an error."""
        try:
            yield from self.container.demux(self.video, *self.sounds)
        except (self._av.error.InvalidDataError, self._av.error.EOFError):
            self._broke_off = True
        except self._av.error.FFmpegError as error:
            raise FilmError(self.name, f"cannot be read after {clock(self._until)} ({error.strerror})") from error

    def _sound(self, packet: Any) -> Iterator[Sound]:
        if packet.pts is None:
            return
        time = packet.pts * packet.time_base - self.origin
        if (not self.start or time >= 0) and (self.end is None or time + self.start < self.end):
            yield Sound(packet, self.sounds.index(packet.stream))

    def _frame(self, picture: Any) -> Frame:
        self._turn = picture.rotation
        time = self._until if picture.pts is None else picture.pts * picture.time_base - self.origin
        duration = picture.duration * picture.time_base if picture.duration else 1 / self._rate
        pixels: Any = self._pixels(picture)
        alpha = np.ascontiguousarray(pixels[..., 3]) if pixels.shape[2] == 4 else None
        if alpha is not None and alpha.min() == np.iinfo(alpha.dtype).max:
            alpha = None  # as in most GIFs, nothing is transparent
        return Frame(np.ascontiguousarray(pixels[..., :3]), time, duration, alpha=alpha)

    def _pixels(self, picture: Any) -> IntegerArray:
        """Return a picture upright, (H, W, 3) uint8 or uint16, or (H, W, 4) where it can be transparent."""
        parts = picture.format.components
        formats = ("rgba", "rgba64le") if any(part.is_alpha for part in parts) else ("rgb24", "rgb48le")
        pixels: Any = self._converted(picture, format=formats[any(part.bits > 8 for part in parts)]).to_ndarray()
        upright: IntegerArray = np.rot90(pixels, round(self._turn / 90))
        return upright

    @cached_property
    def _converted(self) -> Callable[..., Any]:
        return converter(sharp=False)  # of what is painted nobody sees the difference: 0.05 of 255 in the mean

    def _note_the_end(self) -> None:
        promised = self._promised
        missing = Fraction(0) if promised is None else promised - self.start - self._until
        is_part = promised is not None and self.end is not None and self.end < promised
        if self._failed or self._broke_off or (missing > SHORT / self._rate and not is_part):
            of = "" if promised is None else f" of {clock(promised)}"
            self.notices.append(f"{self.name}: the file breaks off at {clock(self._until + self.start)}{of}")
