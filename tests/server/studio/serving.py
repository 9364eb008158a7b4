"""A server on a free port, in a thread, and the files it has."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path

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


def files_below(folder, pattern="*"):
    """Return the files below a folder, which a server may be removing meanwhile (`Path.rglob` would stop at that)."""
    return {Path(parent, name) for parent, _, names in os.walk(folder) for name in names if fnmatch(name, pattern)}
