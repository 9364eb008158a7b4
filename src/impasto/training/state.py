"""Everything of a run that changes, and its checkpoint: written atomically, read back exactly."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from impasto.errors import TrainingError
from impasto.atomic import atomic_write
from impasto.training.config import TrainConfig
from impasto.training.schedule import learning_rate_factor
from impasto.training.task import StyledNetwork

__all__ = ["CHECKPOINT", "TrainState"]

CHECKPOINT = "checkpoint.pt"


@dataclass
class TrainState:
    """A model in training.

    step: steps done; average: the running average of the weights, which is what is previewed and exported.
    """

    model: StyledNetwork
    optimizer: torch.optim.Optimizer
    average: AveragedModel
    step: int = 0
    seconds: float = 0.0
    rates: list[float] = field(default_factory=list)

    @classmethod
    def begin(cls, model: StyledNetwork, config: TrainConfig) -> TrainState:
        """Return the state before the first step."""
        groups = [
            {"params": list(model.net.parameters()), "lr": config.lr, "weight_decay": config.weight_decay},
            {"params": [model.vectors], "lr": config.vector_lr, "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups)
        average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(config.ema), use_buffers=True)
        return cls(model, optimizer, average, rates=[config.lr, config.vector_lr])

    @property
    def averaged(self) -> StyledNetwork:
        """The model with the running average of the weights."""
        module: Any = self.average.module
        assert isinstance(module, StyledNetwork)  # noqa: S101 - for the type checker
        return module

    def set_learning_rates(self, steps: int, config: TrainConfig) -> None:
        """Give the optimiser this step's learning rates."""
        factor = learning_rate_factor(self.step, steps, config)
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor

    def parameters(self) -> list[nn.Parameter]:
        """All that is learned."""
        return list(self.model.parameters())

    def save(self, run: Path, config: TrainConfig) -> None:
        """Write RUN/checkpoint.pt, whole or not at all."""
        state = {
            "config": config.to_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        with atomic_write(run / CHECKPOINT) as file:
            torch.save(state, file)

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over what `load` returned."""
        self.model.load_state_dict(saved["model"])
        self.average.load_state_dict(saved["average"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.step, self.seconds = saved["step"], saved["seconds"]

    @staticmethod
    def load(run: Path) -> dict[str, Any]:
        """Return what `save` wrote, on the CPU; raises TrainingError if it is absent or damaged."""
        path = run / CHECKPOINT
        try:
            saved: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        except FileNotFoundError as error:
            raise TrainingError(f"{run} holds no run that could be resumed (no {CHECKPOINT} in it)") from error
        except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
            raise TrainingError(f"{path} is damaged and cannot be resumed from") from error
        return saved
