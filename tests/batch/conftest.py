"""Collections, and batches of them in this process."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import fsspec
import pytest
from PIL import Image

from impasto import api
from impasto.batch.config import BatchOptions
from impasto.batch.recipe import Engine, Recipe
from impasto.batch.run import batch

BAD = {
    "empty.jpg": b"",
    "text.png": b"Dear diary,",
    "cut.jpg": None,
}
"""Files that are no photos; None: half of one."""


NETWORK = {"model": "fast", "precision": "f32"}
"""It is quickly compiled for any size, and comes with Impasto."""


@pytest.fixture(scope="session")
def resolve():
    """Return what makes recipes of styles' names, and of no name the recipe of starry-night.

    They paint at strength 0, which takes no time, where a test does not say otherwise.
    """

    def of(style):
        return Recipe.of(api.load(style or "starry-night", strength=0, **NETWORK))

    return of


@pytest.fixture
def paint(resolve):
    """Return a function that paints a collection, by default in this process."""

    def run(source, output, *, style="starry-night", strength=0.0, follow=None, ray=None, **options):
        recipe = resolve(style).changed({"strength": strength}) if style else None
        chosen = BatchOptions(**{"workers": 1, **options})
        engine = Engine(precision="f32")
        return batch(str(source), str(output), recipe, resolve, chosen, engine=engine, ray=ray, follow=follow)

    return run


@pytest.fixture
def bytes_of(photo):
    """Return a function that gives the bytes of a photo, different for each number."""

    def data(number=0, kind="JPEG"):
        buffer = io.BytesIO()
        Image.fromarray(photo[number % 8 : 40 + number % 8, :30]).save(buffer, kind)
        return buffer.getvalue()

    return data


@pytest.fixture
def album(tmp_path, bytes_of):
    """Return a folder of 12 photos in nested folders and of kinds, and three files that are none."""
    folder = tmp_path / "album"
    for number in range(12):
        kind = ("JPEG", "PNG", "GIF")[number % 3]
        path = folder / ("deep/er" if number % 2 else "") / f"{number:02d}.{kind.lower()}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes_of(number, kind))
    for name, data in BAD.items():
        (folder / name).write_bytes(bytes_of()[:400] if data is None else data)
    (folder / "notes.txt").write_text("not a photo")
    return folder


@pytest.fixture
def shards(tmp_path, bytes_of):
    """Return a folder of two tars, as WebDataset has them: 100 photos with captions each; one photo is none."""
    folder = tmp_path / "shards"
    folder.mkdir()
    for shard in range(2):
        files = {}
        for number in range(100):
            files[f"{shard}{number:03d}.jpg"] = b"hello" if number == 7 else bytes_of(number)
            files[f"{shard}{number:03d}.txt"] = f"caption {number}".encode()
        make_tar(folder / f"{shard:05d}.tar", files)
    return folder


def make_tar(path, files):
    """Write a tar of names and bytes, or TarInfos."""
    with tarfile.open(path, "w") as archive:
        for name, data in files.items():
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def in_tar(path):
    """Return the files in a tar."""
    with fsspec.open(str(path)) as file, tarfile.open(fileobj=io.BytesIO(file.read())) as archive:
        return {info.name: archive.extractfile(info).read() for info in archive}


def paintings(folder):
    """Return the names of the files below a folder but for the ledger and the report."""
    names = (path.relative_to(folder) for path in Path(folder).rglob("*") if path.is_file())
    return sorted(str(name) for name in names if name.parts[0] != ".impasto" and not name.name.startswith("report"))


def stamps(folder):
    """Return when each painting was written, by which one that was written again would be noticed."""
    return {name: (Path(folder) / name).stat().st_mtime_ns for name in paintings(folder)}


def ledger(folder):
    """Return the records of an output's ledger."""
    return [json.loads(path.read_text()) for path in sorted(Path(folder, ".impasto", "done").rglob("*.json"))]


def report(folder, name="report.jsonl"):
    """Return the lines of an output's report."""
    path = Path(folder) / name
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
