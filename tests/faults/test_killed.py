"""Works that are killed at random moments: what they leave is whole or absent, and the next start makes up for it."""

import random

import av
import numpy as np
import pytest
from PIL import Image

from batch.conftest import ledger
from faults.conftest import FRAMES, PHOTOS, left_behind
from impasto.model import read_style
from impasto.training.state import TrainState
from training.samples import checkpoint, differing

STEPS = 12


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image).astype(int)


def check_pictures(out, reference):
    """Check that pictures are what they are when nothing happens, but for rounding: a size may have two forms."""
    found = sorted(path.name for path in out.glob("*.png"))
    for name in found:
        apart = np.abs(pixels(out / name) - pixels(reference / name))
        assert apart.mean() < 0.2
        assert apart.max() <= 12
    return len(found)


def check_batch(out, reference):
    """Check the pictures, and that each is in the ledger once where the run came to its end."""
    done = check_pictures(out, reference)
    told = sum(record["painted"] for record in ledger(out))
    assert told <= done
    return told


def check_film(out, reference):
    if not (out / "film.mp4").exists():
        return 0
    with av.open(str(out / "film.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == FRAMES
    return 1


def check_style(out, reference):
    if not (out / "my.style").exists():
        return 0
    expected = read_style(reference / "my.style")
    np.testing.assert_allclose(read_style(out / "my.style").vector, expected.vector, atol=0.05)
    return 1


def check_run(out, reference):
    """Check that a checkpoint can be read, and that one of the last step is exactly as if nothing had happened."""
    if not (out / "checkpoint.pt").exists():
        return 0
    step = TrainState.load(out)["step"]
    assert step % 2 == 0
    if step < STEPS:
        return 0
    assert differing(checkpoint(out), checkpoint(reference)) == []
    return 1


CHECKS = {
    "folder": (check_pictures, PHOTOS),
    "batch": (check_batch, PHOTOS),
    "film": (check_film, 1),
    "large": (check_pictures, 1),
    "fit": (check_style, 1),
    "train": (check_run, 1),
}


def disturb(scene, work, moments):
    """Kill a work at so many moments, spread at random over the time that it takes; then give it time."""
    check, everything = CHECKS[work]
    warm = scene.run(scene.folder())
    assert warm.code == 0, warm.said
    whole = scene.folder()
    undisturbed = scene.run(whole)
    reference = whole / "out"
    assert undisturbed.code == 0, undisturbed.said
    assert check(reference, reference) == everything
    assert left_behind(whole) == []
    chance = random.Random(work)
    for _ in range(moments):
        folder, moment = scene.folder(), chance.uniform(0, undisturbed.seconds)
        ended = scene.run(folder, kill_after=moment)
        where = f"killed after {moment:.3f} of {undisturbed.seconds:.3f} s"
        assert ended.code in (-9, 0), f"{where}: {ended.said}"
        assert check(folder / "out", reference) <= everything, where
        again = scene.run(folder)
        assert again.code == 0, f"{where}: {again.said}"
        assert check(folder / "out", reference) == everything, where
        assert left_behind(folder) == [], where
        assert list(scene.scratch.iterdir()) == [], where


@pytest.mark.parametrize("work", CHECKS)
def test_killed_at_some_moments(stage, work):
    disturb(stage(work), work, 2)


@pytest.mark.slow
@pytest.mark.parametrize("work", CHECKS)
def test_killed_at_twenty_moments(stage, work):
    disturb(stage(work), work, 20)
