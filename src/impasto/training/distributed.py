"""Who this process is among those of a run: the only place that reads ranks, devices and precision from the machine."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn

from impasto.errors import EngineUnavailable

__all__ = ["World"]


@dataclass(frozen=True)
class World:
    """rank of size processes, this one working on `device`."""

    rank: int = 0
    size: int = 1
    device: torch.device = torch.device("cpu")

    @classmethod
    def join(cls, device: str = "auto") -> World:
        """Return this process's place: from torchrun's environment, else alone.

        device: "auto" (cuda if there is one), "cpu", "cuda" or "cuda:N"; raises EngineUnavailable if it is not there.
        """
        rank, size = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
        chosen = _device(device, int(os.environ.get("LOCAL_RANK", "0")))
        if size > 1 and not dist.is_initialized():
            dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
        return cls(rank, size, chosen)

    @property
    def leads(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace each gradient by its mean over the processes.

        One reduction of everything: the networks have some hundred thousand parameters, so overlapping the
        reduction with the backward pass would gain nothing.
        """
        if self.size == 1:
            return
        gradients: list[Tensor] = [p.grad for p in parameters if p.grad is not None]
        together = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(together)
        parts = (together / self.size).split([gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def wants_bf16(self, precision: str) -> bool:
        """Whether networks run in bfloat16: "bf16", or "auto" where the processor multiplies it faster."""
        if precision != "auto":
            return precision == "bf16"
        if self.device.type == "cuda":
            return torch.cuda.is_bf16_supported(including_emulation=False)
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def _device(name: str, local_rank: int) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise EngineUnavailable(f"--device {name}: torch sees no CUDA device here")
    if name == "cuda":
        name = f"cuda:{local_rank}"
    try:
        return torch.device(name)
    except RuntimeError as error:
        raise EngineUnavailable(f"--device {name}: torch knows no such device") from error
