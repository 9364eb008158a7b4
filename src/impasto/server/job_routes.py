"""Requests that begin jobs, and what becomes of these."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import FileResponse, Response

from impasto.model import read_style
from impasto.server.jobs import Job, Jobs
from impasto.server.library import Library
from impasto.server.refusals import Refused
from impasto.server.schema import described
from impasto.server.settings import ServerSettings
from impasto.server.tasks import FILM_FIELDS, FIT_FIELDS, OPTIMIZE_FIELDS, film_task, fit_task, optimize_task
from impasto.server.uploads import received

__all__ = ["add_job_routes"]

_FIT = described(FIT_FIELDS, files={"painting": "the painting"}, raw="image/*")
_OPTIMIZE = described(
    OPTIMIZE_FIELDS, files={"photo": "the photo", "painting": "the painting, or several"}, several=("painting",)
)
_FILM = described(FILM_FIELDS, files={"film": "the film"}, raw="video/*")
_BEGUN: dict[str, Any] = {"tags": ["jobs"], "status_code": 202, "response_model": None}


def add_job_routes(app: FastAPI, settings: ServerSettings, jobs: Jobs, library: Library, work: Path) -> None:
    """Add what begins, shows and ends jobs; work: the scratch folder."""

    @app.post("/v1/styles", summary="Learn a style from a painting", openapi_extra=_FIT, **_BEGUN)
    async def learn(request: Request) -> dict[str, Any]:
        """Begin a job; the style is known by its name when it is done, and its file is the job's result."""

        def keep(job: Job, state: str) -> None:
            name = Path(job.result).stem
            library.claimed.discard(name)
            if state == "done":
                library.add(name, read_style(job.folder / job.result))

        async with received(request, "painting", work) as upload:
            task = fit_task(upload, library, settings)
            library.claimed.add(task.request["name"])
            try:
                return (await jobs.start("styles", task.request, task.files, task.result, keep)).facts()
            except BaseException:
                library.claimed.discard(task.request["name"])
                raise

    @app.post("/v1/optimize", summary="Paint a photo by optimising its pixels", openapi_extra=_OPTIMIZE, **_BEGUN)
    async def optimize(request: Request) -> dict[str, Any]:
        """Begin a job; its result is a PNG that carries its settings."""
        async with received(request, "photo", work) as upload:
            task = optimize_task(upload, settings)
            return (await jobs.start("optimize", task.request, task.files, task.result)).facts()

    @app.post("/v1/video", summary="Paint a film", openapi_extra=_FILM, **_BEGUN)
    async def video(request: Request) -> dict[str, Any]:
        """Begin a job; its result is a film of the same size, times and sound."""
        async with received(request, "film", work) as upload:
            task = film_task(upload, library, settings)
            return (await jobs.start("video", task.request, task.files, task.result)).facts()

    _add_routes_of_one(app, jobs)


def _add_routes_of_one(app: FastAPI, jobs: Jobs) -> None:
    @app.get("/v1/jobs/{name}", summary="How far a job is", tags=["jobs"])
    async def show(name: str) -> dict[str, Any]:
        """State: waiting, running, done, failed or cancelled; over: 0 to 1; addresses of preview and result."""
        return jobs.find(name).facts()

    @app.get("/v1/jobs/{name}/preview", summary="What there is of a job's picture", tags=["jobs"], response_model=None)
    async def preview(name: str) -> Response:
        job = jobs.find(name)
        if not job.preview.exists():
            raise Refused(404, "NoPreview", "there is no preview yet")
        return FileResponse(job.preview, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    @app.get("/v1/jobs/{name}/result", summary="What came of a job", tags=["jobs"], response_model=None)
    async def result(name: str) -> Response:
        job = jobs.find(name)
        if job.state != "done":
            raise Refused(409, "NotDone", f"the job is {job.state}, so there is no result")
        kind = mimetypes.guess_type(job.result)[0] or "application/octet-stream"
        return FileResponse(job.folder / job.result, media_type=kind, filename=job.result)

    @app.delete("/v1/jobs/{name}", summary="Cancel a job, or forget one that is over", tags=["jobs"])
    async def end(name: str) -> dict[str, Any]:
        job = jobs.find(name)
        await jobs.end(job)
        return job.facts()
