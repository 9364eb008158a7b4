"""How much each style's loss counts, so that no painting pulls harder than another."""

from __future__ import annotations

import torch
from torch import Tensor

from impasto.perceptual.criterion import PerceptualCriterion
from impasto.training.task import Targets

__all__ = ["USUAL", "balanced", "pulls"]

USUAL = 0.15
"""How hard a painting usually pulls, as `pulls` measures it, with relative losses: the median of 29 paintings."""
MOST = 8.0
"""With relative losses, which are near one another, a style's loss is multiplied or divided by this at most."""


def pulls(criterion: PerceptualCriterion, targets: Targets, photos: Tensor) -> Tensor:
    """Return, for each of S styles, the gradient's norm of the style loss over that of the content loss, (S,) float32.

    The gradients are those of photos, (N, 3, H, W) in [0, 1], that are halfway to grey: there, both losses pull, and no
    network has yet been trained.
    """
    grey = photos.lerp(photos.mean((2, 3), keepdim=True), 0.5).requires_grad_()
    content = criterion.content_target(photos)
    styles = len(next(iter(targets.values())))
    ratios = []
    for style in range(styles):
        target = {layer: gram[style : style + 1] for layer, gram in targets.items()}
        found = criterion(grey, content, target)
        norms = [
            torch.autograd.grad(distance.sum(), grey, retain_graph=distance is found.content)[0].flatten(1).norm(dim=1)
            for distance in (found.content, found.style)
        ]
        ratios.append((norms[1] / norms[0].clamp_min(1e-30)).median())
    return torch.stack(ratios)


def balanced(criterion: PerceptualCriterion, targets: Targets, photos: Tensor) -> Tensor:
    """Return what each style's loss is to be multiplied by, (S,) float32, so that all pull as a usual painting does.

    --style-weight then means the same for every painting and for both families of losses.
    Source: after Chen et al. 2018, "GradNorm", eq. 1.  Differs: measured once, before the training, at the photos;
    in the course of a training the gradients of its losses become equal and opposite, whatever their weights.
    """
    factors = USUAL / pulls(criterion, targets, photos)
    return factors.clamp(1 / MOST, MOST) if criterion.family == "relative" else factors
