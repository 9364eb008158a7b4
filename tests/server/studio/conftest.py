"""A running studio, visitors, and what they bring."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from server.studio.serving import served
from training.samples import SmallEyes
from video.conftest import moving, write_film

EXAMPLE = Path(__file__).parents[3] / "examples" / "astronaut.jpg"


@pytest.fixture(scope="session")
def scratch(tmp_path_factory):
    """Return the folder in which the running studio has its scratch folder."""
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="session")
def site(scratch):
    """Return the address of a running studio."""
    with served(folder=str(scratch)) as address:
        yield address


@pytest.fixture
def open_visitor(site):
    """Return a function that gives a new visitor's HTTP client."""
    opened = []

    def visitor():
        opened.append(httpx.Client(base_url=site, timeout=120))
        return opened[-1]

    yield visitor
    for each in opened:
        each.close()


@pytest.fixture
def visitor(open_visitor):
    return open_visitor()


@pytest.fixture
def bring():
    """Return a function that brings a file to a studio and returns what is told of it."""

    def brought(visitor, what, file):
        answer = visitor.post(f"/studio/{what}", params={"name": file.name}, content=file.read_bytes())
        assert answer.status_code == 200, answer.text
        return answer.json()

    return brought


@pytest.fixture
def finish():
    """Return a function that begins a work, waits for its end and returns what is told of it."""

    def finished(visitor, kind, **wish):
        answer = visitor.post(f"/studio/works/{kind}", json=wish)
        assert answer.status_code == 200, answer.text
        return until(visitor, answer.json()["id"], lambda facts: facts["state"] not in ("waiting", "running"))

    return finished


def until(visitor, work, reached):
    """Wait until a work is where it should be, and return what is told of it."""
    ends = time.monotonic() + 120
    while time.monotonic() < ends:
        facts = visitor.get(f"/studio/works/{work}").json()
        if reached(facts):
            return facts
        threading.Event().wait(0.05)
    raise AssertionError(f"not reached: {facts}")


@pytest.fixture
def small_eyes(monkeypatch):
    """Learn and optimise with a stand-in for VGG-19."""
    for module in ("training.fit", "optimizing.optimization"):
        monkeypatch.setattr(f"impasto.{module}.load_vgg19", lambda *_, **__: SmallEyes())


@pytest.fixture
def example():
    """Return the path of a photo of 512 x 512 px."""
    return EXAMPLE


@pytest.fixture
def small_photo(tmp_path, photo):
    Image.fromarray(photo).save(tmp_path / "face.png")
    return tmp_path / "face.png"


@pytest.fixture
def waves(tmp_path):
    """Return the path of a painting."""
    pixels = 127 + 127 * np.sin(np.mgrid[:144, :192].sum(0)[..., None] / (4, 6, 10))
    Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "waves.png")
    return tmp_path / "waves.png"


@pytest.fixture
def short_film(tmp_path):
    """Return the path of a film of half a second, with sound."""
    return write_film(tmp_path / "walk.mp4", moving(), sound="aac")
