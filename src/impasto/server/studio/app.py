"""The studio as an application: its page, its routes and its answers to what goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from impasto.errors import ImpastoError
from impasto.model import bundled_styles
from impasto.server.studio import arrivals, routes
from impasto.server.studio.sentences import sentence
from impasto.server.studio.studio import Studio
from impasto.server.studio.visiting import Open

__all__ = ["studio_app"]

PAGE = Path(__file__).parent / "page"
POLICY = "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'; form-action 'none'; base-uri 'none'"
"""What the page may load: its own files and the pictures that it has fetched, and nothing from elsewhere."""
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache"}


def studio_app(studio: Studio) -> FastAPI:
    """Return the application that answers at the studio's root."""
    app = FastAPI(openapi_url=None)
    app.state.studio = studio
    app.add_exception_handler(ImpastoError, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_ill_formed)
    app.add_api_route("/", _page, include_in_schema=False)
    app.add_api_route("/studio/facts", _facts)
    app.include_router(arrivals.router)
    app.include_router(routes.router)
    app.mount("/studio/page", StaticFiles(directory=PAGE), "page")
    return app


def _page() -> Response:
    return FileResponse(PAGE / "index.html", headers=HEADERS)


def _facts(studio: Open) -> dict[str, Any]:
    """Tell what there is to choose from, and begin to make ready for painting."""
    studio.prepare()
    styles = [{"name": style.name, **vars(style.credits)} for style in bundled_styles()]
    return {"styles": styles, "samples": [*arrivals.samples()], "missing": studio.missing()}


def _refuse(request: Request, error: Exception) -> Response:
    studio: Studio = request.app.state.studio
    status, headers = getattr(error, "status", 422), getattr(error, "headers", None)
    return _answer(error, sentence(error, studio.visits.scratch), status, headers)


def _refuse_ill_formed(_request: Request, error: Exception) -> Response:
    first = cast("RequestValidationError", error).errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:])
    return _answer(error, f"{where}: {first['msg']}", 422)


def _answer(error: Exception, message: str, status: int, headers: Any = None) -> Response:
    return JSONResponse({"error": {"type": type(error).__name__, "message": message}}, status, headers)
