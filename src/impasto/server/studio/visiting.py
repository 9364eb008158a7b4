"""Who makes a request, and what they send: found out the same way for every route."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from impasto.memory import in_words
from impasto.server.refusals import Gone
from impasto.server.studio.errors import NotHere, TooLarge
from impasto.server.studio.studio import Studio
from impasto.server.studio.visits import Visit

__all__ = ["Guest", "Open", "Visitor", "received", "removed_if_wrong"]

COOKIE = "impasto-studio"


def _studio(request: Request) -> Studio:
    studio: Studio = request.app.state.studio
    return studio


Open = Annotated[Studio, Depends(_studio)]
"""The studio."""


def _visitor(request: Request, studio: Open) -> Visit:
    visit = studio.visits.of(request.cookies.get(COOKIE))
    if visit is None:
        raise NotHere("what you brought is no longer here; bring it again")
    return visit


Visitor = Annotated[Visit, Depends(_visitor)]
"""The visit of somebody who has brought something; else the request is refused."""


def _guest(request: Request, response: Response, studio: Open) -> Iterator[Visit]:
    visit = studio.visits.of(request.cookies.get(COOKIE))
    if visit is not None:
        yield visit
        return
    secret, visit = studio.visits.new()
    response.set_cookie(COOKIE, secret, path="/studio", httponly=True, samesite="strict")
    try:
        yield visit
    except BaseException:
        studio.visits.end(secret)  # nobody is told the secret
        raise


Guest = Annotated[Visit, Depends(_guest)]
"""The visit of somebody who brings something; one begins if there is none."""


async def received(request: Request, studio: Studio, visit: Visit, name: str, limit: int) -> Path:
    """Write a request's body into a file of the visitor's, which goes again unless all of it comes.

    Raises TooLarge for more bytes than the limit, Full if there is no room for them, and Gone if it breaks off.
    """
    file, size = await run_in_threadpool(visit.place, name), 0

    def keep(chunk: bytes) -> None:
        studio.room.take(len(chunk))
        stream.write(chunk)

    with removed_if_wrong(file), file.open("wb") as stream:
        try:
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise TooLarge(f"{file.name} has more than {in_words(limit)}, the most that is taken here")
                await run_in_threadpool(keep, chunk)
        except ClientDisconnect as error:
            raise Gone from error
    return file


@contextmanager
def removed_if_wrong(file: Path) -> Iterator[None]:
    """Remove a file, and the folder that it lies alone in, if it is not what it should be."""
    try:
        yield
    except BaseException:
        shutil.rmtree(file.parent, ignore_errors=True)
        raise
