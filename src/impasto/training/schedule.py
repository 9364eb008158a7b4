"""The course of the learning rate and of the averaging, functions of the step alone."""

from __future__ import annotations

import math

from impasto.training.config import TrainConfig

__all__ = ["averaging_decay", "learning_rate_factor"]


def learning_rate_factor(step: int, steps: int, config: TrainConfig) -> float:
    """Return what the learning rates are multiplied by at a step, 0 <= step <= steps, of a run of `steps`; in 0..1.

    Rises linearly over the warm-up (at most a tenth of the run), then stays or falls to 0 as half a cosine.
    """
    warmup = min(config.warmup, steps // 10)
    rise = min(1.0, (step + 1) / (warmup + 1))
    if config.schedule == "constant":
        return rise
    return rise * 0.5 * (1 + math.cos(math.pi * step / steps))


def averaging_decay(updates: int, decay: float) -> float:
    """Return the decay of the running average after so many updates: at first little is kept, later `decay`.

    A decay of 0.998 from the start would leave a run of some hundred steps with an average of its first ones.
    Source: TensorFlow's ExponentialMovingAverage, num_updates.
    """
    return min(decay, (1 + updates) / (10 + updates))
