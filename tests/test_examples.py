"""The examples run, and the benchmarks say how they are run."""

import runpy
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import impasto
from training.samples import SmallEyes

ROOT = Path(__file__).parents[1]


def run(script, *arguments, monkeypatch):
    monkeypatch.setattr(sys, "argv", [str(script), *map(str, arguments)])
    monkeypatch.syspath_prepend(script.parent)  # as Python does with a script that it runs
    runpy.run_path(str(script), run_name="__main__")


def test_styles_at_half_strength_and_full(tmp_path, photo, save, monkeypatch):
    some = impasto.styles()[:2]
    monkeypatch.setattr(impasto, "styles", lambda: some)
    run(ROOT / "examples" / "paint.py", save("photo.png", photo[::3, ::3]), tmp_path / "out", monkeypatch=monkeypatch)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        f"{style.name}-{strength}.png" for style in some for strength in (0.5, 1.0)
    }


def test_the_examples_photo_can_be_painted():
    painted = impasto.stylize(ROOT / "examples" / "astronaut.jpg", "starry-night", size=64)
    assert max(painted.size) == 64


def test_a_study_of_settings(save, photo, monkeypatch, capsys):
    seen = []

    def quick(*pictures, **settings):
        seen.append(settings)
        return optimize(*pictures, **{**settings, "size": 64, "steps": 1, "start": "photo"})

    optimize = impasto.optimize
    monkeypatch.setattr(impasto, "optimize", quick)
    pictures = [save("photo.png", photo), save("painting.png", np.ascontiguousarray(photo[::-1]))]
    run(ROOT / "examples" / "study.py", *pictures, 2, monkeypatch=monkeypatch)
    assert len(seen) == 2
    assert "style_strength" in capsys.readouterr().out


def test_examples_are_short():
    for script in (ROOT / "examples").glob("*.py"):
        assert len(script.read_text().splitlines()) <= 30


@pytest.mark.parametrize("script", sorted((ROOT / "benchmarks").glob("*.py")), ids=lambda path: path.stem)
def test_each_benchmark_says_how_it_is_run(script, monkeypatch, capsys):
    with pytest.raises(SystemExit) as caught:
        run(script, "--help", monkeypatch=monkeypatch)
    assert caught.value.code == 0
    assert f"python benchmarks/{script.name}" in capsys.readouterr().out


def test_a_folder(tmp_path, photo, save, monkeypatch, capsys):
    for name in ("in/a.jpg", "in/b.png"):
        save(name, photo)
    save("in/c.jpg", b"no photo")
    run(ROOT / "examples" / "folder.py", tmp_path / "in", "udnie", tmp_path / "out", monkeypatch=monkeypatch)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "b.png"]
    out, err = capsys.readouterr()
    assert out.splitlines() == ["a.jpg  77x101", "b.png  77x101"]
    assert "c.jpg" in err


def test_a_walk_and_a_film(tmp_path, photo, save, monkeypatch):
    script = ROOT / "examples" / "walk.py"
    short = tmp_path / "walk.py"
    short.write_text(script.read_text().replace("FRAMES, SIZE = 24, 256", "FRAMES, SIZE = 5, 64"))
    run(short, save("photo.png", photo), tmp_path / "walk.gif", monkeypatch=monkeypatch)
    run(
        ROOT / "examples" / "film_frames.py",
        tmp_path / "walk.gif",
        "great-wave",
        tmp_path / "film.gif",
        monkeypatch=monkeypatch,
    )
    for name in ("walk.gif", "film.gif"):
        with Image.open(tmp_path / name) as film:
            assert (film.n_frames, max(film.size)) == (5, 64)


def test_a_style_of_ones_own(tmp_path, photo, save, monkeypatch, capsys):
    monkeypatch.setattr("impasto.training.fit.load_vgg19", lambda source="caffe": SmallEyes())
    monkeypatch.setattr(impasto, "fit", partial(impasto.fit, steps=2, size=(64,), batch_size=(1,), style_size=64))
    pictures = [save("painting.png", np.ascontiguousarray(photo[::-1])), save("photo.png", photo)]
    run(ROOT / "examples" / "own_style.py", *pictures, tmp_path / "out", "1s", monkeypatch=monkeypatch)
    made = ["mine-0%.png", "mine-100%.png", "mine-50%.png", "my.style"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == made
    assert "the most like it is" in capsys.readouterr().out


def test_a_training_loop(tmp_path, photo, save, monkeypatch, capsys):
    monkeypatch.setattr("impasto.perceptual.weights.load_vgg19", lambda source="caffe": SmallEyes())
    painting, folder = save("painting.png", photo), save("photos/a.png", photo).parent
    run(ROOT / "examples" / "training_loop.py", painting, folder, tmp_path / "out", 3, monkeypatch=monkeypatch)
    steps = [float(line.rpartition(" ")[2]) for line in capsys.readouterr().out.splitlines()]
    assert len(steps) == 3
    assert np.isfinite(steps).all()
    painted = impasto.stylize(photo, tmp_path / "out" / "styles" / "mine.style")
    assert painted.shape == photo.shape
