"""A sheet of painted frames, to choose a style and its settings by."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto.atomic import check_folder
from impasto.errors import FilmError
from impasto.image import Picture, contact_sheet, fit, format_of, resize, to_eight_bits, write
from impasto.runtime.stylizer import Stylizer
from impasto.video.film import film_painter
from impasto.video.frames import Frame, clock
from impasto.video.opening import FilmOptions, open_reel, painted_size
from impasto.video.timeline import Timeline

__all__ = ["write_sheet"]

TILE = 384
"""px of a tile's long side."""


def write_sheet(
    source: str,
    output: Path,
    stylizer: Stylizer,
    options: FilmOptions,
    count: int,
    *,
    timeline: Timeline | None = None,
) -> None:
    """Write a picture of `count` painted frames that are spread evenly over the film, each with its time.

    Raises FilmError for a film that does not say how long it is, UnwritableOutput, InvalidOption for an ending that is
    no picture's, and as painting does.
    """
    format_of(output)
    check_folder(output)
    tiles: list[tuple[str, NDArray[np.uint8]]] = []
    with ExitStack() as stack:
        reel = stack.enter_context(closing(open_reel(source, options, stylizer.options.max_pixels)))
        length = reel.film.seconds
        if length is None:
            raise FilmError(source, "does not say how long it is, so no sheet can be made; copy it into an .mkv")
        size = painted_size(reel.film, stylizer.options.size)
        painter = film_painter(stylizer, size, options, timeline, stack)
        for item in reel.items():
            if isinstance(item, Frame) and item.time >= length * len(tiles) / count and len(tiles) < count:
                painted = painter(Frame(resize(item.pixels, size), item.time), ())
                tile = resize(to_eight_bits(painted), fit(size, TILE))
                tiles.append((clock(item.time), tile))
    write(Picture(contact_sheet(tiles)), output)
