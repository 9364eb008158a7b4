"""Works that are done in forks of one process, which a test kills, limits or starves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from faults.works import GIVEN
from training.samples import TINY

TESTS = Path(__file__).parents[1]
PHOTOS = 5
FRAMES = 8
DRAFTS = ".impasto-*.tmp"


@dataclass(frozen=True)
class Ended:
    """How a work ended: its exit code, or minus the signal that killed it; its seconds; and what it said."""

    code: int
    seconds: float
    said: str

    def failed(self, *words):
        """Check that it said in one line what is wrong."""
        assert self.code == 1, self.said
        assert "impasto: " in self.said.splitlines()[-1], (
            self.said
        )  # a thread of TensorBoard's may have begun that line
        for word in words:
            assert word in self.said, self.said


class Stage:
    """One work, and the folders that it is done in."""

    def __init__(self, work, given, root):
        self.given, self.root, self.numbers = given, root, count()
        self.scratch = root / "scratch"
        self.scratch.mkdir()
        path = os.pathsep.join([str(TESTS), str(TESTS.parent / "src"), *sys.path])
        environment = {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "TMPDIR": str(self.scratch)}
        self.process = subprocess.Popen(
            [sys.executable, str(TESTS / "faults" / "forked.py"), work],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "ready\n"

    def folder(self, inside=None):
        """Return a new folder with what the works are done on."""
        folder = (inside or self.root) / f"{next(self.numbers):03}"
        folder.mkdir(parents=True)
        folder.chmod(0o777)
        for name in GIVEN:
            (folder / name).symlink_to((self.given / name).resolve())
        return folder

    def run(self, folder, **order):
        """Do the work in a folder.

        kill_after: seconds after which it is killed; kill_a_worker: whether its first child process is; limits: of the
        system, by name; missing: modules that are not there; nobody: without rights; clock: whether the clock jumps.
        """
        said = self.root / "said"
        said.unlink(missing_ok=True)
        self.process.stdin.write(json.dumps({"folder": str(folder), "said": str(said), **order}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return Ended(said=said.read_text() if said.exists() else "", **answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def stage(given, tmp_path):
    """Return a function that sets the stage for a work."""
    stages = []

    def set_up(work):
        stages.append(Stage(work, given, tmp_path))
        return stages[-1]

    tmp_path.chmod(0o777)
    yield set_up
    for each in stages:
        each.close()


@pytest.fixture(scope="session")
def given(tiny_model, tmp_path_factory):
    """Return a folder with a few small photos, a film, a painting, a style and the config of a run."""
    from video.conftest import moving, write_film

    folder = tmp_path_factory.mktemp("given")
    (folder / "photos").mkdir()
    (folder / "model").symlink_to(tiny_model.folder)
    astronaut = skimage.data.astronaut()
    for number in range(PHOTOS):
        Image.fromarray(astronaut[40 * number :][:96, 60:188]).save(folder / "photos" / f"{number}.png")
    Image.fromarray(astronaut[:500, :400]).resize((600, 500)).save(folder / "large.png")
    wave = 127 + 127 * np.sin(np.mgrid[:72, :96].sum(0)[..., None] / (2, 3, 5))
    Image.fromarray(wave.astype(np.uint8)).save(folder / "painting.png")
    write_film(folder / "film.mp4", moving(FRAMES))
    config = {
        "style": [str(folder / "painting.png")], "data": [str(folder / "photos")], "network": TINY, "steps": 12,
        "size": [32], "batch_size": [2], "style_size": [64], "share": [1.0], "precision": "f32", "device": "cpu",
        "log_every": 1, "checkpoint_every": 2,
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(config))
    return folder


def left_behind(folder):
    """Return the drafts below a folder."""
    return sorted(path.name for path in folder.rglob(DRAFTS))
