"""The web studio: one page to paint photos and films on, to learn styles and to optimise, in any browser.

mount(app, settings, sessions)        # after the routes that are not the studio's, as it answers to all that is left
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from impasto.runtime.session import Session
from impasto.server.studio.app import studio_app
from impasto.server.studio.limits import Limits
from impasto.server.studio.studio import Studio

__all__ = ["Limits", "mount"]


def mount(app: FastAPI, settings: Limits, sessions: Callable[[Path], Session]) -> None:
    """Mount the studio at `/`; its scratch files go when the application ends.

    sessions: gives the session of a network's file; several threads may use it at once.  Nothing is loaded, and no
    folder made, before somebody comes.
    """
    studio = Studio(settings, sessions)
    around = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(of: Any) -> AsyncIterator[Any]:
        async with around(of) as state:
            try:
                yield state
            finally:
                studio.close()

    app.router.lifespan_context = lifespan
    app.mount("/", studio_app(studio), "studio")
