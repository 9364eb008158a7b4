"""How far a batch is, and how long it will take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Follow", "Progress"]


@dataclass
class Progress:
    """How far a batch is.

    painted: photos that have a painting; painted_now: those that got it in this run; failed: (photo, why) pairs;
    notices: what the user should know; report: the name of the file that holds both; seconds: that this run took;
    found: weight of what was found so far; whole: whether that is all; over, over_now: weight of what is done, and of
    that in this run.
    """

    painted: int = 0
    painted_now: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    report: str = ""
    seconds: float = 0.0
    found: int = 0
    whole: bool = False
    over: int = 0
    over_now: int = 0

    @property
    def part(self) -> float | None:
        """The part that is done, 0..1, or None while it is not known."""
        return self.over / self.found if self.whole and self.found else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the end, or None while it is not known."""
        if not self.whole or not self.over_now:
            return None
        return (self.found - self.over) * self.seconds / self.over_now

    @property
    def rate(self) -> float:
        """Photos painted a second."""
        return self.painted_now / self.seconds if self.seconds else 0.0


Follow = Callable[[Progress], None]
"""Called after each chunk."""
