"""From a trained network to the files that everybody uses, checked against torch before they appear."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impasto.export.checkpoint import import_checkpoint
    from impasto.export.exporting import export_network
    from impasto.export.write import write_model

__all__ = ["export_network", "import_checkpoint", "write_model"]

_HOMES = {
    "export_network": "impasto.export.exporting",
    "import_checkpoint": "impasto.export.checkpoint",
    "write_model": "impasto.export.write",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: the command's options are known without torch."""
    if name not in _HOMES:
        raise AttributeError(f"module 'impasto.export' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
