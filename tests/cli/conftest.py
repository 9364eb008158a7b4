"""Calling the command, in this process and in its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from impasto.cli import main
from training.samples import SmallEyes

SOURCE = Path(__file__).parents[2] / "src"


@dataclass(frozen=True)
class Result:
    """What a call left: its exit code and its two streams, text or, of a process, bytes and text."""

    code: int
    out: str | bytes
    err: str

    def refused(self, *words, code=1):
        """Check that it failed with one line that holds these words."""
        assert self.code == code, self.err
        assert self.err.startswith("impasto: ")
        assert self.err.count("\n") == 1
        for word in words:
            assert str(word) in self.err
        assert not self.out


@pytest.fixture
def impasto(capsys):
    """Return a function that runs the command with these arguments."""

    def call(*arguments):
        with pytest.raises(SystemExit) as caught:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Result(caught.value.code, out, err)

    return call


@pytest.fixture
def process():
    """Return a function that runs the command in a process of its own."""

    def call(*arguments, stdin=b"", **environment):
        done = subprocess.run(
            [sys.executable, "-m", "impasto", *map(str, arguments)],
            input=stdin,
            capture_output=True,
            timeout=60,
            check=False,
            env=with_source(**environment),
        )
        return Result(done.returncode, done.stdout, done.stderr.decode())

    return call


def with_source(**environment):
    return {**os.environ, "PYTHONPATH": str(SOURCE), **environment}


@pytest.fixture
def dots(tiny_model):
    """Return the path of a tiny network's style."""
    return tiny_model.style("dots")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return an empty folder, which is the current one."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def astronaut(folder, photo):
    """Return a photo's path, astronaut.jpg in the current folder."""
    from PIL import Image

    Image.fromarray(photo).save(folder / "astronaut.jpg")
    return folder / "astronaut.jpg"


@pytest.fixture
def small_eyes(monkeypatch):
    """Learn styles with a stand-in for VGG-19."""
    monkeypatch.setattr("impasto.training.fit.load_vgg19", lambda source="caffe": SmallEyes())


@pytest.fixture
def wave(folder):
    """Return the path of a painting, wave.png in the current folder."""
    import numpy as np
    from PIL import Image

    pixels = 127 + 127 * np.sin(np.mgrid[:72, :96].sum(0)[..., None] / (2, 3, 5))
    Image.fromarray(pixels.astype(np.uint8)).save(folder / "wave.png")
    return folder / "wave.png"


@pytest.fixture
def names(folder):
    """Return a function that lists what is in the current folder, at any depth."""
    return lambda: sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())
