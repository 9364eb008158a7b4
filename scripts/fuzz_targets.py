"""What is fuzzed: one small function for each kind of thing that may come from a stranger.

A target takes any bytes.  It may raise ImpastoError, which is what a user is told; anything else, a crash, a hang or
too much memory is a finding.  Files are written into FOLDER first, where that is how Impasto gets them.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import closing
from functools import cache
from itertools import islice
from pathlib import Path

import click
import numpy as np
from fastapi import FastAPI

from impasto.cli import COMMANDS, impasto
from impasto.data import open_source
from impasto.image import feather, read, read_mask, read_settings
from impasto.model import MODELS, Manifest, find_style, mix, parse_mix, read_style
from impasto.model.graph import check_graph
from impasto.model.network import METADATA_KEY
from impasto.optimizing.settings import Settings
from impasto.options import bytes_of, seconds_of
from impasto.runtime.engines.openvino_engine import open_network
from impasto.runtime.engines.torch_engine import load_net
from impasto.runtime.session import Session
from impasto.runtime.stylizer import StylizeOptions
from impasto.server import ServerSettings, create_app
from impasto.training.config import FitConfig, TrainConfig
from impasto.training.recipe import read_recipe
from impasto.training.state import TrainState
from impasto.video.opening import FilmOptions, moment
from impasto.video.reading import FilmReader

__all__ = ["TARGETS", "WEIGHTS"]

FOLDER = Path(tempfile.mkdtemp(prefix="impasto-fuzz-"))
SMALL = 1 << 18
"""px that a picture may have here."""
PARTS = 8
"""Photos of an archive and frames of a film that are looked at."""
CANNOT_NOW = (503, 507)
"""What a server may answer besides that a request is wrong: it lacks memory or room on the disk."""
LOOP = asyncio.new_event_loop()


def placed(name: str, data: bytes) -> Path:
    """Return a file with this content."""
    file = FOLDER / name
    file.write_bytes(data)
    return file


def text_of(data: bytes) -> str:
    """Return text as a command line brings it, whatever the bytes."""
    return data.decode("utf-8", "surrogateescape")


def picture(data: bytes) -> None:
    """Decode a picture."""
    found = read(data, max_pixels=SMALL)
    assert found.pixels.shape == (*found.size, 3)
    assert found.alpha is None or found.alpha.shape == found.size


def mask(data: bytes) -> None:
    """Decode a mask, fit it to a picture and soften it."""
    weights = feather(read_mask(placed("mask", data), (20, 30)).weights, 2.5)
    assert weights.shape == (20, 30)
    assert 0 <= weights.min() <= weights.max() <= 1


def settings(data: bytes) -> None:
    """Read what a PNG says that it was made with."""
    file = placed("settings.png", data)
    read_settings(file)
    Settings.of(file)


def style(data: bytes) -> None:
    """Read a .style file and mix it with itself."""
    found = read_style(placed("some.style", data))
    mix([(found, 1), (found, 2)])
    assert found.name.isprintable()


def manifest(data: bytes) -> None:
    """Read what a network says of itself."""
    Manifest.from_metadata({METADATA_KEY: text_of(data)}, "some.onnx")


def twin(data: bytes) -> None:
    """Load a network's weights."""
    file = placed("network.safetensors", data)
    Manifest.read(file)
    load_net(file)


def graph(data: bytes) -> None:
    """Look a graph through."""
    check_graph(placed("network.onnx", data))


def network(data: bytes) -> None:
    """Open a graph and paint with it."""
    file = placed("network.onnx", data)
    session = Session(file, open_network(file, device="cpu", precision="f32"))
    picture = np.zeros((64, 64, 3), np.float32)
    session.engine.run(picture, np.zeros((1, session.manifest.style_parameters), np.float32))


def expression(data: bytes) -> None:
    """Find the styles of a mix."""
    text = text_of(data)
    parse_mix(text)
    find_style(text, model=MODELS["fast"])


def recipe(data: bytes) -> None:
    """Read a recipe and make it a run's options."""
    TrainConfig.from_dict(read_recipe(placed("recipe.toml", data)))


def quantity(data: bytes) -> None:
    """Read a time, a size in bytes and a place in a film, each if the one before was none."""
    text = text_of(data)
    for parse in (seconds_of, bytes_of, moment):
        parse(text, "--option")


def command_line(data: bytes) -> None:
    """Parse a command line, its arguments apart by line breaks, without doing what it says."""
    name, *arguments = text_of(data).split("\n")
    if name not in COMMANDS:
        return
    command = impasto.get_command(click.Context(impasto), name)
    try:
        given = command.make_context(name, arguments).params
    except (click.ClickException, click.exceptions.Exit):
        return
    for options in (StylizeOptions, FilmOptions, FitConfig, TrainConfig):
        known = {key: value for key, value in given.items() if key in options.__dataclass_fields__}
        if len(known) == len(options.__dataclass_fields__):
            options(**{key: value for key, value in known.items() if value is not None})


def archive(data: bytes) -> None:
    """Read photos from a zip or tar."""
    source = open_source(placed("photos.zip" if data.startswith(b"PK") else "photos.tar", data))
    for index in range(min(PARTS, len(source))):
        source.read(index)


def film(data: bytes) -> None:
    """Read a film's first frames."""
    reel = FilmReader(str(placed("film", data)), max_pixels=SMALL)
    with closing(reel):
        reel.film  # noqa: B018 - worked out when it is asked for
        for _ in islice(reel.items(), PARTS):
            pass


def checkpoint(data: bytes) -> None:
    """Load a training run's checkpoint."""
    placed("checkpoint.pt", data)
    TrainState.load(FOLDER)


def request(data: bytes) -> None:
    """Send a request to a server that takes no jobs: a line "POST /path?query", headers, an empty line, the body.

    A header "cut" lets the connection end in the middle of the body.
    """
    head, _, body = data.partition(b"\n\n")
    (first, *_), *lines = [line.split(b":", 1) for line in head.split(b"\n")]
    method, _, target = first.partition(b" ")
    headers = [(line[0].strip().lower(), line[-1].strip()) for line in lines]
    status = LOOP.run_until_complete(answered(method, target, [(b"host", b"127.0.0.1"), *headers], body))
    assert status < 500 or status in CANNOT_NOW, f"status {status}"


async def answered(method: bytes, target: bytes, headers: list[tuple[bytes, bytes]], body: bytes) -> int:
    """Return the status that the server answers with, 0 where the client has gone."""
    path, _, query = target.partition(b"?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": "",
        "method": method.decode("ascii", "ignore").upper(), "path": path.decode("utf-8", "ignore"), "raw_path": path,
        "query_string": query, "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000),
    }  # fmt: skip
    half = len(body) // 2
    rest = {"type": "http.request", "body": body[half:]}
    coming = [{"type": "http.request", "body": body[:half], "more_body": True}, rest]
    gone = any(name == b"cut" for name, _ in headers)
    if gone:
        coming[1] = {"type": "http.disconnect"}
    told: list[int] = []

    async def receive() -> dict[str, object]:
        if not coming:
            await asyncio.Event().wait()
        return coming.pop(0)

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            told.append(int(str(message["status"])))

    await application()(scope, receive, send)  # type: ignore[arg-type]
    assert told or gone, "no answer"
    return told[0] if told else 0


@cache
def application() -> FastAPI:
    """Return a server without a studio, whose scratch lies in FOLDER."""
    return create_app(ServerSettings(studio=False, jobs=0, max_pixels=SMALL, max_bytes="1MB", folder=str(FOLDER)))


WEIGHTS: dict[Callable[[bytes], None], float] = {
    picture: 23,
    mask: 8,
    settings: 8,
    style: 8,
    manifest: 8,
    twin: 4,
    graph: 10,
    network: 0.5,
    expression: 6,
    recipe: 6,
    quantity: 6,
    command_line: 6,
    archive: 5,
    film: 3,
    checkpoint: 3,
    request: 2,
}
"""Each target's share of the cases."""
TARGETS = {target.__name__: target for target in WEIGHTS}
