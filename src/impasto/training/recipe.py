"""Recipes: training options in a TOML file, under the same names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from impasto.errors import InvalidOption
from impasto.options import read_toml
from impasto.training.config import TrainConfig

__all__ = ["read_recipe"]


def read_recipe(path: Path) -> dict[str, Any]:
    """Return a recipe's options as plain values for TrainConfig.from_dict; it need not name all.

    Raises InvalidOption, naming the file, if it is absent or broken, or has an unknown option or an ill-typed value.
    """
    values = read_toml(path)
    try:
        TrainConfig.check_plain(values)
    except InvalidOption as error:
        raise InvalidOption(f"--config: {path}: {error}") from error
    return values
