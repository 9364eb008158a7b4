"""How much memory there is."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

__all__ = ["SHARE", "OutOfRoom", "Room", "available_bytes", "in_words", "peak_bytes", "room_within"]

SHARE = 0.8
"""The part of what is free that may be taken."""
Room = Callable[[], int]
"""Says how many bytes may be taken from now on; what is given back before it is asked counts."""
_CGROUP = Path("/sys/fs/cgroup")
_STATUS = Path("/proc/self/status")


class OutOfRoom(MemoryError):
    """Some `work` needs more memory than it may take: `needed` bytes where there are `room`."""

    def __init__(self, work: str, needed: int, room: int) -> None:
        self.work, self.needed, self.room = work, needed, room
        super().__init__(f"{work} takes {in_words(needed)}, and {in_words(max(0, room))} are left")


def in_words(count: int) -> str:
    """Return bytes as in 640 MB or 1.5 GB."""
    return f"{count / 2**30:.1f} GB" if count >= 2**30 else f"{count / 2**20:.0f} MB"


def available_bytes() -> int:
    """Return how many bytes may be taken of the machine's memory without doing harm.

    A container's limit counts as the machine's.
    """
    import psutil

    free = psutil.virtual_memory().available
    left = _left_in_container()
    return int(SHARE * (free if left is None else min(free, left)))


def room_within(limit: int | None) -> int:
    """Return how many bytes this process may still take: of a limit for all of it, or, for None, of what is free.

    Negative where it takes more than its limit already.
    """
    if limit is None:
        return available_bytes()
    import psutil

    used: int = psutil.Process().memory_info().rss
    return limit - used


def peak_bytes() -> int:
    """Return the most memory, in bytes, that this process has had so far."""
    if _STATUS.exists():  # Linux, whose ru_maxrss begins with that of the process that started this one
        lines = _STATUS.read_text().splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
    import psutil

    known = psutil.Process().memory_info()
    if hasattr(known, "peak_wset"):  # Windows
        return int(known.peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


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
