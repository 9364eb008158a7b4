"""Who this process is among those of a run: the only place that reads ranks from the environment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
import torch.distributed as dist
from torch import Tensor, nn

from impasto.errors import EngineUnavailable, TrainingError
from impasto.perceptual.device import open_device

__all__ = ["World", "leads", "under_torchrun"]


@dataclass(frozen=True)
class World:
    """rank of size processes, this one working on `device`."""

    rank: int = 0
    size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @classmethod
    @contextmanager
    def join(cls, device: str = "auto") -> Iterator[World]:
        """Give this process's place among those that torchrun started, or a world of one; leave it at the end.

        device: "auto" (cuda if there is one), "cpu", "cuda" or "cuda:N".
        Raises EngineUnavailable if the device is not there or the processes do not find one another.
        """
        rank, size = _from_environment("RANK", 0), _from_environment("WORLD_SIZE", 1)
        chosen = open_device(device, _from_environment("LOCAL_RANK", 0))
        joins = size > 1 and not dist.is_initialized()
        if joins:
            _gather(chosen, rank, size)
        try:
            yield cls(rank, size, chosen)
        finally:
            if joins:
                dist.destroy_process_group()

    @property
    def leads(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    def average(self, values: Tensor) -> Tensor:
        """Return the mean of each process's values, of one shape everywhere; raises TrainingError if one is gone."""
        if self.size == 1:
            return values
        total = values.detach().clone()
        try:
            dist.all_reduce(total)
        except RuntimeError as error:
            reason = str(error).strip().rpartition("\n")[2]
            raise TrainingError(
                f"process {self.rank} of {self.size} has lost the others ({reason}); what was reached is kept, and "
                "--resume goes on from it, with as many processes as you like"
            ) from error
        return total / self.size

    def share(self, values: Tensor) -> Tensor:
        """Return this process's part of values that belong to the photos of a step, in the order of all processes."""
        return values[self.rank :: self.size]

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace each gradient by its mean over the processes; raises as `average`.

        One reduction of everything: the networks have some hundred thousand parameters, so overlapping the
        reduction with the backward pass would gain nothing.
        """
        if self.size == 1:
            return
        gradients: list[Tensor] = [p.grad for p in parameters if p.grad is not None]
        together = self.average(torch.cat([gradient.flatten() for gradient in gradients]))
        parts = torch.split(together, [gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))


def leads() -> bool:
    """Return whether this process is the one that writes files, also where there is no world any more."""
    return _from_environment("RANK", 0) == 0


def under_torchrun() -> bool:
    """Return whether torchrun has started this process; it may be again, after one was lost (--max-restarts).

    Which of both is not known: TORCHELASTIC_RESTART_COUNT stays 0 on machines that have lost no process themselves.
    """
    return dist.is_torchelastic_launched()


def _from_environment(name: str, default: int) -> int:
    value = os.environ.get(name, str(default))
    try:
        return int(value)
    except ValueError as error:
        raise EngineUnavailable(f"{name} is {value!r} in the environment, no number; use torchrun") from error


def _gather(device: torch.device, rank: int, size: int) -> None:
    """Wait for the other processes."""
    try:
        if device.type == "cuda":
            torch.cuda.set_device(device)
            dist.init_process_group("nccl", device_id=device)
        else:
            dist.init_process_group("gloo")
    except (RuntimeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise EngineUnavailable(f"process {rank} of {size} does not find the others ({reason})") from error
