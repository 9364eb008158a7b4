"""The sound of a film that is written: copied where the container takes it, else decoded and encoded anew."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from impasto.video.frames import Film, Sound, clock
from impasto.video.reading import pyav

__all__ = ["Tracks"]


class Tracks:
    """A film's tracks of sound on their way into a container.

    container: PyAV's, open for writing; name: of its file; note: takes sentences for the user.
    """

    def __init__(self, container: Any, name: str, film: Film, note: Callable[[str], None]) -> None:
        self.film, self.note, self.damaged = film, note, set[int]()
        self.tracks = [_track(container, stream) for stream in film.sounds]
        if any(track is None for track in self.tracks):
            note(f"{name}: such a file holds no sound, so the film's is left out")
        for track in self.tracks:
            if isinstance(track, _Recoded) and track.is_folded:
                note(f"{name}: its sound cannot have the channels {track.source.layout.name}, so it is stereo")

    def put(self, sound: Sound, origin: Fraction) -> None:
        """Write a packet; what is wrong with one is noted at the first of its track, and it is left out.

        origin: the time, in seconds by its own clock, from which the film's count.
        """
        track = self.tracks[sound.stream]
        if track is None:
            return
        time = sound.packet.pts * sound.packet.time_base - origin
        try:
            track.put(sound.packet, origin)
        except OSError:  # PyAV's own too: the file cannot be written
            raise
        except (pyav().error.FFmpegError, ValueError):  # it cannot be decoded, or is not later than what is written
            if sound.stream not in self.damaged:
                self.damaged.add(sound.stream)
                what = f"track {sound.stream + 1} of its sound is damaged at {clock(time)}"
                self.note(f"{self.film.name}: {what}; where it is, it is left out")

    def flush(self) -> None:
        """Write what encoders hold back."""
        for track in self.tracks:
            if track is not None:
                track.flush()


def _track(container: Any, stream: Any) -> _Copied | _Recoded | None:
    """Add a track for a film's to a container; None where it holds no sound."""
    negative = container.format.flags & pyav().format.Flags["ts_negative"].value
    try:
        return _Copied(container, container.add_stream_from_template(stream), bool(negative))
    except ValueError:  # the container does not take this codec
        name = container.default_audio_codec
    return None if name == "none" else _Recoded(container, stream, name)


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


class _Recoded:
    """A track of sound that is decoded and encoded anew, because the container does not take its codec."""

    def __init__(self, container: Any, source: Any, codec: str) -> None:
        rates = pyav().Codec(codec, "w").audio_rates
        rate = source.rate if not rates or source.rate in rates else max(rates)
        self.container, self.source = container, source
        self.stream = container.add_stream(codec, rate=rate, layout=_layout(codec, rate, source.layout.name))

    @property
    def is_folded(self) -> bool:
        """Whether it has fewer channels than the film's."""
        return bool(self.stream.layout.nb_channels < self.source.layout.nb_channels)

    def put(self, packet: Any, origin: Fraction) -> None:
        for frame in packet.decode():
            frame.pts -= round(origin / frame.time_base)
            self.container.mux(self.stream.encode(frame))

    def flush(self) -> None:
        self.container.mux(self.stream.encode(None))


def _layout(codec: str, rate: int, own: str) -> str:
    """Return the channels to encode: the film's own, else those with the side ones at the back, else stereo."""
    layouts = (own, own.removesuffix("(side)"))
    return next((layout for layout in layouts if _takes(codec, rate, layout)), "stereo")


def _takes(codec: str, rate: int, layout: str) -> bool:
    """Return whether an encoder takes channels, such as 5.1; it is the only one to know."""
    av = pyav()
    context = av.CodecContext.create(codec, "w")
    context.format, context.rate, context.layout = context.codec.audio_formats[0], rate, layout
    try:
        context.open()
    except av.error.FFmpegError:
        return False
    return True
