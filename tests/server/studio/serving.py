"""A server on a free port, in a thread."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

import uvicorn

from impasto.server import ServerSettings, create_app


@contextmanager
def served(**settings):
    """Run a server with these settings and yield its address."""
    app = create_app(ServerSettings(**settings))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join(30)
