"""Names that are imported when they are asked for (PEP 562), so that a package itself imports at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["importer"]


def importer(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of `package`: imports a name from the module that `homes` tells, AttributeError for others.

    A module that `homes` gives as its own home, such as {"video": "impasto.video"}, is returned itself.
    """

    def imported(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home = import_module(homes[name])
        return home if home.__name__ == f"{package}.{name}" else getattr(home, name)

    return imported
