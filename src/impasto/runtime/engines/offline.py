"""Engines that keep to themselves: painting is offline, and leaves nothing in the user's home."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["absent"]


@contextmanager
def absent(package: str) -> Iterator[None]:
    """Let a package that is not loaded yet look as if it were not installed."""
    modules: dict[str, Any] = sys.modules
    if package in modules:
        yield
        return
    modules[package] = None  # Python's own sign for it: the import fails
    try:
        yield
    finally:
        del modules[package]
