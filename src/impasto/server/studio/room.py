"""How much of the disk visitors may take."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from impasto.memory import in_words
from impasto.server.studio.errors import Full

__all__ = ["Room"]

BETWEEN = 1.0
"""Seconds between measurements; files also go, and works write theirs, without a word."""


class Room:
    """The bytes that a folder may hold, with what lies below it.

    folder: gives it; most: bytes.
    """

    def __init__(self, folder: Callable[[], Path], most: int) -> None:
        self.folder, self.most = folder, most
        self.lock = threading.Lock()
        self.used, self.measured = 0, float("-inf")

    def take(self, size: int = 0) -> None:
        """Take note that so many bytes are about to be written; raises Full if there is no room for them."""
        with self.lock:
            if time.monotonic() - self.measured > BETWEEN:
                self.used, self.measured = _bytes_in(self.folder()), time.monotonic()
            if self.used + size > self.most:
                words = f"its visitors' files fill the {in_words(self.most)} that there are for them"
                raise Full(f"the studio is full: {words}; come again later")
            self.used += size


def _bytes_in(folder: Path) -> int:
    """Return the bytes of all files and folders below a folder, while others write and remove them."""
    total = 0
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            with suppress(OSError):
                total += Path(parent, name).lstat().st_size
    return total
