"""What a style strength means: a weight of the style loss."""

from __future__ import annotations

from impasto.gatys.config import OptimizeConfig
from impasto.gatys.objective import Weights

__all__ = ["weights_of"]

AT_HALF = {"gram": 10.0, "mean-deviation": 25.0, "wasserstein": 10.0, "histogram": 8.0, "nearest": 8.0}
"""Weight of each style loss at strength 1/2: those with which pictures keep about as much of the content."""
STEEPNESS = 1.5
"""At strength 0.1 the weight is 1/27 of that at 1/2, at 0.9 it is 27 times as large."""


def weights_of(config: OptimizeConfig) -> Weights:
    """Return the weights of a config's losses: --style-weight, or else what --style-strength s stands for.

    That is AT_HALF * (s / (1 - s))^STEEPNESS beside content; 0 is content only and 1 style only.  The losses are
    relative, so that it needs nothing of the pair: a weight from the losses' gradients at the photo, or from the
    photo's own style distance, makes pairs less alike, not more.  benchmarks/balance.py says how alike they are.
    """
    content, style, strength = config.content_weight, config.style_weight, config.style_strength
    if not style and (strength == 1 or not content):
        content, style = 0.0, 1.0
    elif not style:
        style = content * AT_HALF[config.style_loss] * (strength / (1 - strength)) ** STEEPNESS
    return Weights(content, style, config.tv_weight, config.edge_weight)
