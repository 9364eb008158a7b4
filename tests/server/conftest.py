"""A server in this process, one that listens, and one in a process of its own."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from impasto.server import ServerSettings, create_app

SOURCE = Path(__file__).parents[2] / "src"
HERE = "http://127.0.0.1"


def encoded(pixels, kind="JPEG", **options):
    """Return pixels as a picture file's bytes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def decoded(response):
    """Return a response's picture and its format."""
    assert response.status_code == 200, response.text
    with Image.open(io.BytesIO(response.content)) as image:
        return np.asarray(image), image.format


def refused(response, status, kind, *words):
    """Check that a request was refused with one sentence that holds these words."""
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert error["type"] == kind
    assert "\n" not in error["message"]
    assert "--" not in error["message"]
    for word in words:
        assert word in error["message"]


@contextmanager
def serving(**settings):
    """Give a client of an application of these settings; a machine that does something else too is no error."""
    patient = {"deadline": "10m", **settings}
    with TestClient(create_app(ServerSettings(studio=False, **patient)), base_url=HERE) as client:
        yield client


@pytest.fixture(scope="session")
def client():
    """Return a client of a server with few pixels to give away."""
    with serving(max_pixels=300_000, max_bytes="2MB") as client:
        yield client


@pytest.fixture(scope="session")
def jpeg(photo):
    """Return the photo as a JPEG's bytes."""
    return encoded(photo, quality=95)


@pytest.fixture(scope="session")
def png(photo):
    """Return the photo as a PNG's bytes."""
    return encoded(photo, "PNG")


def ended(client, job, seconds=900.0):
    """Wait until a job is over, and return what is said of it."""
    assert job.status_code == 202, job.text
    name, until = job.json()["id"], time.monotonic() + seconds
    while time.monotonic() < until:
        facts = client.get(f"/v1/jobs/{name}").json()
        if facts["state"] not in ("waiting", "running"):
            return facts
        time.sleep(0.05)
    raise AssertionError(f"the job is {facts} still")


@pytest.fixture
def listening():
    """Return a function that begins a server that listens, in a thread of this process, and gives its port."""
    import uvicorn

    from impasto.server.run import Impatient

    running = []

    def start(**settings):
        app = create_app(ServerSettings(studio=False, **settings))
        server = uvicorn.Server(uvicorn.Config(app, port=0, http=Impatient, log_level="warning"))
        thread = threading.Thread(target=server.run)
        thread.start()
        running.append((server, thread))
        while not server.started:
            time.sleep(0.02)
        return server.servers[0].sockets[0].getsockname()[1]

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive()


@pytest.fixture
def process(tmp_path):
    """Return a function that runs `impasto serve` in a process, and gives it and its port."""
    running = []

    def start(*arguments, **environment):
        command = [sys.executable, "-m", "impasto", "serve", "--no-studio", "--port", "0", *map(str, arguments)]
        served = subprocess.Popen(
            [*command, "--folder", str(tmp_path / "work")],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(SOURCE), **environment},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        )
        running.append(served)
        line = served.stderr.readline()
        found = re.search(r"http://[^:]+:(\d+) is ready", line)
        assert found, line + served.stderr.read()
        return served, int(found[1])

    yield start
    for served in running:
        served.kill()
        served.wait()
        served.stderr.close()
