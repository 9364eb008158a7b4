"""What stands before every request, whatever it is for: key, origin, and the size and the pace of its body."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from impasto.memory import in_words
from impasto.options import bytes_of
from impasto.server.metrics import Metrics
from impasto.server.refusals import Refused, answer
from impasto.server.settings import LOOPBACK, ServerSettings

__all__ = ["PATIENCE", "SLOWEST", "Guard"]

PATIENCE = 15.0
"""Seconds that a body may take however small it is."""
SLOWEST = 32 * 1024
"""Bytes a second that a longer one must bring on average, else it holds a place for too long."""
LINGER = 5.0
"""Seconds for which what a refused client still sends is thrown away, so that it gets to read why."""
FILMS = ("/v1/video",)


class Guard:
    """Refuses requests before anything reads them; and counts them all."""

    def __init__(self, app: ASGIApp, settings: ServerSettings, metrics: Metrics) -> None:
        self.app, self.settings, self.metrics = app, settings, metrics
        self.limit = bytes_of(settings.max_bytes, "--max-bytes")
        self.film_limit = bytes_of(settings.max_film, "--max-film")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), scope["path"]
        # What is not the API's is the studio's, which takes films too.
        limit = self.limit if path.startswith("/v1/") and path not in FILMS else self.film_limit
        refusal = self._refusal(scope, headers, limit)
        if scope["type"] == "websocket":
            await (
                self.app(scope, receive, send) if refusal is None else send({"type": "websocket.close", "code": 1008})
            )
            return
        body = _Body(receive, limit)
        reply = _Reply(send, body, waits="expect" in headers)
        try:
            if refusal is not None:
                raise refusal
            await self.app(scope, body, reply)
        except Refused as error:
            if reply.status:
                raise
            await answer(error)(scope, body, reply)
        except asyncio.CancelledError:
            reply.waits = True
            if not reply.status:
                await answer(Refused(503, "Ending", "the server ends"))(scope, body, reply)
        finally:
            self.metrics.answered(scope, reply.status, time.perf_counter() - reply.began)

    def _refusal(self, scope: Scope, headers: Headers, limit: int) -> Refused | None:
        if not self.settings.key and _host(headers.get("host", "")) not in LOOPBACK:
            # Another site's name that leads here (DNS rebinding) would make its pages this server's own.
            return Refused(421, "WrongHost", f"this server answers to {', '.join(LOOPBACK)} only")
        if self.settings.key and not _brings(headers.get("authorization", ""), self.settings.key):
            challenge = {"WWW-Authenticate": 'Basic realm="impasto", charset="UTF-8"'}
            return Refused(401, "NoKey", "this server wants its key: Authorization: Bearer KEY", challenge)
        safe = scope.get("method") in ("GET", "HEAD", "OPTIONS")
        if not safe and not _same_site(headers):
            return Refused(403, "OtherOrigin", "pages of other sites may not use this server")
        return _length_refused(headers.get("content-length"), limit)


class _Body:
    """A request's body on its way in, within its limits of size and time."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self.receive, self.limit = receive, limit
        self.began, self.size, self.complete = time.monotonic(), 0, False

    async def __call__(self) -> Message:
        """Return the next message; raises Refused."""
        if self.complete:  # all that is left to come is that the client leaves
            return await self.receive()
        left = self.began + PATIENCE + self.size / SLOWEST - time.monotonic()
        try:
            message = await asyncio.wait_for(self.receive(), max(0.0, left))
        except asyncio.TimeoutError as error:
            raise Refused(408, "TooSlow", "the request's body comes too slowly", {"Connection": "close"}) from error
        self._count(message)
        if self.size > self.limit:
            raise _too_large(self.limit)
        return message

    async def rest(self) -> None:
        """Throw away what is still to come, for a while and within the limit."""

        async def thrown_away() -> None:
            while not self.complete and self.size <= 4 * self.limit:
                self._count(await self.receive())

        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(thrown_away(), LINGER)

    def _count(self, message: Message) -> None:
        self.size += len(message.get("body", b""))
        self.complete = message["type"] == "http.disconnect" or not message.get("more_body", False)


class _Reply:
    """An answer on its way out; status: 0 until it begins.

    Its end is held back while the request's body still comes: a connection that is closed while a client sends is one
    on which the client never reads the answer.  waits: whether the client sends nothing before it is told to.
    """

    def __init__(self, send: Send, body: _Body, *, waits: bool) -> None:
        self.send, self.body, self.waits = send, body, waits
        self.status, self.began = 0, time.perf_counter()

    async def __call__(self, message: Message) -> None:
        """Send a message of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message).setdefault("X-Content-Type-Options", "nosniff")
        elif not message.get("more_body", False) and not self.body.complete and not self.waits:
            await self.send({**message, "more_body": True})
            await self.body.rest()
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self.send(message)


def _host(header: str) -> str:
    """Return a Host header without its port."""
    name, colon, port = header.rpartition(":")
    return (name if colon and port.isdecimal() else header).lower()


def _brings(authorization: str, key: str) -> bool:
    """Whether an Authorization header brings the key, as a Bearer or as the password of Basic."""
    scheme, _, value = authorization.partition(" ")
    given: Callable[[], str] = {"bearer": value.strip, "basic": lambda: _password(value)}.get(scheme.lower(), str)
    return hmac.compare_digest(given().encode(), key.encode())


def _password(value: str) -> str:
    try:
        return base64.b64decode(value.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _same_site(headers: Headers) -> bool:
    """Whether a request comes from one of this server's own pages, or from no page at all."""
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


def _length_refused(length: str | None, limit: int) -> Refused | None:
    if length is None:
        return None
    if not (length.isascii() and length.isdecimal()):
        return Refused(400, "BadLength", "the Content-Length is no number")
    return _too_large(limit) if int(length) > limit else None


def _too_large(limit: int) -> Refused:
    return Refused(413, "TooLarge", f"the request has more than {in_words(limit)}", {"Connection": "close"})
