"""Routes by which visitors look at paintings, and begin, follow and end works."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, Response, StreamingResponse

from impasto.runtime.stylizer import StylizeOptions
from impasto.server.studio.errors import NotHere
from impasto.server.studio.pictures import LARGEST, jpeg
from impasto.server.studio.studio import Studio
from impasto.server.studio.tasks import Look, to_film, to_learn, to_optimise, to_paint
from impasto.server.studio.visiting import Open, Visitor
from impasto.server.studio.visits import Visit
from impasto.server.studio.wishes import FilmWish, LearnWish, OptimiseWish, PaintWish, PreviewWish, Wish

__all__ = ["router"]

KEEP = {"Cache-Control": "private, max-age=3600"}
JPEG = "image/jpeg"
Styles = Annotated[list[str], Query(min_length=1, max_length=100)]

router = APIRouter(prefix="/studio")


@router.get("/pictures/{name}")
def see_photo(visit: Visitor, name: str, size: int = LARGEST) -> Response:
    """Show a picture as it is."""
    return Response(jpeg(visit.picture(name).at(min(max(size, 16), LARGEST))), media_type=JPEG, headers=KEEP)


@router.get("/pictures/{name}/thumbnails")
def see_thumbnails(studio: Open, visit: Visitor, name: str, style: Styles) -> Response:
    """Show a picture's middle in styles: a line of JSON each as it is painted, its `image` a JPEG in base64."""
    styles = {known: studio.painter.mixed([(known, 1.0)], visit.styles) for known in style}
    painted = studio.painter.thumbnails(visit.picture(name).square, styles)
    told = ({"style": known, "image": b64encode(jpeg(pixels)).decode()} for known, pixels in painted)
    lines = (f"{json.dumps(each)}\n" for each in told)
    return StreamingResponse(lines, media_type="application/x-ndjson")


@router.post("/pictures/{name}/preview")
def see_preview(studio: Open, visit: Visitor, name: str, wish: PreviewWish) -> Response:
    """Show a picture as it would be painted."""
    look, pixels = _look(studio, visit, wish), visit.picture(name).at(wish.size)
    return Response(jpeg(studio.painter.preview(pixels, look.style, look.options)), media_type=JPEG)


@router.post("/works/painting")
def paint(studio: Open, visit: Visitor, wish: PaintWish) -> dict[str, Any]:
    """Paint a photo at its own size."""
    look, shown = _look(studio, visit, wish), visit.picture(wish.picture)
    return studio.begin(visit, to_paint(studio.painter, visit, shown, look, wish.format), quick=True).facts()


@router.post("/works/style")
def learn(studio: Open, visit: Visitor, wish: LearnWish) -> dict[str, Any]:
    """Learn a style."""
    painting, photo = visit.picture(wish.painting), visit.picture(wish.photo)
    return studio.begin(visit, to_learn(studio.painter, visit, painting, photo, wish.budget)).facts()


@router.post("/works/optimisation")
def optimise(studio: Open, visit: Visitor, wish: OptimiseWish) -> dict[str, Any]:
    """Optimise a picture."""
    options = wish.model_dump(exclude={"photo", "paintings"}) | {"max_memory": studio.limits.max_memory}
    paintings = [visit.picture(name) for name in wish.paintings]
    return studio.begin(visit, to_optimise(visit, visit.picture(wish.photo), paintings, options)).facts()


@router.post("/works/film")
def film(studio: Open, visit: Visitor, wish: FilmWish) -> dict[str, Any]:
    """Paint a film."""
    look, file, longest = _look(studio, visit, wish), visit.film(wish.film), studio.limits.max_seconds
    return studio.begin(visit, to_film(studio.painter, visit, file, look, steady=wish.steady, longest=longest)).facts()


@router.get("/works/{name}")
def follow(visit: Visitor, name: str) -> dict[str, Any]:
    """Tell how far a work is."""
    return visit.work(name).facts()


@router.post("/works/{name}/stop")
def stop(visit: Visitor, name: str) -> dict[str, Any]:
    """End a work early; what there is of it is kept."""
    work = visit.work(name)
    work.stop.set()
    return work.facts()


@router.get("/works/{name}/picture")
def see_work(visit: Visitor, name: str) -> Response:
    """Show what there is of a work so far."""
    picture = visit.work(name).picture
    if not picture:
        raise NotHere("there is nothing to be seen yet")
    return Response(picture, media_type=JPEG, headers=KEEP)


@router.get("/works/{name}/file")
def fetch(visit: Visitor, name: str) -> Response:
    """Give out the file that came of a work."""
    result = visit.work(name).result
    if result is None or not result.is_file():
        raise NotHere("there is no file yet")
    return FileResponse(result, filename=result.name)


def _look(studio: Studio, visit: Visit, wish: Wish) -> Look:
    """Return the style and the options that a visitor wants; raises InvalidOption."""
    style = studio.painter.mixed([(part.style, part.weight) for part in wish.parts], visit.styles)
    limits = studio.limits
    options = StylizeOptions(
        strength=wish.strength,
        stroke=wish.stroke,
        color=wish.color,
        max_memory=limits.max_memory,
        max_pixels=limits.max_pixels,
    )
    return Look(style, options)
