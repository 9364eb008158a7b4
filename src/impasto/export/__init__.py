"""From a trained network to the files that everybody uses, checked against torch before they appear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto.lazy import importer

if TYPE_CHECKING:
    from impasto.export.checkpoint import import_checkpoint
    from impasto.export.exporting import export_network
    from impasto.export.write import write_model

__all__ = ["export_network", "import_checkpoint", "write_model"]

__getattr__ = importer(
    "impasto.export",
    {
        "export_network": "impasto.export.exporting",
        "import_checkpoint": "impasto.export.checkpoint",
        "write_model": "impasto.export.write",
    },
)
