"""Routes by which visitors bring photos, paintings, films and styles."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from impasto.model import read_style
from impasto.model.bundled import PHOTOS
from impasto.server.studio.errors import NotHere
from impasto.server.studio.films import first_frame
from impasto.server.studio.pictures import Shown, jpeg
from impasto.server.studio.visiting import Guest, Open, received, removed_if_wrong
from impasto.server.studio.visits import Visit

__all__ = ["router", "samples"]

router = APIRouter(prefix="/studio")


def samples() -> dict[str, Path]:
    """Return the photos that come with Impasto by their names."""
    return {path.stem: path for path in sorted(PHOTOS.glob("*.jpg"))}


@router.post("/pictures")
async def bring_picture(request: Request, studio: Open, visit: Guest, name: str = "photo") -> dict[str, Any]:
    """Take a picture, the request's body."""
    file = await received(request, studio, visit, name, studio.picture_bytes)
    with removed_if_wrong(file):
        shown = await run_in_threadpool(Shown.read, file, studio.limits.max_pixels)
    return _put(visit, file, shown)


@router.get("/samples/{name}")
def see_sample(studio: Open, name: str) -> Response:
    """Show the middle of a photo that comes with Impasto."""
    return Response(jpeg(Shown.read(_sample(name), studio.limits.max_pixels).square), media_type="image/jpeg")


@router.post("/samples/{name}")
def take_sample(studio: Open, visit: Guest, name: str) -> dict[str, Any]:
    """Take a photo that comes with Impasto."""
    studio.room.take(_sample(name).stat().st_size)
    file = visit.place(f"{name}.jpg")
    shutil.copyfile(_sample(name), file)
    return _put(visit, file, Shown.read(file, studio.limits.max_pixels))


@router.post("/films")
async def bring_film(request: Request, studio: Open, visit: Guest, name: str = "film") -> dict[str, Any]:
    """Take a film, the request's body; what is told of it is about a frame."""
    file = await received(request, studio, visit, name, studio.film_bytes)
    with removed_if_wrong(file):
        shown = await run_in_threadpool(first_frame, file, studio.limits)
    facts = _put(visit, file, shown)
    visit.films[file.parent.name] = file
    return facts


@router.post("/styles")
async def bring_style(request: Request, studio: Open, visit: Guest, name: str = "my.style") -> dict[str, Any]:
    """Take a .style file, the request's body; what is in it is kept, the file is not."""
    file = await received(request, studio, visit, name, studio.picture_bytes)
    try:
        style = await run_in_threadpool(read_style, file)
        await run_in_threadpool(studio.painter.check, style)
    finally:
        shutil.rmtree(file.parent, ignore_errors=True)
    visit.put_style(file.parent.name, style)
    return {"id": file.parent.name, "name": style.name}


def _sample(name: str) -> Path:
    if name not in samples():
        raise NotHere("there is no such photo")
    return samples()[name]


def _put(visit: Visit, file: Path, shown: Shown) -> dict[str, Any]:
    height, width = shown.size
    facts = {"name": file.name, "width": width, "height": height, "notices": shown.notices}
    with removed_if_wrong(file):
        return {"id": visit.put(file, shown), **facts}
