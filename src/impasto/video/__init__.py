"""Painting films and cameras: steady strokes, and everything else of a film kept.

for painted in impasto.video.stylize_frames(frames, "starry-night"): ...
impasto.video.stylize_film("holiday.mp4", "painted.mp4", {0: "starry-night", 10: "great-wave"})
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

if TYPE_CHECKING:
    from impasto.image import Source
    from impasto.video.film import Follow, Painted
    from impasto.video.painting import Styles

__all__ = ["stylize_film", "stylize_frames"]


def stylize_frames(
    frames: Iterable[Source], style: Styles, *, steady: bool = True, rate: float = 25.0, **options: Any
) -> Iterator[NDArray[Any]]:
    """Yield the painting of each frame, as soon as it is there, as an array of the frame's size.

    frames: arrays, (H, W, 3) uint8 or uint16 RGB, or whatever else `impasto.image.read` takes, in order.
    style: see `impasto.load`; or a mapping of seconds to styles, between which it changes smoothly.
    steady: whether strokes move along with the film; needs the extra `video`.  rate: frames a second, to tell the time.
    options: of `impasto.load`.  Raises as `impasto.load` and `Stylizer.paint` do.
    """
    from impasto.image import read
    from impasto.video.frames import Frame
    from impasto.video.painting import FramePainter, load_styles

    stylizer, timeline = load_styles(style, **options)
    painter = FramePainter(stylizer, timeline)
    pictures = (read(frame, max_pixels=stylizer.options.max_pixels).pixels for frame in frames)
    items = (Frame(pixels, Fraction(number / rate)) for number, pixels in enumerate(pictures))
    for frame, parts in painter.planned(items, steady=steady):
        yield painter(frame, parts)


def stylize_film(
    source: str | Path,
    output: str | Path,
    style: Styles | None = None,
    *,
    steady: bool = True,
    codec: str = "",
    quality: int | None = None,
    start: str = "",
    end: str = "",
    rate: float = 25.0,
    follow: Follow | None = None,
    **options: Any,
) -> Painted:
    """Paint a film file, or numbered pictures, and return what became of it; see `paint_film` and `FilmOptions`.

    style, options: as for `stylize_frames`; masks may be films too.
    """
    from impasto.video.film import paint_film
    from impasto.video.opening import FilmOptions
    from impasto.video.painting import load_styles

    chosen = FilmOptions(codec=codec, quality=quality, start=start, end=end, rate=rate)
    stylizer, timeline = load_styles(style, **options)
    return paint_film(str(source), str(output), stylizer, chosen, timeline=timeline, steady=steady, follow=follow)
