"""Masks over a film's time: pictures, what is found in each frame, and films whose white is painted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from impasto.image import SUFFIXES, feather, read_mask, resize_mask, to_float
from impasto.image.picture import luma
from impasto.runtime.regions import FOUND, MaskSource
from impasto.runtime.stylizer import Stylizer
from impasto.video.frames import Frame, Reel
from impasto.video.opening import FilmOptions, open_reel
from impasto.video.sequences import is_sequence

__all__ = ["MaskOverTime", "Masks", "MovingMask", "masks_over_time", "places_of", "still_mask"]

MaskOverTime: TypeAlias = Callable[[Fraction], "NDArray[np.float32] | str"]
"""Gives, for a time in seconds, where to paint: (H, W) float32 in [0, 1], or a name such as "subject"."""


@dataclass(frozen=True, eq=False)
class Masks:
    """A Stylizer's masks over time: that of the whole, or None, and those of its regions; notices: for the user."""

    whole: MaskOverTime | None
    parts: Sequence[MaskOverTime]
    notices: Sequence[str] = ()


def still_mask(source: MaskSource, size: tuple[int, int], feather_px: float) -> tuple[MaskOverTime, tuple[str, ...]]:
    """Return a mask that is the same for all frames, and notices for the user; errors as of `read_mask`.

    size: (height, width) of frames; feather_px: how far edges are softened.
    """
    if isinstance(source, str) and source.lower() in FOUND:
        return (lambda _: source), ()
    read = read_mask(source, size)
    weights = feather(read.weights, feather_px)
    return (lambda _: weights), read.notices


class MovingMask:
    """A film whose white is painted: the frame that is shown at a time counts, after the end the last one.

    size: (height, width) of the frames that are painted; feather_px: how far edges are softened.
    """

    def __init__(self, reel: Reel, size: tuple[int, int], feather_px: float) -> None:
        self.size, self.feather_px = size, feather_px
        self.frames: Iterator[Frame] = (item for item in reel.items() if isinstance(item, Frame))
        self.following: Frame | None = next(self.frames)
        self.weights = self._weights(self.following)

    def __call__(self, time: Fraction) -> NDArray[np.float32]:
        """Return the mask of a time, (H, W) float32 in [0, 1]; times must not fall from call to call."""
        shown = None
        while self.following is not None and self.following.time <= time:
            shown, self.following = self.following, next(self.frames, None)
        if shown is not None:
            self.weights = self._weights(shown)
        return self.weights

    def _weights(self, frame: Frame) -> NDArray[np.float32]:
        return feather(resize_mask(luma(to_float(frame.pixels)), self.size), self.feather_px)


def places_of(stylizer: Stylizer) -> list[MaskSource]:
    """Return all masks of a Stylizer."""
    return [*([] if stylizer.mask is None else [stylizer.mask]), *(region.mask for region in stylizer.regions)]


def masks_over_time(stylizer: Stylizer, size: tuple[int, int], options: FilmOptions, stack: ExitStack) -> Masks | None:
    """Return a Stylizer's masks over time, or None if it has none; films among them are closed with the stack.

    size: (height, width) of frames; options: of the film, whose start and rate hold for masks too.
    Raises as `open_reel` and `read_mask` do.
    """
    notices: list[str] = []
    feather_px = stylizer.options.feather * max(size)

    def over_time(place: MaskSource) -> MaskOverTime:
        if isinstance(place, (str, Path)) and _is_film(str(place)):
            begun = replace(options, end="")
            reel = stack.enter_context(closing(open_reel(str(place), begun, stylizer.options.max_pixels)))
            return MovingMask(reel, size, feather_px)
        mask, told = still_mask(place, size, feather_px)
        notices.extend(told)
        return mask

    if not places_of(stylizer):
        return None
    whole = None if stylizer.mask is None else over_time(stylizer.mask)
    return Masks(whole, [over_time(region.mask) for region in stylizer.regions], notices)


def _is_film(name: str) -> bool:
    return name.lower() not in FOUND and (is_sequence(name) or Path(name).suffix.lower() not in SUFFIXES)
