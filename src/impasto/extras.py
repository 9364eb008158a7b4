"""What is needed beyond the base install."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from impasto.errors import EngineUnavailable

__all__ = ["needing"]


@contextmanager
def needing(extra: str, what: str) -> Iterator[None]:
    """Say, where an import in the block fails, what needs which package and how to install it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("impasto"):
            raise
        raise EngineUnavailable(f"{what} needs {error.name}; pip install 'impasto[{extra}]'") from error
