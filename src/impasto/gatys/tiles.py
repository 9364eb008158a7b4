"""Pieces of a picture that VGG-19 can look at one by one, with exactly the features of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from impasto.perceptual.vgg import LAYERS, block_of

__all__ = ["Tile", "cut", "layer_size", "margin"]


@dataclass(frozen=True)
class Tile:
    """A rectangle of the picture whose features count, and the larger one that must be looked at for them; px.

    core, seen: (top, bottom, left, right), ends excluded.
    """

    core: tuple[int, int, int, int]
    seen: tuple[int, int, int, int]

    def inside(self, layer: str) -> tuple[slice, slice]:
        """Return where the core lies in the layer's map of what is seen: rows and columns."""
        top, bottom, left, right = self.core
        above, _, before, _ = self.seen
        return _rows(layer, top - above, bottom - above), _rows(layer, left - before, right - before)

    def place(self, layer: str) -> tuple[slice, slice]:
        """Return where the core lies in the layer's map of the whole picture: rows and columns."""
        top, bottom, left, right = self.core
        return _rows(layer, top, bottom), _rows(layer, left, right)

    @property
    def pixels(self) -> tuple[slice, slice]:
        """Rows and columns of the picture that are seen."""
        above, below, before, behind = self.seen
        return slice(above, below), slice(before, behind)


def cut(size: tuple[int, int], side: int, layers: Sequence[str]) -> list[Tile]:
    """Return tiles, without gaps or overlaps of their cores, that cover a picture of (height, width).

    side: px of a core's sides, at most; rounded down to whole strides of the deepest layer, at least one of them.
    """
    stride, reach = stride_of(layers), margin(layers)
    height, width = size
    return [
        Tile(
            (top, bottom, left, right),
            (max(0, top - reach), min(height, bottom + reach), max(0, left - reach), min(width, right + reach)),
        )
        for top, bottom in _spans(height, side, stride)
        for left, right in _spans(width, side, stride)
    ]


def layer_size(size: tuple[int, int], layer: str) -> tuple[int, int]:
    """Return height and width of a layer's map of a picture of (height, width)."""
    halvings = block_of(layer) - 1
    return size[0] >> halvings, size[1] >> halvings


def stride_of(layers: Sequence[str]) -> int:
    """Return the px between neighbouring features of the deepest layer."""
    return 1 << (max(map(block_of, layers)) - 1)


def margin(layers: Sequence[str]) -> int:
    """Return how many px around a core its features depend on, in whole strides of the deepest layer."""
    deepest, stride = max(map(LAYERS.index, layers)), stride_of(layers)
    reach = sum(1 << (block_of(layer) - 1) for layer in LAYERS[: deepest + 1] if layer.startswith("conv"))
    return -(-reach // stride) * stride


def _spans(length: int, side: int, stride: int) -> list[tuple[int, int]]:
    """Return equal spans, but for whole strides, of at most about `side`; the last takes what is left over."""
    whole = max(1, length // stride)
    count = max(1, -(-whole // max(1, side // stride)))
    ends = [whole * index // count * stride for index in range(count)] + [length]
    return list(pairwise(ends))


def _rows(layer: str, first: int, last: int) -> slice:
    halvings = block_of(layer) - 1
    return slice(first >> halvings, last >> halvings)
