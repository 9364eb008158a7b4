"""The examples run, and the benchmarks say how they are run."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

import impasto

ROOT = Path(__file__).parents[1]


def run(script, *arguments, monkeypatch):
    monkeypatch.setattr(sys, "argv", [str(script), *map(str, arguments)])
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
