"""Running the application by uvicorn until a signal ends it."""

from __future__ import annotations

import asyncio
import signal
import socket
import tempfile
from collections.abc import Callable
from contextlib import suppress

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from impasto.errors import InvalidOption
from impasto.server.app import create_app
from impasto.server.settings import ServerSettings

__all__ = ["run"]

GRACE = 3
"""Seconds for which a server that ends waits for what it is at."""
MOST_CONNECTIONS = 1000
HEAD_TIME = 15.0
"""Seconds in which a connection must bring a request's head."""


class Impatient(H11Protocol):
    """HTTP on one connection, which is closed if a request's head, the first or a later one, takes too long."""

    due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def handle_events(self) -> None:
        """Do what has come, and begin to wait if the next head is not there."""
        super().handle_events()
        if self.conn.their_state is not h11.IDLE:
            self._wait_no_more()
        elif self.due is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        super().connection_lost(exc)
        self._wait_no_more()

    def _wait(self) -> None:
        self.due = self.loop.call_later(HEAD_TIME, self.transport.close)

    def _wait_no_more(self) -> None:
        if self.due is not None:
            self.due.cancel()
            self.due = None


def run(settings: ServerSettings, say: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM; what runs then is cancelled, and scratch files are removed.

    say: told the address when requests are taken.  Raises as `create_app` does, and InvalidOption for an address that
    cannot be listened at.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # before and after uvicorn has its own
    tempfile.tempdir = settings.folder or None  # forms and large pictures take scratch files of their own
    listener = _listener(settings.host, settings.port)
    with suppress(KeyboardInterrupt), listener:
        app = create_app(settings)
        config = uvicorn.Config(
            app,
            http=Impatient,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=GRACE,
        )
        host, port = listener.getsockname()[:2]
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        say(f"{address} is ready; {address}/docs says what may be asked for")
        uvicorn.Server(config).run(sockets=[listener])


def _listener(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=MOST_CONNECTIONS)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidOption(f"--host {host} --port {port}: cannot be listened at ({reason}); give others") from error
