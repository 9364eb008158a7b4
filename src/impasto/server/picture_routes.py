"""Requests that a painting answers, and what may be asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from impasto.options import seconds_of
from impasto.server.clients import while_there
from impasto.server.library import Library
from impasto.server.orders import PICTURE_FIELDS, Order
from impasto.server.painting import Painted, Painters
from impasto.server.schema import described
from impasto.server.settings import ServerSettings
from impasto.server.uploads import received

__all__ = ["add_picture_routes"]

_STYLIZE = described(
    PICTURE_FIELDS, files={"photo": "the photo", "mask": "where to paint: white is painted"}, raw="image/*"
)


def add_picture_routes(
    app: FastAPI, settings: ServerSettings, painters: Painters, library: Library, work: Path
) -> None:
    """Add what paints pictures and lists styles; work: the scratch folder."""
    deadline = seconds_of(settings.deadline, "--deadline")

    @app.post("/v1/stylize", summary="Paint a photo", tags=["paint"], response_class=Response, openapi_extra=_STYLIZE)
    async def stylize(request: Request) -> Response:
        """Send the photo as the body, or in a form; the painting comes back."""
        with painters.place():
            async with received(request, "photo", work) as upload:
                order = Order.of(upload, settings)
                return _response(await while_there(request, painters.paint(order), deadline))

    @app.get("/v1/styles", summary="The styles that there are", tags=["paint"])
    async def styles() -> list[dict[str, Any]]:
        """The bundled styles with their paintings' credits, then those that were learned here."""
        return await run_in_threadpool(library.facts)


def _response(painted: Painted) -> Response:
    ending = painted.content_type.partition("/")[2]
    stages = ", ".join(f"{stage};dur={1000 * seconds:.1f}" for stage, seconds in painted.stages.items())
    headers = {"Content-Disposition": f'inline; filename="painted.{ending}"', "Server-Timing": stages}
    if painted.notices:
        headers["Impasto-Notices"] = json.dumps(painted.notices)
    return Response(painted.data, media_type=painted.content_type, headers=headers)
