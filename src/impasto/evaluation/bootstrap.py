"""How sure a median over photos and paintings is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["interval"]

LEVEL = 0.95


def interval(
    values: Sequence[float], photos: Sequence[str], paintings: Sequence[str], *, resamples: int, seed: int
) -> tuple[float, float] | None:
    """Return the interval in which the median of values lies with 95 %, or None for fewer than two values.

    photos, paintings: which photo and which painting each value is of.  Both are drawn anew with replacement, and a
    value counts as often as its photo came times its painting: values of one photo are not independent of one another.
    Source: Owen 2007, "The pigeonhole bootstrap"; of the percentiles.
    """
    if len(values) < 2:
        return None
    chance = np.random.default_rng(seed)
    counts = np.ones((resamples, len(values)), np.int64)
    for names in (photos, paintings):
        _, which = np.unique(names, return_inverse=True)
        kinds = int(which.max()) + 1
        counts *= chance.multinomial(kinds, np.full(kinds, 1 / kinds), resamples)[:, which]
    rising = np.argsort(values)
    reached = counts[:, rising].cumsum(1)
    reached = reached[reached[:, -1] > 0]  # where not every photo is paired with every painting, nothing may be drawn
    medians = np.asarray(values)[rising][(reached >= reached[:, -1:] / 2).argmax(1)]
    low, high = np.quantile(medians, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
