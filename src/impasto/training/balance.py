"""How much each style's loss counts, by the gradients of the losses, so that every painting costs about as much photo.

With one weight for all, paintings whose style loss pulls weakly at the photos end up farther from them: of the bundled
network's 29 styles the logarithms of the pull, as it is measured here, and of the content distance that is reached have
a correlation of -0.79, and the distance falls as the pull to the power of 0.12.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from impasto.perceptual.criterion import PerceptualCriterion

__all__ = ["USUAL", "balanced", "pulls"]

USUAL = 1.85
"""The median of those 29 paintings' pulls, with relative losses, photos of 128 px and paintings of 512 px."""
EXPONENT = 0.25
"""Content distances rise about as the root of the weight, so that this evens them out."""


def pulls(criterion: PerceptualCriterion, paintings: Sequence[Tensor], photos: Tensor) -> Tensor:
    """Return, for each painting, the gradient's norm of the style loss over that of the content loss, (S,) float32.

    The gradients are those at photos, (N, 3, H, W) in [0, 1], that are halfway to grey: there both losses pull, and no
    network is needed.
    """
    grey = photos.lerp(photos.mean((2, 3), keepdim=True), 0.5).requires_grad_()
    content = criterion.content_target(photos)
    ratios = []
    for painting in paintings:
        found = criterion(grey, content, criterion.style_target(painting))
        norms = [
            torch.autograd.grad(distance.sum(), grey, retain_graph=distance is found.content)[0].flatten(1).norm(dim=1)
            for distance in (found.content, found.style)
        ]
        ratios.append((norms[1] / norms[0].clamp_min(1e-30)).median())
    return torch.stack(ratios)


def balanced(criterion: PerceptualCriterion, paintings: Sequence[Tensor], photos: Tensor) -> Tensor:
    """Return what each painting's style loss is to be multiplied by, (S,) float32.

    Absolute losses are first brought to the pull of the relative ones, so that --style-weight means the same for both.
    Source: after Chen et al. 2018, "GradNorm", which makes the gradients' norms equal while it trains.  Differs: taken
    before the training, as the gradients of two losses end up equal and opposite whatever their weights; and what is to
    become equal is the content distance.
    """
    relative = PerceptualCriterion(
        criterion.vgg, content_layers=criterion.content_layers, style_layers=criterion.style_layers
    )
    usual = pulls(relative, paintings, photos)
    factors = (usual / USUAL) ** EXPONENT
    return factors if criterion.family == "relative" else factors * usual / pulls(criterion, paintings, photos)
