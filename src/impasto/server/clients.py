"""Work for a client that may leave, and that does not wait for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import Request

from impasto.server.refusals import Gone, Refused

__all__ = ["while_there"]

T = TypeVar("T")


async def while_there(request: Request, work: Coroutine[Any, Any, T], seconds: float) -> T:
    """Return what some work gives; cancel it when the client leaves or time is up.

    request: one whose body was read.  Raises what the work raises, Gone, and Refused after so many seconds.
    """
    task, left = asyncio.ensure_future(work), asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({task, left}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        if left.done():
            raise Gone
        raise Refused(504, "TooLate", f"it was not done within {seconds:g} s; try a smaller picture, or later")
    finally:
        task.cancel()
        left.cancel()
        await asyncio.gather(task, left, return_exceptions=True)


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
