"""Painting over HTTP, and the web studio; needs the extra `serve`.

app = create_app(ServerSettings(studio=False))              # for any ASGI server; `impasto serve` runs it by uvicorn
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto.lazy import importer
from impasto.server.settings import ServerSettings

if TYPE_CHECKING:
    from impasto.server.app import create_app

__all__ = ["ServerSettings", "create_app"]

__getattr__ = importer("impasto.server", {"create_app": "impasto.server.app"})
