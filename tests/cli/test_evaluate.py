"""`impasto evaluate`: rows, files, and one line for each error.  VGG-19 is a small stand-in."""

import csv
import io
import json

import numpy as np
import pytest
import skimage.data
from PIL import Image

from training.samples import SmallEyes

QUICK = ("--size", 64, "--gatys", "1,2", "--resamples", 100, "--precision", "f32", "--device", "cpu")


class NamedEyes(SmallEyes):
    name = "small"


@pytest.fixture(autouse=True)
def small_eyes(monkeypatch):
    monkeypatch.setattr("impasto.evaluation.evaluate.load_vgg19", lambda source: NamedEyes())


@pytest.fixture
def pictures(folder):
    """Put two photos into photos/ and two paintings, named like the tiny network's styles, into paintings/."""
    for name, subject in (("photos/a", "astronaut"), ("photos/b", "chelsea"), ("paintings/dots", "coffee"),
                          ("paintings/lines", "rocket")):  # fmt: skip
        (folder / name).parent.mkdir(exist_ok=True)
        Image.fromarray(getattr(skimage.data, subject)()).resize((96, 80)).save(f"{name}.jpg")
    return folder


@pytest.fixture
def evaluate(impasto, pictures):
    return lambda *arguments: impasto("evaluate", "--photos", "photos", "--paintings", "paintings", *QUICK, *arguments)


def test_a_networks_styles_stand_beside_the_photo_and_gatys(evaluate, tiny_model):
    result = evaluate(tiny_model.folder, "--json")
    assert result.code == 0, result.err
    facts = json.loads(result.out)
    names = ["the photo itself", "Gatys, 1 iterations", "Gatys, 2 iterations", tiny_model.folder.name]
    assert [row["painter"] for row in facts["rows"]] == names
    assert {row["pairs"] for row in facts["rows"]} == {4}
    assert len(facts["judgements"]) == 16
    photo, first, second, styled = facts["rows"]
    assert 0 < first["medians"]["worth"] <= second["medians"]["worth"] <= 2
    assert [len(curve["objectives"]) for curve in facts["curves"]] == [3] * 4
    assert photo["medians"]["content"] == pytest.approx(0, abs=1e-5)
    assert photo["medians"]["SSIM"] == pytest.approx(1)
    assert styled["medians"]["content"] > 0.001
    low, high = styled["intervals"]["style"]
    assert low <= styled["medians"]["style"] <= high
    assert any("LPIPS is left out" in notice for notice in facts["notices"])
    assert facts["config"]["size"] == 64


def test_art_fid_stands_beside_lpips_where_both_are_there(evaluate, tiny_model, monkeypatch):
    where = "impasto.evaluation.evaluate"
    monkeypatch.setattr(f"{where}.open_lpips", lambda: lambda one, other: float(np.abs(one / 255 - other / 255).mean()))
    monkeypatch.setattr(f"{where}.open_art_features", lambda: lambda picture: picture.mean((0, 1)) / 255)
    result = evaluate(tiny_model.folder)
    assert result.code == 0, result.err
    head = next(line for line in result.out.splitlines() if "LPIPS" in line)
    assert head.endswith("| LPIPS | worth | ArtFID |")
    facts = json.loads(evaluate(tiny_model.folder, "--json").out)
    assert all(row["medians"]["ArtFID"] >= 1 + row["medians"]["LPIPS"] * 0.5 for row in facts["rows"])


def test_the_report_is_written_and_gatys_pictures_are_found_again(evaluate, tiny_model, names, folder):
    first = evaluate(f"mine={tiny_model.folder}", "-o", "out", "--pairs", 2)
    assert first.code == 0, first.err
    assert {"out/report.md", "out/report.json", "out/report.csv", "out/sheet.jpg"} <= set(names())
    report = (folder / "out/report.md").read_text()
    assert report == first.out
    assert "2 pairs of 2 photos and" in report
    assert "| mine | 2 |" in report
    assert "commit" in report
    rows = list(csv.DictReader(io.StringIO((folder / "out/report.csv").read_text())))
    assert len(rows) == 8
    assert float(rows[0]["ssim"]) == pytest.approx(1)
    sheet = np.asarray(Image.open(folder / "out/sheet.jpg"))
    assert sheet.shape[1] > 5 * 300  # the painting, the photo, Gatys twice, mine
    again = evaluate(f"mine={tiny_model.folder}", "-o", "out", "--pairs", 2)
    assert "4 pictures of Gatys' method were in the output folder already" in again.err
    without = [row for row in first.out.splitlines() if row.startswith("| ")]
    assert without == [row for row in again.out.splitlines() if row.startswith("| ")]


def test_few_pairs_are_of_as_many_photos_and_paintings_as_can_be():
    from impasto.evaluation.evaluate import _evenly
    from impasto.evaluation.judge import Pair

    pairs = [Pair(f"photo {i}", f"painting {j}") for i in range(12) for j in range(9)]
    chosen = _evenly(pairs, 9, seed=0)
    assert len({pair.photo for pair in chosen}) == len({pair.painting for pair in chosen}) == 9
    assert chosen == sorted(chosen, key=pairs.index)
    assert chosen == _evenly(pairs, 9, seed=0) != _evenly(pairs, 9, seed=1)
    assert _evenly(pairs, 200, seed=0) == _evenly(pairs, len(pairs), seed=0) == pairs


def test_other_programs_pictures_are_found_by_their_names(evaluate, folder):
    for place in ("theirs/dots/a", "theirs/dots/b", "beside/a-dots", "beside/b-lines"):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(skimage.data.coffee()).resize((48, 40)).save(f"{place}.png")
    result = evaluate("theirs", "beside", "--gatys", 0, "--json")
    assert result.code == 0, result.err
    facts = json.loads(result.out)
    assert [(row["painter"], row["pairs"]) for row in facts["rows"]] == [
        ("the photo itself", 3), ("theirs", 2), ("beside", 2),
    ]  # fmt: skip


def test_one_picture_of_one_pair(impasto, pictures):
    Image.fromarray(skimage.data.coffee()).resize((96, 80)).save("made.png")
    pair = ("--photos", "photos/a.jpg", "--paintings", "paintings/dots.jpg")
    result = impasto("evaluate", "made.png", *pair, *QUICK, "--gatys", 0)
    assert result.code == 0, result.err
    assert "| made | 1 |" in result.out
    assert "(" not in result.out.split("| made | 1 |")[1].splitlines()[0]  # of one picture there is no interval


def test_a_network_with_its_style_in_its_weights(impasto, pictures, tiny_johnson):
    pair = ("--photos", "photos", "--paintings", "paintings/lines.jpg")
    result = impasto("evaluate", tiny_johnson.network, *pair, *QUICK, "--gatys", 0)
    assert result.code == 0, result.err
    assert "| network | 2 |" in result.out


def test_the_bundled_styles_are_found_by_the_paintings_names(impasto, pictures, folder):
    (folder / "paintings/dots.jpg").rename(folder / "paintings/munch-the-scream.jpg")
    given = ("--photos", "photos/a.jpg", "--paintings", "paintings", *QUICK, "--gatys", 0)
    for subject in ((), ("main",), ("the-scream",)):
        result = impasto("evaluate", *subject, *given, "--json")
        assert result.code == 0, result.err
        _, row = json.loads(result.out)["rows"]
        assert (row["painter"], row["pairs"]) == ("the-scream" if "the-scream" in subject else "impasto main", 1)


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (("absent",), ["absent"], 2),
        (("empty",), ["empty", "no pictures"], 2),
        (("photos/a.jpg",), ["photos/a.jpg", "one photo and one painting"], 2),
        (("main",), ["--paintings", "impasto main"], 2),
        (("wide",), ["wide/a-dots.png", "proportions"], 1),
        (("beside", "beside"), ["beside", "NAME=SUBJECT"], 2),
        (("beside", "--size", "8"), ["--size"], 2),
        (("beside", "--gatys", "few"), ["--gatys"], 2),
        (("beside", "--photos", "missing.jpg"), ["missing.jpg"], 1),
        (("beside", "--photos", "again"), ["--photos", "'a'"], 2),
        (("beside", "-o", "photos/a.jpg"), ["photos/a.jpg"], 1),
    ],
)
def test_what_is_wrong_is_one_line(evaluate, folder, arguments, words, code):
    for place in ("empty", "wide", "beside", "again"):
        (folder / place).mkdir()
    Image.fromarray(skimage.data.coffee()).resize((96, 40)).save("wide/a-dots.png")
    Image.fromarray(skimage.data.coffee()).resize((96, 80)).save("beside/a-dots.png")
    Image.fromarray(skimage.data.coffee()).resize((96, 80)).save("again/a.png")
    evaluate("--gatys", 0, *arguments).refused(*words, code=code)
