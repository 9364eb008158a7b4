"""Recipes: training options in a TOML file, under the same names."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from impasto.errors import InvalidOption
from impasto.training.config import TrainConfig

__all__ = ["read_recipe"]

TOML = "tomllib" if sys.version_info >= (3, 11) else "tomli"


def read_recipe(path: Path) -> dict[str, Any]:
    """Return a recipe's options as plain values for TrainConfig.from_dict; it need not name all.

    Raises InvalidOption, naming the file, if it is absent or broken, or has an unknown option or an ill-typed value.
    """
    try:
        values: dict[str, Any] = importlib.import_module(TOML).loads(path.read_text(encoding="utf-8"))
        TrainConfig.check_plain(values)
    except OSError as error:
        raise InvalidOption(f"--config: {path} cannot be read ({error.strerror})") from error
    except ValueError as error:  # of the encoding or of TOML
        raise InvalidOption(f"--config: {path} is not a TOML file ({error})") from error
    except InvalidOption as error:
        raise InvalidOption(f"--config: {path}: {error}") from error
    return values
