"""A server with the studio alone, on a free port, in a thread."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from impasto.server.studio import mount


@dataclass(frozen=True)
class Settings:
    """What the studio takes of a server's settings."""

    max_bytes: str = "32MB"
    max_film: str = "64MB"
    max_pixels: int = 50_000_000
    max_seconds: float = 60.0
    max_memory: str = ""
    job_time: str = "30m"
    keep: str = "1h"
    folder: str = ""
    engine: str = "auto"
    device: str = "auto"
    precision: str = "auto"


@contextmanager
def served(settings):
    """Run a server and yield its address."""
    app = FastAPI()
    mount(app, settings)
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
