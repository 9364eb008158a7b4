"""Encoders: which one a container takes, how its quality is told, and how pixels are laid out for it."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from impasto.errors import InvalidOption
from impasto.video.frames import Look
from impasto.video.reading import pyav

__all__ = ["DEFAULT_QUALITY", "encoder", "options_for", "pixel_format"]

DEFAULT_QUALITY = 75


@dataclass(frozen=True)
class Dial:
    """An encoder's options, and the values of the one that sets its quality at the worst and at the best."""

    option: str
    worst: float
    best: float
    others: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


QUICK = {"preset": "veryfast", "x264-params": "subme=1:bframes=0:cabac=0"}
"""A closer look at parts of pixels gains nothing in paintings; frames made of later ones and arithmetic coding take a
fifth to a half of x264's time, more the richer the strokes, and make paintings about a tenth smaller at most."""
DIALS = {
    "libx264": Dial("crf", 41, 9, QUICK),
    "libx264rgb": Dial("crf", 41, 9, QUICK),
    "libx265": Dial("crf", 42, 10, {"preset": "veryfast", "x265-params": "log-level=error"}),
    "libvpx-vp9": Dial("crf", 56, 12, {"b": "0", "deadline": "realtime", "cpu-used": "6", "row-mt": "1"}),
    "libvpx": Dial("crf", 56, 8, {"b": "20M", "deadline": "realtime", "cpu-used": "6"}),
    "libsvtav1": Dial("crf", 56, 12, {"preset": "10"}),
    "mpeg4": Dial("global_quality", 16 * 118, 118, {"flags": "+qscale"}),
    "mjpeg": Dial("global_quality", 16 * 118, 118, {"flags": "+qscale"}),
}
"""Presets are fast ones: painting shall not wait for them.  118 is FFmpeg's unit of quantisers (FF_QP2LAMBDA)."""
LOSSLESS = ("ffv1", "gif", "png", "huffyuv", "ffvhuff", "utvideo", "rawvideo", "qtrle", "magicyuv")
BETTER = {"mpeg2video": "h264", "flv1": "h264"}
"""What is taken in place of a container's own choice of codec."""
EVEN_ONLY = ("libx264", "libx265", "libsvtav1", "h264", "hevc", "av1")
"""Encoders, by the beginnings of their names, that cannot have odd sides where colours are coarser than pixels."""
FULL_RANGE = {"yuvj420p": "yuv420p", "yuvj422p": "yuv422p", "yuvj444p": "yuv444p"}
"""Pixel formats of one range only, and those that leave the range to another field."""


def encoder(container: Any, wanted: str) -> Any:
    """Return PyAV's Codec for a container that is open for writing.

    wanted: an encoder's name, a codec's (h264, vp9), or "" for what suits the container.
    Raises InvalidOption for one that is not known here.
    """
    av = pyav()
    name = wanted or BETTER.get(container.default_video_codec, container.default_video_codec)
    if name in ("libsvtav1", "av1"):
        os.environ.setdefault("SVT_LOG", "1")  # else it tells its whole configuration on standard error
    try:
        codec = av.Codec(name, "w")
    except ValueError as error:
        raise InvalidOption(f"--codec {name}: there is no such encoder here{_nearest(name)}") from error
    if codec.type != "video":
        raise InvalidOption(f"--codec {name}: codes {codec.type}, not pictures")
    return codec


def _nearest(name: str) -> str:
    close = difflib.get_close_matches(name, [*DIALS, *LOSSLESS], 3, 0.5)
    return f"; did you mean {' or '.join(close)}?" if close else f"; there are {', '.join(DIALS)} and others"


def options_for(codec: str, quality: int | None) -> dict[str, str]:
    """Return an encoder's options for a quality from 1 to 100, or for None the usual one.

    Raises InvalidOption for a quality that an encoder has no dial for.
    """
    if codec not in DIALS:
        if quality is not None:
            why = "loses nothing" if codec in LOSSLESS else "has no dial that is known here"
            raise InvalidOption(f"--quality: the encoder {codec} {why}; leave the option out")
        return {}
    dial = DIALS[codec]
    share = (DEFAULT_QUALITY if quality is None else quality) / 100
    return {**dial.others, dial.option: f"{dial.worst + share * (dial.best - dial.worst):.0f}"}


def pixel_format(codec: Any, look: Look, size: tuple[int, int]) -> str:
    """Return the name of the pixel format to encode in: the film's own where it can be, else the nearest.

    codec: PyAV's Codec; size: (height, width).
    Raises InvalidOption where nothing fits a size with odd sides.
    """
    av = pyav()
    own = FULL_RANGE.get(look.pixel_format, look.pixel_format)
    deep = any(component.bits > 8 for component in av.VideoFormat(own).components)
    plain = "yuv420p10le" if deep else "yuv420p"
    formats = codec.video_formats or [av.VideoFormat(own)]
    if any(side % 2 for side in size) and codec.name.startswith(EVEN_ONLY):
        fitting = [each for each in formats if not _subsamples(each, size)]
        plain = "yuv444p10le" if deep else "yuv444p"
    else:
        fitting = list(formats)
    names: list[str] = [each.name for each in fitting if each.name not in FULL_RANGE]
    own = own if _has_colours_apart(av.VideoFormat(own)) else plain
    if codec.name in LOSSLESS and av.VideoFormat(look.pixel_format).is_rgb:
        own = next((each.name for each in fitting if _holds_rgb(each, deep=deep)), own)
    for name in (own, plain, plain.removesuffix("10le"), *names):
        if name in names:
            return name
    height, width = size
    raise InvalidOption(
        f"--codec {codec.name}: it cannot have odd sides, and the film has {width} x {height} px; "
        "give --size, which makes them even, or another codec"
    )


def _has_colours_apart(layout: Any) -> bool:
    """Return whether a format is YUV, neither RGB nor grey, which a painting of a grey film is not."""
    return len(layout.components) >= 3 and not (layout.is_rgb or layout.has_palette)


def _holds_rgb(layout: Any, *, deep: bool) -> bool:
    """Return whether a format is RGB without transparency, of 8 bits, or of 16 for deep pictures."""
    bits = {component.bits for component in layout.components}
    opaque = not any(component.is_alpha for component in layout.components)
    return bool(layout.is_rgb and opaque and not layout.has_palette and bits == {16 if deep else 8})


def _subsamples(layout: Any, size: tuple[int, int]) -> bool:
    """Return whether a format's colours are coarser than its pixels in a direction in which the size is odd."""
    height, width = size
    return bool((width % 2 and layout.chroma_width(2) < 2) or (height % 2 and layout.chroma_height(2) < 2))
