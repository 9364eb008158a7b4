"""From a trained network to the files that everybody uses, checked against torch before they appear."""

from impasto.export.write import write_model

__all__ = ["write_model"]
