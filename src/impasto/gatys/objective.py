"""What is made small: the loss of a picture and its gradient, looked at whole or tile by tile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.gatys.features import Eye
from impasto.gatys.targets import Targets
from impasto.gatys.tiles import Tile
from impasto.perceptual import losses

__all__ = ["Evaluation", "Objective", "Weights"]

EDGES_AT = 4
"""The Laplacian compares pictures that are so many times smaller."""


@dataclass(frozen=True)
class Weights:
    """What each loss counts."""

    content: float
    style: float
    tv: float = 0.0
    edges: float = 0.0


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The loss of a picture, its content and style distances, and the gradient, (1, 3, H, W) float32."""

    loss: float
    content: float
    style: float
    gradient: Tensor


class Objective:
    """The weighted losses of pictures of one scale.

    absolute: content is half the sum of squared differences (Gatys et al. 2015, eq. 1), not relative.
    """

    def __init__(self, eye: Eye, targets: Targets, weights: Weights, *, absolute: bool = False) -> None:
        self.eye, self.targets, self.weights, self.absolute = eye, targets, weights, absolute
        self.edges = _laplacian(targets.photo)
        self.edge_scale = self.edges.square().sum().clamp_min(1e-12)
        self.content_scales = {
            layer: torch.tensor(2.0) if absolute else map_.float().square().sum().clamp_min(1e-12)
            for layer, map_ in targets.content.items()
        }

    def __call__(self, picture: Tensor) -> Evaluation:
        """Return the evaluation of a picture, (1, 3, H, W) float32 RGB in [0, 1]."""
        leaf = picture.detach().clone().requires_grad_()
        tiles = self.eye.tiles(leaf)
        statistics = self._statistics(leaf, tiles) if len(tiles) > 1 else None
        content = style = beside = torch.zeros(())
        for tile in tiles:
            features = self.eye.look(leaf, tile)
            tile_content = self._content(features, tile)
            if statistics is None:
                style = self._style(self._collect(features, tile))
                tile_style = style
            else:
                tile_style = self._surrogate(features, tile, statistics)
                style = statistics.style
            (self.weights.content * tile_content + self.weights.style * tile_style).backward()  # type: ignore[no-untyped-call]
            content = content + tile_content.detach()
        if self.weights.tv or self.weights.edges:
            beside = self._beside(leaf)
            beside.backward()  # type: ignore[no-untyped-call]
        gradient = leaf.grad
        assert gradient is not None  # noqa: S101 - backward has run
        content_value, style_value = float(content), float(style.detach())
        loss = self.weights.content * content_value + self.weights.style * style_value + float(beside.detach())
        return Evaluation(loss, content_value, style_value, gradient)

    def _content(self, features: dict[str, Tensor], tile: Tile) -> Tensor:
        """Return the tile's part of the content distance, averaged over layers."""
        terms = []
        for layer, target in self.targets.content.items():
            rows, columns = tile.place(layer)
            difference = features[layer].float() - target[:, :, rows, columns].float()
            terms.append(difference.square().sum() / self.content_scales[layer])
        return torch.stack(terms).mean()

    def _collect(self, features: dict[str, Tensor], tile: Tile) -> list[Tensor]:
        """Return the tile's part of each style term's statistic."""
        collected = []
        for term in self.targets.style:
            rows, columns = tile.place(term.layer)
            weights = term.weights if term.weights.ndim == 0 else term.weights[rows, columns]
            collected.append(term.loss.collect(features[term.layer], weights, term.target))
        return collected

    def _style(self, statistics: Sequence[Tensor]) -> Tensor:
        distances = [
            term.factor * term.loss.distance(statistic, term.target)
            for term, statistic in zip(self.targets.style, statistics, strict=True)
        ]
        return torch.stack(distances).sum()

    def _statistics(self, picture: Tensor, tiles: Sequence[Tile]) -> _Statistics:
        """Return how the style distance depends on the statistics of the whole picture."""
        with torch.no_grad():
            whole = self._collect(self.eye.look(picture, tiles[0]), tiles[0])
            for tile in tiles[1:]:
                parts = self._collect(self.eye.look(picture, tile), tile)
                whole = [sums + part for sums, part in zip(whole, parts, strict=True)]
        leaves = [statistic.requires_grad_() for statistic in whole]
        style = self._style(leaves)
        return _Statistics(style.detach(), torch.autograd.grad(style, leaves))

    def _surrogate(self, features: dict[str, Tensor], tile: Tile, statistics: _Statistics) -> Tensor:
        """Return something with the gradient, by this tile's features, of the whole picture's style distance."""
        return torch.stack(
            [
                (statistic * slope).sum()
                for statistic, slope in zip(self._collect(features, tile), statistics.slopes, strict=True)
            ]
        ).sum()

    def _beside(self, picture: Tensor) -> Tensor:
        """Return the losses that look at pixels only."""
        beside = self.weights.tv * losses.total_variation(picture)
        if self.weights.edges:
            difference = _laplacian(picture) - self.edges
            beside = beside + self.weights.edges * difference.square().sum() / self.edge_scale
        return beside.sum()


@dataclass(frozen=True, eq=False)
class _Statistics:
    """The style distance of the whole picture, and its slopes by each term's statistic."""

    style: Tensor
    slopes: Sequence[Tensor]


def _laplacian(picture: Tensor) -> Tensor:
    """Return the Laplacian of a picture that was made smaller.

    Source: Li et al. 2017, "Laplacian-Steered Neural Style Transfer", section 3.1, its filter and its pooling.
    """
    small = F.avg_pool2d(picture.float(), EDGES_AT, ceil_mode=True)
    kernel = picture.new_tensor([[0.0, -1.0, 0.0], [-1.0, 4.0, -1.0], [0.0, -1.0, 0.0]]).expand(3, 1, 3, 3)
    return F.conv2d(F.pad(small, (1, 1, 1, 1), mode="replicate"), kernel, groups=3)
