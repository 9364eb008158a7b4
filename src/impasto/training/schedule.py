"""The course of the learning rate, a function of the step alone."""

from __future__ import annotations

import math

from impasto.training.config import TrainConfig

__all__ = ["learning_rate_factor"]


def learning_rate_factor(step: int, steps: int, config: TrainConfig) -> float:
    """Return what the learning rates are multiplied by at a step, in 0..1.

    Rises linearly over the warm-up (at most a tenth of the run), then stays or falls to 0 as half a cosine.
    """
    warmup = min(config.warmup, steps // 10)
    rise = min(1.0, (step + 1) / (warmup + 1))
    if config.schedule == "constant":
        return rise
    return rise * 0.5 * (1 + math.cos(math.pi * step / steps))
