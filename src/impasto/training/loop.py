"""The training loop: forward, backward, clip, step, average, hooks.  It knows no loss and no file."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from impasto.errors import Diverged
from impasto.training.config import TrainConfig
from impasto.training.distributed import World
from impasto.training.guard import Guard
from impasto.training.interrupts import delayed_interrupt
from impasto.training.state import TrainState
from impasto.training.task import StyledNetwork

__all__ = ["Hook", "Report", "Task", "run_phase"]

Report = dict[str, float]
"""{"loss": ..., term: ...}: the loss of a step and its unweighted terms."""


class Task(Protocol):
    """What is trained: config with the optimiser's options, the run's number of steps, and a loss."""

    config: TrainConfig
    steps: int

    def loss(self, model: StyledNetwork, photos: Tensor, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss to minimise and its terms, float32 scalars, of photos, (N, 3, S, S) RGB in [0, 1]."""


class Hook(Protocol):
    """Something that happens beside the training."""

    def after_step(self, state: TrainState, report: Report, photos: int) -> None:
        """Take note of a step: its report, and how many photos it used in all processes."""

    def close(self) -> None:
        """Finish, at the run's end or when it was interrupted."""


def run_phase(
    state: TrainState,
    task: Task,
    batches: Iterable[Tensor],
    world: World,
    hooks: Sequence[Hook],
    guard: Guard | None = None,
) -> None:
    """Train on every batch, (N, 3, S, S) uint8 RGB each, changing `state`.

    Ctrl-C and SIGTERM wait for the end of a step and its hooks.
    Raises Diverged, naming the step, when the loss or its gradient is no longer a number; the state is then as before
    that step.  With a guard the run goes back instead, and that step's photos are passed over.
    """
    for batch in batches:
        with delayed_interrupt():
            began = time.perf_counter()
            photos = undo_rounding(batch, state.step, world).to(world.device, memory_format=torch.channels_last)
            try:
                report = _step(state, task, photos, world)
            except Diverged as error:
                if guard is None:
                    raise
                state.step += 1
                state.samples += len(photos) * world.size
                guard.go_back(state, str(error).partition(",")[0])
                continue
            state.seconds += time.perf_counter() - began
            state.samples += len(photos) * world.size
            if guard is not None:
                guard.after_step(state, report["loss"])
            for hook in hooks:
                hook.after_step(state, report, len(photos) * world.size)


def _step(state: TrainState, task: Task, photos: Tensor, world: World) -> Report:
    parameters = state.parameters()
    state.set_learning_rates(task.steps, task.config)
    with state.buffers_kept():
        loss, terms = task.loss(state.model, photos, state.step)
        state.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        world.average_gradients(parameters)
        norm = torch.nn.utils.clip_grad_norm_(parameters, task.config.clip or math.inf)
        # One transfer for all of them: each by itself would make a GPU wait.
        value, length, *values = world.average(torch.stack([loss, norm, *terms.values()])).tolist()
        if not (math.isfinite(value) and math.isfinite(length)):
            what = "the gradient's norm" if math.isfinite(value) else "the loss"
            number = length if math.isfinite(value) else value
            raise Diverged(
                f"{what} became {number} at step {state.step + 1}, and what was reached before is kept; "
                "lower --lr or --style-weight and begin anew"
            )
    state.update()
    return {"loss": value, **dict(zip(terms, values, strict=True))}


def undo_rounding(batch: Tensor, step: int, world: World) -> Tensor:
    """Return uint8 photos, (N, 3, S, S), as float32 in about [0, 1], with noise of the half step that rounding took.

    A blank sky is then never exactly flat.  Where it is, every norm divides by the root of its epsilon, and a dozen
    such factors in a row make gradients overflow.
    """
    photos, *shape = batch.shape
    noise = torch.rand((photos * world.size, *shape), generator=torch.Generator().manual_seed(step))
    return (batch + (world.share(noise) - 0.5)) / 255
