"""OpenVINO, imported so that it keeps to itself: painting is offline."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["ops", "ov"]


@contextmanager
def _absent(package: str) -> Iterator[None]:
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


with _absent("openvino_telemetry"):  # with it OpenVINO reports each import to its makers
    import openvino as ov
    from openvino import opset13 as ops
