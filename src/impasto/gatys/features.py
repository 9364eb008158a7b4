"""VGG-19 looking at pictures of any size: at once where memory allows, else tile by tile."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from impasto.gatys.tiles import Tile, cut, layer_size
from impasto.perceptual.vgg import VGG19

__all__ = ["Eye"]


class Eye:
    """VGG-19 with the size of the pieces that it may look at.

    vgg: its weights may be float32 or bfloat16.  side: px of a tile's core; larger pictures are looked at in tiles.
    layers: all that will be asked for.
    """

    def __init__(self, vgg: VGG19, layers: Sequence[str], side: int) -> None:
        self.vgg, self.layers, self.side = vgg, tuple(layers), side

    def tiles(self, picture: Tensor) -> list[Tile]:
        """Return the tiles of a picture, (1, 3, H, W): one, if it is small enough."""
        return cut((picture.shape[2], picture.shape[3]), self.side, self.layers)

    def look(self, picture: Tensor, tile: Tile, layers: Sequence[str] | None = None) -> dict[str, Tensor]:
        """Return {layer: (1, C, h, w)} of a tile's core; differentiable."""
        seen = picture[:, :, tile.pixels[0], tile.pixels[1]]
        features = self.vgg(seen, layers or self.layers)
        return {layer: map_[:, :, tile.inside(layer)[0], tile.inside(layer)[1]] for layer, map_ in features.items()}

    @torch.no_grad()
    def map(self, picture: Tensor, layer: str) -> Tensor:
        """Return a layer's map, (1, C, h, w), of a whole picture, (1, 3, H, W)."""
        whole: Tensor | None = None
        for tile in self.tiles(picture):
            part = self.look(picture, tile, [layer])[layer]
            rows, columns = tile.place(layer)
            if whole is None:
                whole = part.new_empty(1, part.shape[1], *layer_size((picture.shape[2], picture.shape[3]), layer))
            whole[:, :, rows, columns] = part
        assert whole is not None  # noqa: S101 - there is one tile at least
        return whole
