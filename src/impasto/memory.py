"""How much memory there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["available_bytes"]

SHARE = 0.8
"""The part of what is free that may be taken."""
_CGROUP = Path("/sys/fs/cgroup")


def available_bytes(device: Any = None) -> int:
    """Return how many bytes may be taken on a torch device, by default the machine itself, without doing harm.

    A container's limit counts as the machine's.
    """
    if device is not None and device.type == "cuda":
        import torch

        free: int = torch.cuda.mem_get_info(device)[0]
        return int(free * SHARE)
    import psutil

    free = psutil.virtual_memory().available
    left = _left_in_container()
    return int(SHARE * (free if left is None else min(free, left)))


def _left_in_container() -> int | None:
    """Return what a cgroup's limit leaves, in bytes, or None where there is none."""
    try:
        limit = (_CGROUP / "memory.max").read_text().strip()
        used = (_CGROUP / "memory.current").read_text().strip()
        cached = dict(line.split() for line in (_CGROUP / "memory.stat").read_text().splitlines())
    except OSError:
        return None
    if limit == "max":
        return None
    return max(0, int(limit) - int(used) + int(cached.get("inactive_file", 0)))
