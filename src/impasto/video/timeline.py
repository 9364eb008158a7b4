"""Styles over a film's time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction

from impasto.errors import InvalidOption
from impasto.model import Style, mix, mix_name

__all__ = ["Timeline"]


class Timeline:
    """Styles at times, with smooth ways between them.

    keys: (seconds, style) in rising order, at least one.  Before the first and after the last nothing changes.
    Raises InvalidOption for times that do not rise.
    """

    def __init__(self, keys: Sequence[tuple[Fraction, Style]]) -> None:
        self.times, self.styles = [time for time, _ in keys], [style for _, style in keys]
        if any(after <= before for before, after in zip(self.times[:-1], self.times[1:], strict=True)):
            raise InvalidOption("--style STYLE@TIME: each style needs a time of its own, in rising order")
        mix([(style, 1.0) for style in self.styles])  # what cannot be mixed is refused at once

    def at(self, time: Fraction) -> Style:
        """Return the style of a time in seconds."""
        following = bisect_right(self.times, time)
        if following in (0, len(self.times)):
            return self.styles[max(0, following - 1)]
        begin, end = self.times[following - 1], self.times[following]
        x = float((time - begin) / (end - begin))
        share = x * x * (3 - 2 * x)
        before, after = self.styles[following - 1], self.styles[following]
        if share == 0:
            return before
        parts = [(before, 1 - share), (after, share)]
        return mix(parts, mix_name([(style.name, weight) for style, weight in parts]))
