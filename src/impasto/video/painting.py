"""Painting the frames of a film, one after the other."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from impasto.api import StyleSource, load
from impasto.errors import InvalidOption
from impasto.image import IntegerArray, Picture
from impasto.model import Style
from impasto.runtime.regions import Region
from impasto.runtime.stylizer import Stylizer
from impasto.video.frames import Frame
from impasto.video.keys import Around
from impasto.video.masks import Masks
from impasto.video.parts import Part, Parts
from impasto.video.steady import Movable, put_together, with_alpha
from impasto.video.timeline import Timeline

__all__ = ["FramePainter", "Styles", "load_styles"]

Styles: TypeAlias = StyleSource | Stylizer | Mapping[float, StyleSource]
"""A style, a Stylizer, or styles by the seconds at which each is reached."""
Other = TypeVar("Other")
MOVABLE = 4
"""Frames whose paintings are kept as they can be moved, which takes four times the room: as many as one is made of."""
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
    """Paints frames as a Stylizer does, or puts them together from keys, so that they are steady.

    timeline: styles over time in place of the Stylizer's own; masks: in place of the Stylizer's own; one_style: whether
    so many frames are to come that it pays to make ready for this very style, if it stays.
    """

    def __init__(
        self,
        stylizer: Stylizer,
        timeline: Timeline | None = None,
        masks: Masks | None = None,
        *,
        one_style: bool = True,
    ) -> None:
        self.stylizer, self.timeline, self.masks = stylizer, timeline, masks
        self.one_style = one_style and timeline is None
        self.paintings: WeakKeyDictionary[Frame, dict[int, IntegerArray]] = WeakKeyDictionary()
        self.movables: dict[Frame, dict[int, Movable]] = {}
        self.size: tuple[int, int] | None = None
        self.notices: dict[str, None] = dict.fromkeys(() if masks is None else masks.notices)

    def planned(
        self, items: Iterable[Frame | Other], *, steady: bool
    ) -> Generator[tuple[Frame | Other, Parts], None, None]:
        """Yield a film's items, and what frames among them are made of; see `impasto.video.keys`."""
        if steady and self.stylizer.options.strength > 0:
            yield from Around(evenly=self.timeline is not None)(items)
        else:
            yield from ((item, ()) for item in items)

    def begin(self, frame: Frame) -> None:
        """Paint a frame already, for the call to come, while something else goes on; errors as of `Stylizer.paint`."""
        for number in range(self.stylizer.style is None, len(self.stylizer.regions) + 1):
            self._painting(frame, number)

    def __call__(self, frame: Frame, parts: Parts) -> IntegerArray:
        """Return the painted frame, of the same shape and dtype; times must not fall from call to call.

        parts: what it is made of.  Raises as `Stylizer.paint` does.
        """
        stylizer, numbers = self._at(frame.time)
        if stylizer is None:
            return frame.pixels

        def layer(place: int) -> IntegerArray:
            number = numbers[place]
            if not parts or self.stylizer.options.strength == 0:
                return self._painting(frame, number)
            return put_together(parts, lambda part: self._moved(part, frame, number))

        painted = stylizer.paint(Picture(frame.pixels), "the frame", layers=layer)
        self.notices.update(dict.fromkeys(painted.notices))
        return painted.pixels

    def _painting(self, frame: Frame, number: int) -> IntegerArray:
        """Return the network's painting of a layer of a frame, without its mask; kept as long as the frame is."""
        layers, own = self.paintings.setdefault(frame, {}), self.stylizer
        size = frame.pixels.shape[0], frame.pixels.shape[1]
        if size != self.size:
            own.prepare(size, one_style=self.one_style)
            self.size = size
        if number not in layers:
            whole = Stylizer(own.session, self._style_at(frame.time), own.options, regions=own.regions)
            layers[number] = whole.layer(Picture(frame.pixels), number)
        return layers[number]

    def _moved(self, part: Part, frame: Frame, number: int) -> IntegerArray:
        """Return the same painting of what a part is of, (H, W, 4), as it lies in a frame."""
        if part.source is frame:
            return with_alpha(self._painting(frame, number))
        layers = self.movables[part.source] = self.movables.pop(part.source, {})
        if len(self.movables) > MOVABLE:
            del self.movables[next(iter(self.movables))]
        if number not in layers:
            layers[number] = Movable(self._painting(part.source, number))
        return layers[number].moved(part.offsets)

    def _style_at(self, time: Fraction) -> Style | None:
        return self.stylizer.style if self.timeline is None else self.timeline.at(time)

    def _at(self, time: Fraction) -> tuple[Stylizer | None, list[int]]:
        """Return what paints at a time, None if nothing does because the mask is black, and its layers' numbers."""
        own = self.stylizer
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
        return Stylizer(own.session, self._style_at(time), options, mask=mask, regions=regions), layers


def _is_black(mask: Any) -> bool:
    return isinstance(mask, np.ndarray) and bool(mask.max() <= FAINTEST)
