"""Works on a full disk, without rights, without files, with a clock that jumps: each says what is wrong."""

import ctypes
import os

import numpy as np
import pytest
from PIL import Image

from faults.conftest import PHOTOS, left_behind
from impasto.training.state import TrainState

FULL = {
    "folder": ("0.png", "disk is full"),
    "film": ("film.mp4", "disk is full"),
    "fit": ("my.style", "disk is full"),
    "train": ("cannot be written", "No space left"),
}


MS_RDONLY, MNT_DETACH = 1, 2


@pytest.fixture
def mount():
    """Return a function that mounts an empty disk in memory on a folder, with options such as size=4096."""
    libc, mounted = ctypes.CDLL(None, use_errno=True), []

    def mounted_on(place, options="", flags=0):
        place.mkdir(exist_ok=True)
        if libc.mount(b"tmpfs", str(place).encode(), b"tmpfs", flags, options.encode()):
            pytest.skip(f"no disk can be mounted here ({os.strerror(ctypes.get_errno())})")
        mounted.append(place)
        return place

    yield mounted_on
    for place in mounted:
        libc.umount2(str(place).encode(), MNT_DETACH)


@pytest.mark.parametrize("work", FULL)
def test_a_full_disk(stage, mount, tmp_path, work):
    scene = stage(work)
    folder = scene.folder(mount(tmp_path / "disk", "size=4096"))
    scene.run(folder).failed(*FULL[work])
    assert left_behind(folder) == []
    assert not [path for path in (folder / "out").rglob("*") if path.suffix in (".png", ".mp4", ".style", ".pt")]


def test_a_disk_that_fills_up_while_training_keeps_the_checkpoint_before(stage, mount, tmp_path):
    scene = stage("train")
    disk = mount(tmp_path / "disk", "size=2M")
    folder = scene.folder(disk)
    scene.run(folder, kill_after=0)
    assert scene.run(folder).code == 0
    step = TrainState.load(folder / "out")["step"]
    other = scene.folder(disk)
    (disk / "filler").write_bytes(b"x" * ((os.statvfs(disk).f_bavail - 6) * os.statvfs(disk).f_frsize))
    scene.run(other).failed("cannot be written")
    assert TrainState.load(folder / "out")["step"] == step
    assert left_behind(disk) == []


def test_scratch_files_that_do_not_fit(stage):
    scene = stage("large")
    folder = scene.folder()
    scene.run(folder, limits={"fsize": 100_000}).failed("scratch files", "TMPDIR")
    assert list((folder / "out").iterdir()) == []
    assert list(scene.scratch.iterdir()) == []


@pytest.mark.parametrize("work", ["folder", "film", "large", "fit", "train"])
def test_a_disk_that_is_read_only(stage, mount, work):
    scene = stage(work)
    folder = scene.folder()
    mount(folder / "out", flags=MS_RDONLY)
    scene.run(folder).failed("out")
    assert list((folder / "out").iterdir()) == []


@pytest.mark.parametrize("files", [8, 12, 16, 24, 40])
def test_few_open_files(stage, files):
    scene = stage("folder")
    folder = scene.folder()
    ended = scene.run(folder, limits={"nofile": files})
    painted = len(list((folder / "out").glob("*.png"))) if (folder / "out").exists() else 0
    if ended.code:
        ended.failed("impasto: ", "Too many open files")
    else:
        assert painted == PHOTOS
    assert left_behind(folder) == []


def test_a_process_that_reads_photos_and_dies(stage):
    scene = stage("train_with_a_worker")
    folder = scene.folder()
    ended = scene.run(folder, kill_a_worker=True)
    if ended.code:
        ended.failed("reads photos", "--resume")
    scene.run(folder)
    assert TrainState.load(folder / "out")["step"] == 12


@pytest.mark.parametrize("work", ["folder", "film", "fit", "train"])
def test_a_clock_that_jumps(stage, work):
    scene = stage(work)
    folder = scene.folder()
    ended = scene.run(folder, clock=True)
    assert ended.code == 0, ended.said
    assert left_behind(folder) == []
    for path in (folder / "out").glob("*.png"):
        assert np.asarray(Image.open(path)).size
