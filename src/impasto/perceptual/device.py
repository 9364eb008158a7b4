"""The device and the precision that torch works with: what names of them mean on this machine."""

from __future__ import annotations

import torch

from impasto.errors import EngineUnavailable
from impasto.memory import SHARE, available_bytes

__all__ = ["available_on", "open_device", "wants_bf16"]


def open_device(name: str = "auto", local_rank: int = 0) -> torch.device:
    """Return the device of a name: "auto" (cuda if there is one), "cpu", "cuda" (that of the local rank) or "cuda:N".

    Raises EngineUnavailable if it is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(f"cuda:{local_rank}" if name == "cuda" else name)
    except RuntimeError as error:
        raise EngineUnavailable(f"--device is auto, cpu, cuda or cuda:N, got {name!r}") from error
    if device.type not in ("cpu", "cuda"):
        raise EngineUnavailable(f"--device is auto, cpu, cuda or cuda:N, got {name!r}")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise EngineUnavailable(f"--device {name}: torch sees no CUDA device here")
    if device.type == "cuda" and device.index >= torch.cuda.device_count():
        raise EngineUnavailable(f"--device {name}: torch sees only {torch.cuda.device_count()} CUDA devices here")
    return device


def wants_bf16(device: torch.device, precision: str) -> bool:
    """Return whether networks run in bfloat16: "bf16", or "auto" where the processor multiplies it faster."""
    if precision != "auto":
        return precision == "bf16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def available_on(device: torch.device) -> int:
    """Return how many bytes of a device's memory may be taken without doing harm."""
    return int(SHARE * torch.cuda.mem_get_info(device)[0]) if device.type == "cuda" else available_bytes()
