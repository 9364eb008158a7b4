"""What one scale is optimised towards: the photo's features and the paintings' statistics, region by region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.errors import InvalidOption
from impasto.gatys.config import OptimizeConfig
from impasto.gatys.features import Eye
from impasto.gatys.tiles import layer_size
from impasto.perceptual.style_losses import StyleLoss, style_loss

__all__ = ["Guide", "Painting", "StyleTerm", "Targets", "style_losses_of"]

FINE_LAYERS = 2
"""So many style layers, the shallowest, are the fine painting's where there is one."""
LEAST_SHARE = 1e-3
"""Regions of a smaller part of the photo, or of a painting, are left out."""


@dataclass(frozen=True, eq=False)
class Painting:
    """A painting at one scale: (1, 3, H, W) float32 RGB in [0, 1]; whether it is the one for fine strokes only."""

    pixels: Tensor
    fine: bool = False


@dataclass(frozen=True, eq=False)
class Guide:
    """A region of the photo and what it is painted like.

    photo: (H, W) float32 in [0, 1], 1 inside, or None for all of it; shares: each painting's part in the region's
    style, not all 0; paintings: for each painting a mask of its own, (h, w) of any size, or None for all of it.
    """

    photo: Tensor | None
    shares: Sequence[float]
    paintings: Sequence[Tensor | None]

    def to(self, device: torch.device) -> Guide:
        """Return the guide with its masks on a device."""
        photo, *paintings = (None if mask is None else mask.to(device) for mask in (self.photo, *self.paintings))
        return replace(self, photo=photo, paintings=paintings)

    def at(self, size: tuple[int, int]) -> Guide:
        """Return the guide for a photo of another (height, width)."""
        if self.photo is None:
            return self
        return replace(self, photo=F.adaptive_avg_pool2d(self.photo[None, None], size)[0, 0])


@dataclass(frozen=True, eq=False)
class StyleTerm:
    """One loss of one layer in one region: factor * loss.distance(loss.collect(features, weights, target), target)."""

    layer: str
    loss: StyleLoss
    target: Tensor
    weights: Tensor
    """(h, w), or a number for all positions; the sum over the picture is 1."""
    factor: float


@dataclass(frozen=True, eq=False)
class Targets:
    """content: {layer: (1, C, h, w)}; style: the terms that are added; photo: (1, 3, H, W)."""

    photo: Tensor
    content: dict[str, Tensor]
    style: list[StyleTerm]

    @classmethod
    def of(
        cls, eye: Eye, photo: Tensor, paintings: Sequence[Painting], guides: Sequence[Guide], config: OptimizeConfig
    ) -> Targets:
        """Return the targets of a photo, (1, 3, H, W), and paintings at one scale."""
        size = (photo.shape[2], photo.shape[3])
        content = {layer: eye.map(photo, layer) for layer in config.content_layers}
        style: list[StyleTerm] = []
        losses = style_losses_of(config)
        for layer in dict.fromkeys(layer for _, layers in losses for layer in layers):
            of_this = [(loss, 1 / len(layers)) for loss, layers in losses if layer in layers]
            maps = [eye.map(painting.pixels, layer) for painting in paintings]
            for guide in guides:
                area = 1.0 if guide.photo is None else float(guide.photo.mean())
                weights = _weights(guide.photo, layer_size(size, layer))
                chosen = _chosen(guide, paintings, layer, config)
                if area < LEAST_SHARE or weights is None or not chosen:
                    continue
                features = [maps[index] for index, _ in chosen]
                places = [
                    _required(None if paintings[index].fine else guide.paintings[index], maps[index])
                    for index, _ in chosen
                ]
                shares = [share for _, share in chosen]
                style += [
                    StyleTerm(layer, loss, loss.target(features, places, shares), weights, factor * area)
                    for loss, factor in of_this
                ]
        if not style:
            raise InvalidOption("no region is left to paint: its masks are empty at this size")
        return cls(photo, content, style)


def style_losses_of(config: OptimizeConfig) -> list[tuple[StyleLoss, tuple[str, ...]]]:
    """Return each loss with the layers that it is for, of those in the config."""
    losses = style_loss("absolute-gram" if config.losses == "absolute" else config.style_loss)
    found = [
        (loss, tuple(layer for layer in config.style_layers if loss.layers is None or layer in loss.layers))
        for loss in losses
    ]
    return [(loss, layers) for loss, layers in found if layers]


def _chosen(guide: Guide, paintings: Sequence[Painting], layer: str, config: OptimizeConfig) -> list[tuple[int, float]]:
    """Return the paintings, by index, that a layer's style in a region is of, with shares that sum up to 1."""
    fine = any(painting.fine for painting in paintings) and layer in config.style_layers[:FINE_LAYERS]
    indices = [index for index, painting in enumerate(paintings) if painting.fine == fine]
    shares = [(index, 1.0 if fine else guide.shares[index]) for index in indices]
    total = sum(share for _, share in shares)
    return [(index, share / total) for index, share in shares if share > 0]


def _required(mask: Tensor | None, features: Tensor) -> Tensor:
    """Return weights of a painting's positions; all of them where the mask leaves none at this layer."""
    weights = _weights(mask, (features.shape[2], features.shape[3]))
    return _weights_of_all((features.shape[2], features.shape[3])) if weights is None else weights


def _weights(mask: Tensor | None, size: tuple[int, int]) -> Tensor | None:
    """Return what positions of a layer count, with sum 1, or None if the mask leaves next to nothing of them."""
    if mask is None:
        return _weights_of_all(size)
    weights = F.adaptive_avg_pool2d(mask[None, None], size)[0, 0]
    total = weights.sum()
    return weights / total if float(total) > LEAST_SHARE * weights.numel() else None


def _weights_of_all(size: tuple[int, int]) -> Tensor:
    return torch.tensor(1 / (size[0] * size[1]))
