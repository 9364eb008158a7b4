"""`impasto tune`: what it prints and writes, and one line for each error."""

import numpy as np
import pytest
import skimage.data
from PIL import Image

from training.samples import TINY, SmallEyes

pytest.importorskip("optuna")
FAST = (
    *("--style", "painting.png", "--data", "photos", "--judge", "photos/a.jpg", "--network", TINY, "--widths", "4,8"),
    *("--steps", 2, "--size", 64, "--share", 1, "--batch-size", 2, "--style-size", 64, "--workers", 0),
    *("--precision", "f32", "--device", "cpu"),
)


@pytest.fixture(autouse=True)
def small_eyes(monkeypatch, folder):
    """Put two photos and a painting into the current folder; VGG-19 is a small stand-in."""
    (folder / "photos").mkdir()
    for name, subject in (("a", "astronaut"), ("b", "chelsea")):
        Image.fromarray(getattr(skimage.data, subject)()).resize((96, 80)).save(folder / f"photos/{name}.jpg")
    pixels = np.random.default_rng(0).integers(0, 256, (72, 96, 3), np.uint8)
    Image.fromarray(pixels).save(folder / "painting.png")
    for module in ("run", "tune"):
        monkeypatch.setattr(f"impasto.training.{module}.load_vgg19", lambda source, pooling: SmallEyes())


def test_the_best_is_printed_and_its_recipe_trains(impasto, folder):
    result = impasto("tune", *FAST, "--trials", 2, "-o", "study")
    assert result.code == 0, result.err
    first, second = result.out.splitlines()
    assert first.startswith("best of 2 trials, ")
    assert second == "study/best.toml"
    assert "trial 0: lr " in result.err
    assert (folder / "study/study.db").exists()
    again = impasto("tune", *FAST, "--trials", 2, "-o", "study")
    assert again.out == result.out
    given = FAST[:4] + FAST[10:]  # without --judge, --network and --widths
    trained = impasto("train", "--config", "study/best.toml", *given, "-o", "run")
    assert trained.code == 0, trained.err
    assert "run/network.onnx" in trained.out


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (("--trials", 0), ["--trials"]),
        (("--lr-range", "1e-2,1e-3"), ["--lr-range"]),
        (("--budget", "soon"), ["--budget"]),
        (("--judge", "absent"), ["absent"]),
        (("--widths", "wide"), ["--widths"]),
    ],
)
def test_what_is_wrong_is_one_line(impasto, wrong, words):
    result = impasto("tune", *FAST, "-o", "study", *wrong)
    result.refused(*words, code=1 if "absent" in wrong else 2)


def test_without_an_output_or_photos_set_apart_it_says_so(impasto):
    impasto("tune", *FAST).refused("--output", code=2)
    impasto("tune", *(FAST[:4] + FAST[6:]), "-o", "study").refused("--judge", code=2)
