"""Painting over HTTP, and the web studio; needs the extra `serve`.

app = create_app(ServerSettings(studio=False))              # for any ASGI server; `impasto serve` runs it by uvicorn
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impasto.server.settings import ServerSettings

if TYPE_CHECKING:
    from impasto.server.app import create_app

__all__ = ["ServerSettings", "create_app"]


def __getattr__(name: str) -> Any:
    """Import the application when it is asked for: its settings alone need no web framework."""
    if name != "create_app":
        raise AttributeError(f"module 'impasto.server' has no attribute {name!r}")
    from impasto.server.app import create_app

    return create_app
