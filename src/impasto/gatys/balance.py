"""Weights that need no search: from how strongly content and style pull at the same picture."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from impasto.gatys.config import OptimizeConfig
from impasto.gatys.objective import Objective, Weights

__all__ = ["balanced"]

NOISE = 0.1
"""Deviation of the noise on the photo at which the pulls are measured."""
EVEN = 15.0
"""How many times stronger than content style pulls at strength 1/2."""


def balanced(objective: Objective, config: OptimizeConfig) -> Weights:
    """Return weights with which style pulls as much stronger than content as --style-strength says.

    The pull of a loss is the norm of its gradient at the photo with a little noise; at strength s style pulls
    EVEN * s / (1 - s) times as strongly, whatever the size of a painting's loss.  benchmarks/balance.py compares pairs.
    """
    weights, strength = objective.weights, config.style_strength
    if strength == 1:
        return replace(weights, content=0.0, style=1.0)
    generator = torch.Generator().manual_seed(config.seed)
    photo = objective.targets.photo
    noise = torch.randn(photo.shape, generator=generator).to(photo.device)
    picture = (photo + NOISE * noise).clamp(0, 1)
    content = _pull(objective, replace(weights, content=1.0, style=0.0, tv=0.0, edges=0.0), picture)
    style = _pull(objective, replace(weights, content=0.0, style=1.0, tv=0.0, edges=0.0), picture)
    ratio = EVEN * strength / (1 - strength)
    return replace(weights, style=weights.content * ratio * content / max(style, 1e-20))


def _pull(objective: Objective, weights: Weights, picture: Tensor) -> float:
    kept, objective.weights = objective.weights, weights
    try:
        return float(objective(picture).gradient.norm())
    finally:
        objective.weights = kept
