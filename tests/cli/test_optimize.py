"""`impasto optimize`: what it writes and says, and one line for each error."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli.conftest import with_source

QUICK = ("--size", 96, "--smallest", 48, "--start", "photo", "--precision", "f32", "--device", "cpu")


@pytest.fixture
def optimize(impasto, astronaut, wave):
    """Return a function that optimises the astronaut like the wave for three steps."""
    return lambda *arguments: impasto("optimize", "astronaut.jpg", "wave.png", "--steps", 3, *QUICK, *arguments)


def test_a_painting_lies_in_this_folder_and_the_way_is_told(optimize, names):
    result = optimize()
    assert (result.code, result.out) == (0, "astronaut.optimized.png\n")
    assert names() == ["astronaut.jpg", "astronaut.optimized.png", "wave.png"]
    with Image.open("astronaut.optimized.png") as painted:
        assert painted.size == (73, 96)
    lines = result.err.splitlines()
    assert lines[0].startswith("scale 1 of 2: 37 x 48 px, whole, about ")
    assert "step 3, 100%, 0 s left, loss " in lines[-1]


def test_previews_are_written_every_few_steps(optimize, names):
    assert optimize("--preview", "every=2", "seen", "-o", "out.jpg").code == 0
    assert names() == ["astronaut.jpg", "out.jpg", "seen/00002.png", "wave.png"]


def test_settings_in_a_png_repeat_it(optimize, impasto, names):
    optimize("-o", "one.png", "--seed", 5)
    result = impasto("optimize", "--from-settings", "one.png", "-o", "two.png")
    assert (result.code, result.out) == (0, "two.png\n")
    one, two = (np.asarray(Image.open(name)).astype(int) for name in ("one.png", "two.png"))
    assert np.abs(one - two).max() <= 2


def test_a_sheet_of_settings(optimize):
    result = optimize("--tune", 2, "-o", "sheet.png", "--size", 64, "--steps", 1)
    assert (result.code, result.out) == (0, "sheet.png\n")
    assert "1 of 2: strength " in result.err
    with Image.open("sheet.png") as sheet:
        assert sheet.height > 2 * 64


def test_a_region_by_masks(optimize):
    mask = np.zeros((72, 96), np.uint8)
    mask[:, :48] = 255
    Image.fromarray(mask).save("left.png")
    result = optimize("--region", "left.png=wave.png@left.png", "-o", "out.png")
    assert result.code == 0
    assert "the mask left.png has not the proportions of the photo; it was stretched" in result.err
    assert "resized" not in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--preview", "20", "out"), "--preview is every=N FOLDER"),
        (("--preview", "every=2", "wave.png"), "wave.png is a file"),
        (("--content-layers", "relu9_9"), "VGG-19 has no layer 'relu9_9'"),
        (("--region", "wave.png"), "--region is MASK=PAINTING or MASK=PAINTING@MASK, got 'wave.png'"),
        (("--from-settings", "one.png", "-o", "two.png"), "--from-settings FILE takes -o OUT and nothing else"),
        (("--weights", "1,2"), "--weights has 2 numbers and there are 1 paintings"),
        (("-o", "astronaut.jpg"), "would replace astronaut.jpg"),
    ],
)
def test_bad_options(optimize, arguments, words, names):
    before = names()
    optimize(*arguments).refused(words, code=2)
    assert names() == before


def test_no_photo_and_no_painting(impasto, astronaut):
    impasto("optimize").refused("name a photo and a painting", code=2)
    impasto("optimize", "astronaut.jpg", *QUICK).refused("name a painting", code=2)
    impasto("optimize", "astronaut.jpg", "absent.png", *QUICK).refused("absent.png: ", code=1)


def test_interrupted_it_keeps_the_best_so_far(astronaut, wave, folder):
    arguments = ["optimize", "astronaut.jpg", "wave.png", "--steps", "100000", "-o", "out.png", *map(str, QUICK)]
    arguments += ["--preview", "every=1", "seen"]
    with subprocess.Popen(
        [sys.executable, "-m", "impasto", *arguments],
        cwd=folder,
        env=with_source(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as process:
        deadline = time.monotonic() + 50
        while not Path(folder / "seen" / "00003.png").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=50)
    assert process.returncode == 0, err
    assert out == b"out.png\n"
    with Image.open(folder / "out.png") as painted:
        assert painted.size == (73, 96)


def test_a_recipe_gives_what_the_command_line_does_not(optimize, impasto, folder):
    (folder / "recipe.toml").write_text('color = "luminance"\nsteps = [2]\n')
    assert optimize("--config", "recipe.toml", "-o", "out.png").code == 0
    pixels = np.asarray(Image.open(folder / "out.png"))
    assert pixels.shape == (96, 73, 3)
    (folder / "wrong.toml").write_text('colour = "luminance"\n')
    optimize("--config", "wrong.toml").refused("colour", "color", code=2)
    optimize("--config", "absent.toml").refused("--config: absent.toml", code=2)
