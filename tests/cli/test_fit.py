"""`impasto fit`: the files it writes, what it says on the way, and one line for each error."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from impasto.cli.progress import FitProgress
from impasto.model import read_style
from impasto.training.fit import FitReport

QUICK = ("--steps", 3, "--size", 32, "--batch-size", 2, "--style-size", 64, "--precision", "f32", "--device", "cpu")


@pytest.fixture
def fit(impasto, tiny_model, small_eyes):
    """Return a function that learns a style for the tiny network in three steps."""
    return lambda *arguments: impasto("fit", *arguments, "--model", tiny_model.network, *QUICK)


def test_a_style_and_its_preview(fit, impasto, wave, astronaut, tiny_model, names):
    result = fit("wave.png", "-o", "sea.style")
    assert (result.code, result.out) == (0, "sea.style\n")
    assert names() == ["astronaut.jpg", "sea.preview.png", "sea.style", "wave.png"]
    style = read_style("sea.style")
    assert (style.name, style.network) == ("wave", read_style(tiny_model.style("dots")).network)
    with Image.open("sea.preview.png") as preview:
        assert preview.width > 2 * 300
        assert np.asarray(preview).std() > 10
    painted = impasto("stylize", "astronaut.jpg", "-s", "sea.style", "--model", tiny_model.network)
    assert (painted.code, painted.err) == (0, "")


def test_the_style_lies_in_this_folder_under_the_paintings_name(fit, wave, folder, names):
    (folder / "far").mkdir()
    wave.rename(folder / "far" / "wave.png")
    assert fit("far/wave.png", "--no-preview").out == "wave.style\n"
    assert names() == ["far/wave.png", "wave.style"]


def test_the_preview_never_replaces_the_painting(fit, wave, names):
    wave.rename("sea.preview.png")
    before = Path("sea.preview.png").read_bytes()
    result = fit("sea.preview.png", "-o", "sea.style")
    assert result.code == 2
    assert "would replace sea.preview.png" in result.err
    assert names() == ["sea.preview.png"]
    assert Path("sea.preview.png").read_bytes() == before


def test_the_preview_is_of_the_photo_that_is_named(fit, wave, folder):
    Image.fromarray(np.full((30, 200, 3), 128, np.uint8)).save("flat.png")
    fit("wave.png", "-o", "one.style", "--preview", "flat.png")
    fit("wave.png", "-o", "other.style")
    one, other = (np.asarray(Image.open(f"{name}.preview.png")) for name in ("one", "other"))
    assert one.shape != other.shape or np.abs(one.astype(float) - other).mean() > 5


def test_lines_say_how_far_it_is(fit, wave):
    lines = fit("wave.png", "--no-preview").err.splitlines()
    assert len(lines) == 1  # in 15 seconds
    assert lines[0].startswith("step 1, 33%, ")
    assert "content" in lines[0]
    assert "style" in lines[0]


def test_a_terminal_gets_a_progress_bar(fit, wave, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    err = fit("wave.png", "--no-preview").err
    assert "wave" in err
    assert "100%" in err
    assert "step 1," not in err


@pytest.mark.parametrize("terminal", [False, True])
def test_one_fit_after_the_other_is_shown(terminal, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal, raising=False)
    with FitProgress() as progress:
        for name in ("dots", "waves"):
            running = SimpleNamespace(painting=SimpleNamespace(stem=name))
            for step in (1, 2):  # the clock ended it after 90 %
                progress(running, FitReport(step, 0.45 * step, 1.0, 0.5, 0.25, judged=False))
    err = capsys.readouterr().err
    if terminal:
        assert "dots" in err
        assert "waves  90%" in err
    else:
        assert err == 2 * "step 1, 45%, 1 s, content 0.50, style 0.250\n"


def test_an_interruption_keeps_the_best_so_far(fit, wave, monkeypatch, names):
    seen = []

    def interrupt(self, running, report):
        seen.append(report.step)
        if report.step == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(FitProgress, "__call__", interrupt)
    result = fit("wave.png")
    assert (result.code, result.out, seen) == (0, "wave.style\n", [1, 2])
    assert names() == ["wave.png", "wave.style"]
    assert np.isfinite(read_style("wave.style").vector).all()


def test_errors_are_one_line_and_nothing_is_written(fit, impasto, wave, folder, tiny_johnson, names):
    Image.fromarray(np.zeros((63, 400, 3), np.uint8)).save("scroll.png")
    (folder / "text.jpg").write_text("a painting")
    (folder / "empty.png").touch()
    before = names()
    for arguments, words, code in (
        (["absent.png"], ["absent.png"], 1),
        (["text.jpg"], ["text.jpg", "not a picture"], 1),
        (["empty.png"], ["empty.png", "empty"], 1),
        (["scroll.png"], ["scroll.png", "400 x 63", "64"], 2),
        (["wave.png", "-o", "wave.png"], ["wave.png", ".style"], 2),
        (["wave.png", "-o", ""], [".style"], 2),
        (["wave.png", "-o", "absent/wave.style"], ["absent/wave.style", "the folder does not exist"], 1),
        (["wave.png", "--preview", "absent.jpg"], ["absent.jpg"], 1),
        (["wave.png", "--photos", "nowhere"], ["nowhere"], 1),
    ):
        fit(*arguments).refused(*words, code=code)
        assert names() == before
    for arguments, words, code in (
        (["--budget", "soon"], ["--budget", "'soon'", "3m"], 2),
        (["--budget", "0"], ["--budget"], 2),
        (["--budget", "-5s"], ["--budget"], 2),
        (["--steps", "-1"], ["--steps"], 2),
        (["--steps", "many"], ["--steps", "many"], 2),
        (["--size", "66"], ["--size", "66", "multiple of 4"], 2),
        (["--size", "64,64,64", "--batch-size", "1,2"], ["--size", "--batch-size"], 2),
        (["--model", tiny_johnson.network], ["network.onnx", "cannot learn another"], 2),
        (["--model", "absent.onnx"], ["absent"], 1),
        (["--model", "wave.png"], ["wave"], 1),
    ):
        impasto("fit", "wave.png", *arguments).refused(*words, code=code)
        assert names() == before
