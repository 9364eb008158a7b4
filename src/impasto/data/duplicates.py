"""Which pictures are the same: by their bytes, or nearly, by a perceptual hash of 64 bits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["NEAR", "difference_hash", "near", "same"]

NEAR = 2
"""Bits in which two hashes may differ at most, of nearly the same pictures."""
FLAT = 8
"""Levels of grey that a thumbnail must span to have a hash: skies and blank sheets are not copies of one another."""
_PARTS = ((0, 21), (21, 21), (42, 22))
"""First bit and number of bits of each part of a hash: of two that differ in two bits at most, one part is equal."""

Hashes = npt.NDArray[np.uint64]


def difference_hash(picture: Image.Image) -> int | None:
    """Return dHash, whether each of 8 x 8 means is darker than the one to its right, or None for a flat picture.

    picture: RGB.  Source: Krawetz 2013, "Kind of Like That" (hackerfactor.com).
    """
    grey = np.asarray(picture.convert("L").resize((9, 8), Image.Resampling.BOX), np.int16)
    if np.ptp(grey) < FLAT:
        return None
    return int.from_bytes(np.packbits(grey[:, :-1] < grey[:, 1:]).tobytes(), "big")


def same(keys: Sequence[Hashable | None]) -> list[list[int]]:
    """Return the groups of places, two at least, that have the same key; those without a key are in none."""
    places = defaultdict(list)
    for place, key in enumerate(keys):
        if key is not None:
            places[key].append(place)
    return [group for group in places.values() if len(group) > 1]


def near(hashes: Sequence[int | None]) -> list[list[int]]:
    """Return the groups of places whose hashes differ in `NEAR` bits at most, or hang together by such pairs."""
    places = defaultdict(list)
    for place, each in enumerate(hashes):
        if each is not None:
            places[each].append(place)
    distinct = np.array(sorted(places), np.uint64)
    groups = {number: [number] for number in range(len(distinct))}
    for first, second in _pairs(distinct):
        one, other = groups[first], groups[second]
        if one is not other:
            one += other
            groups.update(dict.fromkeys(other, one))
    whole = {id(group): group for group in groups.values()}.values()
    found = [sorted(place for number in group for place in places[int(distinct[number])]) for group in whole]
    return sorted(group for group in found if len(group) > 1)


def _pairs(hashes: Hashes) -> Iterator[tuple[int, int]]:
    """Yield the pairs of numbers of hashes, all distinct, that differ in `NEAR` bits at most; some more than once."""
    for first_bit, bits in _PARTS:
        parts = (hashes >> np.uint64(first_bit)) & np.uint64((1 << bits) - 1)
        order = np.argsort(parts, kind="stable")
        for apart in range(1, len(order)):  # places apart in an order in which equal parts are neighbours
            left, right = order[:-apart], order[apart:]
            equal = parts[left] == parts[right]
            if not equal.any():
                break
            left, right = left[equal], right[equal]
            close = _within_two_bits(hashes[left] ^ hashes[right])
            yield from zip(left[close].tolist(), right[close].tolist(), strict=True)


def _within_two_bits(differences: Hashes) -> npt.NDArray[np.bool_]:
    """Tell of each number whether at most two of its bits are set: taking the lowest one away twice leaves none."""
    one = np.uint64(1)
    for _ in range(NEAR):
        differences = np.where(differences, differences & (differences - one), differences)
    few: npt.NDArray[np.bool_] = differences == 0
    return few
