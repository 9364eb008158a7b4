"""The perceptual criterion: how far a painting is from a photo's content and from a painting's style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from impasto.errors import InvalidOption
from impasto.perceptual import losses
from impasto.perceptual.vgg import VGG19

__all__ = ["CONTENT_LAYERS", "STYLE_LAYERS", "Distances", "LossFamily", "PerceptualCriterion"]

CONTENT_LAYERS = ("relu4_2",)
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")

LossFamily = Literal["relative", "absolute"]

_FAMILIES = {
    "relative": (losses.relative_content, losses.gram, losses.relative_style),
    "absolute": (losses.absolute_content, losses.absolute_gram, losses.absolute_style),
}


@dataclass(frozen=True)
class Distances:
    """Content and style distance of each picture of a batch: two (N,) float32 tensors."""

    content: Tensor
    style: Tensor


class PerceptualCriterion(nn.Module):
    """Content distance to photos and style distance to paintings, as VGG-19 sees them.

    Relative losses are averaged over their layers; of the papers' absolute ones, style is summed over its layers.
    content_layers, style_layers: names out of `vgg.LAYERS`, at least one each.
    """

    def __init__(
        self,
        vgg: VGG19,
        *,
        content_layers: Sequence[str] = CONTENT_LAYERS,
        style_layers: Sequence[str] = STYLE_LAYERS,
        family: LossFamily = "relative",
    ) -> None:
        super().__init__()
        if family not in get_args(LossFamily):
            raise InvalidOption(f"losses are relative or absolute, not {family!r}")
        self.vgg, self.family = vgg, family
        self.content_layers, self.style_layers = tuple(content_layers), tuple(style_layers)
        self._content, self._gram, self._style = _FAMILIES[family]

    @torch.no_grad()
    def style_target(self, painting: Tensor) -> dict[str, Tensor]:
        """Return {layer: (1, C, C) float32 Gram matrix} of one painting, (1, 3, H, W), RGB in [0, 1]."""
        features = self.vgg(painting, self.style_layers)
        return {layer: self._gram(map_) for layer, map_ in features.items()}

    @torch.no_grad()
    def content_target(self, photo: Tensor) -> dict[str, Tensor]:
        """Return {layer: (N, C, h, w) features} of photos, (N, 3, H, W), RGB in [0, 1]."""
        content: dict[str, Tensor] = self.vgg(photo, self.content_layers)
        return content

    def forward(self, picture: Tensor, content: Mapping[str, Tensor], style: Mapping[str, Tensor]) -> Distances:
        """Return the distances of pictures to targets; differentiable in `picture`.

        picture: (N, 3, H, W), RGB in [0, 1]; content: of `content_target`, for N photos of that size;
        style: of `style_target`, (N, C, C) or (1, C, C) each.
        """
        features = self.vgg(picture, (*self.content_layers, *self.style_layers))
        content_terms = [self._content(features[layer], content[layer]) for layer in self.content_layers]
        grams = {layer: self._gram(features[layer]) for layer in self.style_layers}
        return Distances(torch.stack(content_terms).mean(0), self.style_distance(grams, style))

    def style_distance(self, grams: Mapping[str, Tensor], style: Mapping[str, Tensor]) -> Tensor:
        """Return the style distance, (N,) float32, of Gram matrices, (N, C, C) each, to a style's."""
        terms = [self._style(grams[layer], style[layer].expand_as(grams[layer])) for layer in self.style_layers]
        return torch.stack(terms).mean(0) if self.family == "relative" else torch.stack(terms).sum(0)
