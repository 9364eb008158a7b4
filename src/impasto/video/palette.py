"""The 256 colours of a GIF's frame, chosen for each frame anew so that memory does not grow with the film."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from impasto.video.reading import pyav

__all__ = ["Palette"]


class Palette:
    """FFmpeg's filters palettegen and paletteuse, for frames of one (height, width); tick: seconds of a time's unit."""

    def __init__(self, size: tuple[int, int], tick: Fraction) -> None:
        graph = pyav().filter.Graph()
        height, width = size
        self.source = graph.add_buffer(width=width, height=height, format="rgb24", time_base=tick)
        split = graph.add("split")
        colors = graph.add("palettegen", "stats_mode=single")
        use = graph.add("paletteuse", "new=1:dither=bayer:bayer_scale=4")
        self.sink = graph.add("buffersink")
        self.source.link_to(split)
        split.link_to(colors, 0, 0)
        split.link_to(use, 1, 0)
        colors.link_to(use, 0, 1)
        use.link_to(self.sink)
        graph.configure()
        self.graph, self.tick, self.count = graph, tick, 0

    def __call__(self, picture: Any) -> Any:
        """Return an rgb24 frame in its own 256 colours; its time is for the caller to set."""
        picture.pts, picture.time_base = self.count, self.tick
        self.count += 1
        self.source.push(picture)
        return self.sink.pull()
