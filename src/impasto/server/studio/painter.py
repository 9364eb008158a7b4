"""Painting with the server's own network, for all visitors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InvalidOption
from impasto.image import Picture, to_eight_bits, to_float, to_integers
from impasto.model import Style, bundled_styles, mix, mix_name, network_of, read_style
from impasto.runtime.session import Session
from impasto.runtime.stylizer import StylizeOptions, Stylizer
from impasto.server.engines import Watched
from impasto.server.studio.pictures import THUMBNAIL

__all__ = ["Painter"]


class Painter:
    """Paints with the network `main`.

    sessions: gives the session of a network's file, which others may use meanwhile.
    """

    def __init__(self, sessions: Callable[[Path], Session]) -> None:
        self.sessions = sessions

    @property
    def session(self) -> Session:
        """The network's session; raises EngineUnavailable."""
        return self.sessions(network_of())

    @cached_property
    def styles(self) -> dict[str, Style]:
        """The bundled styles by their names."""
        return {info.name: read_style(info.path) for info in bundled_styles()}

    def prepare(self) -> None:
        """Make ready to paint thumbnails and previews at once."""
        style = next(iter(self.styles.values()))
        self.session.prepare((THUMBNAIL, THUMBNAIL), style)
        self.preview(np.zeros((THUMBNAIL, THUMBNAIL, 3), np.uint8), style, StylizeOptions())

    def thumbnails(
        self, square: NDArray[np.uint8], styles: Mapping[str, Style]
    ) -> Iterator[tuple[str, NDArray[np.uint8]]]:
        """Yield a painted thumbnail for each style, with its key; strokes are a little larger than on the painting."""
        pixels = to_float(square)
        for name, style in styles.items():
            yield name, to_eight_bits(to_integers(self.session.paint(pixels, style)))

    def preview(self, pixels: NDArray[np.uint8], style: Style, options: StylizeOptions) -> NDArray[np.uint8]:
        """Return painted pixels of the same size."""
        return to_eight_bits(self.stylizer(style, options).paint(Picture(pixels)).pixels)

    def stylizer(self, style: Style, options: StylizeOptions, stop: threading.Event | None = None) -> Stylizer:
        """Return what paints in a style; it raises Stopped between a painting's pieces once `stop` is set."""
        session = self.session if stop is None else Watched(self.session, stop)
        return Stylizer(session, style, options)

    def check(self, style: Style) -> None:
        """Raise ModelError if a style is not of the network that is painted with."""
        self.session.check(style)

    def mixed(self, parts: Sequence[tuple[str, float]], own: Mapping[str, Style]) -> Style:
        """Return the mix of styles of these names, bundled ones or the visitor's own, with weights.

        Raises InvalidOption for a name that there is not, and for weights as `mix` does.
        """
        known = {**self.styles, **own}
        for name, _ in parts:
            if name not in known:
                raise InvalidOption("this style is no longer here; choose another")
        styles = [(known[name], weight) for name, weight in parts]
        return mix(styles, mix_name([(style.name, weight) for style, weight in styles]))
