"""The networks that the studio paints with, opened when they are first needed and used by one thread at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InvalidOption
from impasto.image import Picture, to_eight_bits, to_float, to_integers
from impasto.model import Style, bundled_styles, mix, mix_name, network_of, read_style
from impasto.runtime.session import Session
from impasto.runtime.stylizer import StylizeOptions, Stylizer
from impasto.server.studio.limits import Limits

__all__ = ["Painter"]

EXACT = "f32"
"""Previews' precision: in it a network is compiled for any size, so that a slider that changes the canvas does not wait
for a compiler."""


class Painter:
    """Paints with the network `main` for all visitors."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._precisions = {"thumbnails": limits.precision, "previews": EXACT, "paintings": limits.precision}
        self._sessions: dict[str, Session] = {}
        self._locks = {purpose: threading.Lock() for purpose in self._precisions}

    @cached_property
    def styles(self) -> dict[str, Style]:
        """The bundled styles by their names."""
        return {info.name: read_style(info.path) for info in bundled_styles()}

    def open(self, precision: str = "auto") -> Session:
        """Return a session of its own; raises EngineUnavailable."""
        limits = self.limits
        return Session.open(network_of(), engine=limits.engine, device=limits.device, precision=precision)

    def prepare(self, square: NDArray[np.uint8]) -> None:
        """Make ready to paint at once: open what previews and thumbnails need, and paint one of each."""
        style = next(iter(self.styles.values()))
        self.thumbnail(square, style)
        self.preview(square, style, StylizeOptions())

    def thumbnail(self, square: NDArray[np.uint8], style: Style) -> NDArray[np.uint8]:
        """Return a painted thumbnail; strokes are a little larger than on the painting."""
        with self._session("thumbnails") as session:
            return cast("NDArray[np.uint8]", to_integers(session.paint(to_float(square), style)))

    def preview(self, pixels: NDArray[np.uint8], style: Style, options: StylizeOptions) -> NDArray[np.uint8]:
        """Return painted pixels of the same size."""
        with self._session("previews") as session:
            return to_eight_bits(Stylizer(session, style, options).paint(Picture(pixels)).pixels)

    def paint(self, picture: Picture, name: str, style: Style, options: StylizeOptions) -> Picture:
        """Return a picture painted at its own size."""
        with self._session("paintings") as session:
            return Stylizer(session, style, options).paint(picture, name)

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

    def check(self, style: Style) -> None:
        """Raise ModelError if a style is not of the network that is painted with."""
        with self._session("previews") as session:
            session.check(style)

    @contextmanager
    def _session(self, purpose: str) -> Iterator[Session]:
        with self._locks[purpose]:
            if purpose not in self._sessions:
                self._sessions[purpose] = self.open(self._precisions[purpose])
            yield self._sessions[purpose]
