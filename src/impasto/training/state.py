"""Everything of a run that changes, and its checkpoint: written atomically, read back exactly."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from impasto.atomic import atomic_write
from impasto.errors import TrainingError
from impasto.perceptual.paintings import Sketch
from impasto.training.config import TrainConfig
from impasto.training.schedule import averaging_decay, learning_rate_factor
from impasto.training.task import StyledNetwork

__all__ = ["CHECKPOINT", "Memory", "TrainState"]

CHECKPOINT = "checkpoint.pt"

Tensors = list[Tensor] | tuple[Tensor, ...]


@dataclass
class Memory:
    """What a guard remembers, see `impasto.training.guard`.

    kept: model, average, optimizer and step of the last good state; usual: losses of the last good steps; spikes: so
    many in a row until now; returns: how often the run went back since a state was last kept.
    """

    kept: dict[str, Any]
    usual: list[float] = field(default_factory=list)
    spikes: int = 0
    returns: int = 0


@dataclass
class TrainState:
    """A model in training.

    average: the running average of the weights, which is what is previewed and exported; step: steps done; seconds:
    time that they took, without waiting for photos; rates: full learning rates of the optimiser's groups.
    whole: whether model, optimiser, average and step belong together, as they do but for a moment in `update`.
    base: facts of what the run started from, or None; sketches: of the styles' paintings, by name.
    slowdown: what the learning rates are multiplied by since the run had to go back; memory: of the guard, or None
    without one; samples: photos that all processes together have consumed.
    """

    model: StyledNetwork
    optimizer: torch.optim.Optimizer
    average: AveragedModel
    step: int = 0
    seconds: float = 0.0
    rates: list[float] = field(default_factory=list)
    whole: bool = True
    base: dict[str, Any] | None = None
    sketches: dict[str, Sketch] = field(default_factory=dict)
    slowdown: float = 1.0
    memory: Memory | None = None
    samples: int = 0

    @classmethod
    def begin(cls, model: StyledNetwork, config: TrainConfig) -> TrainState:
        """Return the state before the first step."""
        groups = [
            {"params": list(model.net.parameters()), "lr": config.lr, "weight_decay": config.weight_decay},
            {"params": [model.vectors], "lr": config.vector_lr, "weight_decay": 0.0},
        ]
        average = AveragedModel(model, multi_avg_fn=_Averaging(config.ema), use_buffers=True)
        return cls(model, torch.optim.AdamW(groups), average, rates=[config.lr, config.vector_lr])

    @property
    def averaged(self) -> StyledNetwork:
        """The model with the running average of the weights."""
        module: Any = self.average.module
        assert isinstance(module, StyledNetwork)  # noqa: S101 - for the type checker
        return module

    def set_learning_rates(self, steps: int, config: TrainConfig) -> None:
        """Give the optimiser the next step's learning rates, in a run of so many steps."""
        factor = learning_rate_factor(self.step, steps, config) * self.slowdown
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor

    def parameters(self) -> list[nn.Parameter]:
        """All that is learned."""
        return list(self.model.parameters())

    @contextmanager
    def buffers_kept(self) -> Iterator[None]:
        """Put the model's buffers (batch norm's moments, which a forward pass changes) back if the block raises."""
        before = [buffer.clone() for buffer in self.model.buffers()]
        try:
            yield
        except BaseException:
            for buffer, old in zip(self.model.buffers(), before, strict=True):
                buffer.copy_(old)
            raise

    def update(self) -> None:
        """Make a step by the gradients that the parameters have."""
        self.whole = False
        self.optimizer.step()
        self.average.update_parameters(self.model)
        self.step += 1
        self.whole = True

    def save(self, run: Path, config: TrainConfig) -> None:
        """Write RUN/checkpoint.pt, whole or not at all; raises TrainingError if it cannot be written there."""
        state = {
            "config": config.to_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "base": self.base,
            "slowdown": self.slowdown,
            "memory": None if self.memory is None else vars(self.memory),
            "samples": self.samples,
            "sketches": {name: _packed(sketch) for name, sketch in self.sketches.items()},
        }
        packed = io.BytesIO()
        torch.save(state, packed)
        try:
            with atomic_write(run / CHECKPOINT) as file:
                file.write(packed.getbuffer())
        except OSError as error:
            raise TrainingError(
                f"{run / CHECKPOINT} cannot be written at step {self.step} ({error.strerror}); "
                "the checkpoint before it is kept"
            ) from error

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over what `load` returned; raises TrainingError if that is no state of this model."""
        try:
            self.model.load_state_dict(saved["model"])
            self.average.load_state_dict(saved["average"])
            self.optimizer.load_state_dict(saved["optimizer"])
            self.step, self.seconds, self.base = saved["step"], saved["seconds"], saved.get("base")
            self.slowdown, self.samples = float(saved.get("slowdown", 1.0)), int(saved.get("samples", 0))
            remembered = saved.get("memory")
            self.memory = None if remembered is None else Memory(**remembered)
            self.sketches = {name: _unpacked(packed) for name, packed in saved.get("sketches", {}).items()}
        except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise TrainingError(f"the {CHECKPOINT} is not one of this run's network and styles") from error

    @staticmethod
    def load(run: Path) -> dict[str, Any]:
        """Return what `save` wrote, on the CPU; raises TrainingError if it is absent or damaged."""
        path = run / CHECKPOINT
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise TrainingError(f"{run} holds no run that could be resumed (no {CHECKPOINT} in it)") from error
        except Exception as error:  # damage makes the unpickler raise almost anything
            raise TrainingError(f"{path} is damaged and cannot be resumed from") from error
        if not isinstance(saved, dict) or not isinstance(saved.get("config"), dict):
            raise TrainingError(f"{path} is not a checkpoint of a training run")
        return saved


def _packed(sketch: Sketch) -> dict[str, Tensor]:
    """Return a sketch as what torch reads without unpickling."""
    return {name: torch.from_numpy(fact) for name, fact in vars(sketch).items() if fact is not None}


def _unpacked(packed: dict[str, Tensor]) -> Sketch:
    signature = packed.get("signature")
    return Sketch(packed["palette"].numpy(), None if signature is None else signature.numpy())


@dataclass(frozen=True)
class _Averaging:
    """Moves averages, tensors of one dtype, towards the present values; `decay` is TrainConfig.ema."""

    decay: float

    @torch.no_grad()
    def __call__(self, averages: Tensors, values: Tensors, updates: Tensor | int) -> None:
        if averages[0].is_floating_point():
            torch._foreach_lerp_(averages, values, 1 - averaging_decay(int(updates), self.decay))
        else:  # batch norm's counters
            torch._foreach_copy_(averages, values)
