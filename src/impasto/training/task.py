"""What is trained: a network and its style vectors, by perceptual losses.  The loop knows nothing of this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from impasto.errors import InvalidOption
from impasto.nets.base import PaintingNet
from impasto.perceptual import losses
from impasto.perceptual.criterion import Distances, PerceptualCriterion
from impasto.training.config import TrainConfig

__all__ = ["StyleTask", "StyledNetwork", "Targets", "style_targets"]

Targets = dict[str, Tensor]
"""{layer: (S, C, C)}: the Gram matrices of S paintings."""


class StyledNetwork(nn.Module):
    """A painting network together with the vectors of its styles; the last vector is the identity's."""

    def __init__(self, net: PaintingNet, styles: int) -> None:
        super().__init__()
        if not net.style_parameters and styles > 1:
            raise InvalidOption(f"--network: this one has its style in its weights, so it takes 1 --style, not {styles}")
        self.net = net
        self.vectors = nn.Parameter(torch.stack([net.new_style()] * styles + [net.new_identity()]))

    @property
    def identity(self) -> Tensor:
        """The identity's vector, (1, P)."""
        return self.vectors[-1:]

    def forward(self, photos: Tensor, indexes: Tensor) -> Tensor:
        """Paint photos, (N, 3, H, W) RGB in [0, 1], each in the style of its index, (N,) int64."""
        return self.net(photos, self.vectors[indexes])


def style_targets(criterion: PerceptualCriterion, paintings: Sequence[Tensor]) -> Targets:
    """Return the Gram matrices of paintings, each (1, 3, H, W) RGB in [0, 1], stacked in their order."""
    each = [criterion.style_target(painting) for painting in paintings]
    return {layer: torch.cat([target[layer] for target in each]) for layer in criterion.style_layers}


@dataclass
class StyleTask:
    """One step's loss.

    Everything random is a function of (seed, step, rank), so a resumed run repeats what it would have done.
    """

    config: TrainConfig
    criterion: PerceptualCriterion
    bf16: bool
    steps: int
    rank: int = 0

    def loss(self, model: StyledNetwork, photos: Tensor, targets: Targets, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss to minimise and its unweighted terms.

        photos: (N, 3, S, S) float32 RGB in [0, 1]; targets: of all styles.  All returned values are float32 scalars.
        """
        config = self.config
        chance = torch.Generator().manual_seed((config.seed << 32) + step * 4096 + self.rank)
        styles = _deal_styles(len(photos), len(model.vectors) - 1, chance).to(photos.device)
        with torch.autocast(photos.device.type, torch.bfloat16, enabled=self.bf16):
            painted = model(photos, styles).float()
            distances = self._distances(painted, photos, {layer: gram[styles] for layer, gram in targets.items()})
            terms = {"content": distances.content, "style": distances.style, "tv": self._total_variation(painted),
                     "range": losses.out_of_range(painted)}
            if config.steady_weight:
                terms["steady"] = self._unsteadiness(model, photos, styles, painted, chance)
            if config.identity_weight and model.net.style_parameters:
                terms["identity"] = self._identity_error(model, photos)
        report = {name: term.mean() for name, term in terms.items()}
        weights = self.weights(step)
        return torch.stack([weights[name] * term for name, term in report.items()]).sum(), report

    def weights(self, step: int) -> dict[str, float]:
        """Return the weight of each term at a step; the style's rises from `style_start` over `style_ramp` of the run."""
        config = self.config
        risen = min(1.0, step / (config.style_ramp * self.steps)) if config.style_ramp else 1.0
        style = config.style_weight * (config.style_start + (1 - config.style_start) * risen)
        return {"content": config.content_weight, "style": style, "tv": config.tv_weight, "range": config.range_weight,
                "steady": config.steady_weight, "identity": config.identity_weight}

    def _distances(self, painted: Tensor, photos: Tensor, style: Targets) -> Distances:
        distances: Distances = self.criterion(painted, self.criterion.content_target(photos), style)
        return distances

    def _total_variation(self, painted: Tensor) -> Tensor:
        relative = self.config.losses == "relative"
        return losses.total_variation(painted) if relative else losses.absolute_total_variation(painted)

    def _unsteadiness(
        self, model: StyledNetwork, photos: Tensor, styles: Tensor, painted: Tensor, chance: torch.Generator
    ) -> Tensor:
        """Return how much half of the paintings change, beyond the shift, when the photos are shifted and noisy.

        Source: Rainy and de Berker 2018 (noise); Huang et al. 2017 and Ruder et al. 2018 (motion between frames).
        Differs: the motion is a whole-pixel shift, so it is known exactly, and what leaves the picture at one side is
        left out of the comparison instead of being estimated.
        """
        half = slice(0, (len(photos) + 1) // 2)
        down, across = (int(v) for v in torch.randint(-self.config.steady_shift, self.config.steady_shift + 1, (2,),
                                                      generator=chance))
        noise = torch.randn(photos[half].shape, generator=chance).to(photos.device) * self.config.steady_noise
        moved = torch.roll(photos[half], (down, across), (2, 3)) + noise
        expected = torch.roll(painted[half], (down, across), (2, 3))
        difference = (model(moved, styles[half]).float() - expected).square()
        margin = model.net.stride * 4
        return difference[:, :, margin:-margin, margin:-margin].flatten(1).mean(1)

    def _identity_error(self, model: StyledNetwork, photos: Tensor) -> Tensor:
        """Return the mean squared error of a quarter of the photos painted in the identity style, against themselves."""
        some = photos[: (len(photos) + 3) // 4]
        return (model.net(some, model.identity).float() - some).square().flatten(1).mean(1)


def _deal_styles(photos: int, styles: int, chance: torch.Generator) -> Tensor:
    """Return a style for each photo, (photos,) int64, dealt like cards so that none comes twice before all came once."""
    rounds = -(-photos // styles)
    return torch.cat([torch.randperm(styles, generator=chance) for _ in range(rounds)])[:photos]


def scalars(report: dict[str, Any]) -> dict[str, float]:
    """Return a report's values as Python floats."""
    return {name: float(value) for name, value in report.items()}
