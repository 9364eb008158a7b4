"""The training loop: forward, backward, clip, step, average, hooks.  It knows no loss and no file."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor

from impasto.errors import TrainingError
from impasto.training.config import TrainConfig
from impasto.training.distributed import World
from impasto.training.state import TrainState
from impasto.training.task import StyleTask, Targets

__all__ = ["Hook", "run_phase"]

Report = dict[str, float]


class Hook(Protocol):
    """Something that happens beside the training."""

    def after_step(self, state: TrainState, report: Report, photos: int) -> None:
        """Take note of a step: its report (float values) and how many photos it used."""

    def close(self) -> None:
        """Finish, at the run's end or when it was interrupted."""


def run_phase(
    state: TrainState,
    task: StyleTask,
    batches: Iterable[Tensor],
    targets: Targets,
    config: TrainConfig,
    world: World,
    hooks: Sequence[Hook],
) -> None:
    """Train on every batch, (N, 3, S, S) uint8 RGB each, changing `state`.

    Raises TrainingError, naming the step, when the loss is no longer a number; the state is then as before that step.
    """
    parameters = state.parameters()
    for photos in _on_device(batches, world.device):
        began = time.perf_counter()
        state.set_learning_rates(task.steps, config)
        loss, report = task.loss(state.model, photos, targets, state.step)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise TrainingError(f"the loss became {value} at step {state.step + 1}; lower --lr or --style-weight, "
                                "then go on with --resume from the last checkpoint or begin anew")
        state.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        world.average_gradients(parameters)
        if config.clip:
            torch.nn.utils.clip_grad_norm_(parameters, config.clip)
        state.optimizer.step()
        state.average.update_parameters(state.model)
        state.step += 1
        state.seconds += time.perf_counter() - began
        values = {"loss": value, **{name: float(term.detach()) for name, term in report.items()}}
        for hook in hooks:
            hook.after_step(state, values, len(photos) * world.size)


def _on_device(batches: Iterable[Tensor], device: torch.device) -> Iterator[Tensor]:
    """Yield batches as float32 in [0, 1], channels_last, on the device."""
    for batch in batches:
        moved = batch.to(device, non_blocking=True)
        yield moved.to(torch.float32, memory_format=torch.channels_last).div_(255)
