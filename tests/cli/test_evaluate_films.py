"""`impasto evaluate --video`: how steady films are.  VGG-19 is a small stand-in."""

import json

import pytest
import skimage.data
from PIL import Image

from training.samples import SmallEyes
from video.conftest import moving, write_film

QUICK = ("--size", 96, "--frames", 5, "--device", "cpu")


@pytest.fixture(autouse=True)
def small_eyes(monkeypatch):
    monkeypatch.setattr("impasto.evaluation.steadiness.load_vgg19", lambda source: SmallEyes())


@pytest.fixture
def film(folder):
    return write_film(folder / "walk.mkv", moving(8), codec="ffv1", pixels="yuv444p")


@pytest.fixture
def dots(tiny_model):
    return tiny_model.style("dots")


def test_a_film_and_a_moving_photo_are_judged(impasto, film, dots, folder):
    Image.fromarray(skimage.data.astronaut()).save(folder / "face.png")
    Image.fromarray(skimage.data.coffee()).resize((96, 80)).save(folder / "dots.jpg")
    result = impasto(
        "evaluate", dots, "--video", film, "--photos", "face.png", "--paintings", "dots.jpg", "--json", *QUICK
    )
    assert result.code == 0, result.err
    films = json.loads(result.out)["films"]
    assert [each["film"] for each in films] == ["walk", "face pan", "face zoom", "face rotation"]
    for each in films:
        assert each["style"] == "dots"
        assert 0 < each["error_steady"] < 1.2 * each["error_alone"]  # this small network hardly flickers alone
        assert each["ratio"] == pytest.approx(each["error_steady"] / each["error_alone"])
        assert each["style_ratio"] == pytest.approx(1, abs=0.5)


def test_the_report_of_films_is_written(impasto, film, dots, folder):
    result = impasto("evaluate", dots, "--video", film, "-o", "new/report", *QUICK)
    assert result.code == 0, result.err
    assert (folder / "new/report/report.md").read_text() == result.out
    [judged] = json.loads((folder / "new/report/report.json").read_text())["films"]
    assert f"| walk | dots | {judged['error_alone']:.5f} |" in result.out
    assert {"new/report/report.md", "new/report/report.json"} <= set(result.err.splitlines())


def test_styles_of_one_name_are_told_apart_by_names_of_their_own(impasto, film, dots, folder):
    Image.fromarray(skimage.data.coffee()).resize((96, 80)).save(folder / "dots.jpg")
    result = impasto("evaluate", f"before={dots}", f"after={dots}", "--video", film, "--paintings", "dots.jpg", *QUICK)
    assert result.code == 0, result.err
    assert "| walk | before |" in result.out
    assert "| walk | after |" in result.out
    assert "style distance: mean ratio" in result.out  # the painting is still the style's


def test_a_folder_that_cannot_be_made_is_refused_before_the_work(impasto, film, dots, folder, monkeypatch):
    monkeypatch.setattr("impasto.evaluation.steadiness.clips_of", lambda *_: pytest.fail("the work has begun"))
    (folder / "file").touch()
    impasto("evaluate", dots, "--video", film, "-o", "file/report", *QUICK).refused("file/report")


def test_without_its_painting_a_style_has_no_distance(impasto, film, dots, folder):
    Image.fromarray(skimage.data.coffee()).resize((96, 80)).save(folder / "other.jpg")
    result = impasto("evaluate", dots, "--video", film, "--paintings", "other.jpg", *QUICK)
    assert result.code == 0, result.err
    assert "| walk | dots |" in result.out
    assert "mean ratio" in result.out
    assert "style distance: mean" not in result.out
    assert "--paintings has none called dots" in result.err


def test_wrong_usage_is_one_line(impasto, film, dots, folder):
    impasto("evaluate", dots).refused("give --photos", code=2)
    impasto("evaluate", dots, "--video", "absent.mp4", *QUICK).refused("absent.mp4", "no such file")
    write_film(folder / "still.mkv", moving(1), codec="ffv1", pixels="yuv444p")
    impasto("evaluate", dots, "--video", "still.mkv", *QUICK).refused("a single frame", code=2)
    impasto("evaluate", dots, "--video", film, "--frames", 1).refused("--frames", code=2)
