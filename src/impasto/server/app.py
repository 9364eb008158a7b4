"""The application: what it is made of, and what answers where."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from impasto import __version__
from impasto.atomic import make_folder
from impasto.errors import EngineUnavailable, ImpastoError
from impasto.model import network_of
from impasto.server.engines import Sessions
from impasto.server.guard import Guard
from impasto.server.job_routes import add_job_routes
from impasto.server.jobs import Jobs
from impasto.server.library import Library
from impasto.server.metrics import Metrics
from impasto.server.page import page
from impasto.server.painting import Painters
from impasto.server.picture_routes import add_picture_routes
from impasto.server.refusals import Refused, answer
from impasto.server.settings import ServerSettings

__all__ = ["create_app"]

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def create_app(settings: ServerSettings) -> FastAPI:
    """Return the application, with the main network open.

    Its scratch folder is there from now on, and goes when the application ends, or is collected.
    Raises EngineUnavailable, also for a studio that lacks what it needs, InvalidOption, and UnwritableOutput for
    the folders.
    """
    scratch = TemporaryDirectory(prefix="impasto-serve-", dir=_folder(settings.folder))
    work, metrics = Path(scratch.name), Metrics()
    library = Library(Path(_folder(settings.styles) or work / "styles"))
    painters = Painters(settings, library, metrics)
    painters.sessions(network_of())
    jobs = Jobs(settings, work / "jobs", metrics)
    app = FastAPI(
        title="Impasto",
        version=__version__,
        description="Paints photos and films in the style of a picture.",
        docs_url=None,  # these pages load scripts from elsewhere
        redoc_url=None,
        lifespan=_until_it_ends(jobs, painters, scratch),
        exception_handlers=ANSWERS,
    )
    app.add_middleware(Guard, settings=settings, metrics=metrics)
    add_picture_routes(app, settings, painters, library, work)
    add_job_routes(app, settings, jobs, library, work)
    _add_own_routes(app, settings, metrics, painters)
    if settings.studio:
        _mount_studio(app, settings, painters.sessions)
    return app


def _until_it_ends(
    jobs: Jobs, painters: Painters, scratch: TemporaryDirectory[str]
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Return the application's life: at its end jobs and threads end, and the scratch folder goes."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await jobs.close()
            painters.close()
            scratch.cleanup()

    return life


def _folder(name: str) -> Path | None:
    return make_folder(Path(name).expanduser().absolute()) if name else None


def _mount_studio(app: FastAPI, settings: ServerSettings, sessions: Sessions) -> None:
    try:
        import_module("impasto.server.studio").mount(app, settings, sessions)
    except ModuleNotFoundError as error:
        message = f"the studio needs {error.name}; pip install 'impasto[serve]', or give --no-studio"
        raise EngineUnavailable(message) from error


def _add_own_routes(app: FastAPI, settings: ServerSettings, metrics: Metrics, painters: Painters) -> None:
    @app.get("/health", summary="Whether the server is well", tags=["server"])
    async def health() -> dict[str, object]:
        engines = {network.parent.name: session.engine.name for network, session in painters.sessions.opened.items()}
        return {"status": "ok", "version": __version__, "engines": engines, "places_taken": painters.places}

    @app.get("/metrics", summary="Counters for Prometheus", tags=["server"], response_class=Response)
    async def counters() -> Response:
        return Response(metrics.text(), media_type=METRICS_TYPE)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return Response(page(app.openapi()), media_type="text/html; charset=utf-8")

    if not settings.studio:

        @app.get("/", include_in_schema=False)
        async def start() -> Response:
            return RedirectResponse("/docs")


async def _told(_: Request, error: Exception) -> Response:
    assert isinstance(error, ImpastoError)  # noqa: S101 - it is registered for these
    return answer(error)


async def _out_of_memory(_: Request, error: Exception) -> Response:
    return answer(Refused(503, "MemoryError", "there is not enough memory at the moment; try a smaller picture"))


async def _not_found(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for these
    where = f"{request.method} {request.scope['path'][:100]}"
    words = {404: f"there is no {where}; see /docs", 405: f"{where} is no request here; see /docs"}
    facts = {"type": "NoSuchRequest", "message": words.get(error.status_code, str(error.detail))}
    return JSONResponse({"error": facts}, error.status_code, error.headers)


async def _broken(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": {"type": "ServerError", "message": "something went wrong here; it is logged"}}, 500)


ANSWERS: dict[int | type[Exception], Callable[[Request, Any], Any]] = {
    ImpastoError: _told,
    MemoryError: _out_of_memory,
    HTTPException: _not_found,
    Exception: _broken,
}
"""What answers to requests that end in an error."""
