"""Painting the frames of a film, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from impasto.api import StyleSource, load
from impasto.errors import InvalidOption
from impasto.image import IntegerArray, Picture
from impasto.model import Style
from impasto.runtime.regions import Region
from impasto.runtime.stylizer import Stylizer
from impasto.video.masks import Masks
from impasto.video.motion import Motions
from impasto.video.steady import Steady
from impasto.video.timeline import Timeline

__all__ = ["FramePainter", "Styles", "load_styles"]

Styles: TypeAlias = StyleSource | Stylizer | Mapping[float, StyleSource]
"""A style, a Stylizer, or styles by the seconds at which each is reached."""
FAINTEST = 1 / 255
"""A mask that is nowhere lighter is black."""


def load_styles(style: Styles | None, **options: Any) -> tuple[Stylizer, Timeline | None]:
    """Return a Stylizer and, for styles over time, these; options and errors as of `impasto.load`."""
    if isinstance(style, Stylizer):
        if options:
            raise InvalidOption(f"a Stylizer has its options already, so it takes no {', '.join(options)}")
        return style, None
    if not isinstance(style, Mapping):
        return load(style, **options), None
    alone = {name: options[name] for name in ("model", "engine", "device", "precision", "follow") if name in options}
    times = sorted(style)
    first = load(style[times[0]], **options)

    def known(source: StyleSource) -> Style:
        found = source if isinstance(source, Style) else load(source, **alone).style
        assert found is not None  # noqa: S101 - one was named
        return found

    keys = [(Fraction(time), first.style if time == times[0] else known(style[time])) for time in times]
    return first, Timeline([(time, each) for time, each in keys if each is not None])


class FramePainter:
    """Paints frames as a Stylizer does, and keeps them steady.

    timeline: styles over time in place of the Stylizer's own; masks: in place of the Stylizer's own.
    """

    def __init__(
        self,
        stylizer: Stylizer,
        timeline: Timeline | None = None,
        masks: Masks | None = None,
    ) -> None:
        self.stylizer, self.timeline, self.masks = stylizer, timeline, masks
        self.steady: dict[int, Steady] = {}
        self.notices: dict[str, None] = dict.fromkeys(() if masks is None else masks.notices)

    def __call__(self, pixels: IntegerArray, time: Fraction, motion: Motions, *, steady: bool) -> IntegerArray:
        """Return the painted frame, of the same shape and dtype.

        pixels: (H, W, 3) uint8 or uint16; time: seconds; motion: is asked for after the painting.
        Raises as `Stylizer.paint` does.
        """
        stylizer, layers = self._at(time)
        if stylizer is None:
            self.steady = {}
            return pixels
        used: dict[int, Steady] = {}

        def through(layer: int, painting: IntegerArray) -> IntegerArray:
            used[layers[layer]] = self.steady.get(layers[layer]) or Steady()
            return used[layers[layer]](painting, motion())

        still = not steady or self.stylizer.options.strength == 0
        painted = stylizer.paint(Picture(pixels), "the frame", through=None if still else through)
        self.steady = used  # a layer that was not painted has no frame before the next
        self.notices.update(dict.fromkeys(painted.notices))
        return painted.pixels

    def _at(self, time: Fraction) -> tuple[Stylizer | None, list[int]]:
        """Return what paints at a time, None if nothing does because the mask is black, and its layers' numbers."""
        own = self.stylizer
        style = own.style if self.timeline is None else self.timeline.at(time)
        options, mask, regions, layers = own.options, own.mask, list(own.regions), [*range(len(own.regions) + 1)]
        if self.masks is not None:
            mask = None if self.masks.whole is None else self.masks.whole(time)
            if _is_black(mask):
                return None, []
            placed = [(number, part(time)) for number, part in enumerate(self.masks.parts, start=1)]
            placed = [(number, place) for number, place in placed if not _is_black(place)]
            regions = [Region(place, own.regions[number - 1].style) for number, place in placed]
            layers = [0, *(number for number, _ in placed)]
            options = replace(options, feather=0.0)  # masks over time are soft already
        return Stylizer(own.session, style, options, mask=mask, regions=regions), layers


def _is_black(mask: Any) -> bool:
    return isinstance(mask, np.ndarray) and bool(mask.max() <= FAINTEST)
