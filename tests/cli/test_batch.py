"""The command: what it says, its exit codes, and what it refuses."""

import json

import pytest
from PIL import Image

QUICK = ("-s", "starry-night", "--model", "fast", "--precision", "f32", "--strength", 0, "--workers", 1)


@pytest.fixture
def photos(folder, photo):
    (folder / "photos/sub").mkdir(parents=True)
    for name in ("a.jpg", "sub/b.png"):
        Image.fromarray(photo).save(folder / "photos" / name)
    return folder / "photos"


def test_all_is_painted(impasto, photos, names):
    result = impasto("batch", "photos", "out", *QUICK)
    assert result.code == 0
    assert result.out.startswith("out  2 photos painted  ")
    assert "2 photos, 100%" in result.err
    assert {"out/a.jpg", "out/sub/b.png"} < set(names())
    again = impasto("batch", "photos", "out", *QUICK)
    assert again.out.startswith("out  2 photos painted, 2 of them earlier")


def test_what_could_not_be_painted(impasto, photos, folder):
    (photos / "bad.jpg").write_text("Dear diary,")
    result = impasto("batch", "photos", "out", *QUICK, "--json")
    assert result.code == 1
    said = json.loads(result.out)
    assert (said["painted"], said["earlier"], said["failed"], said["report"]) == (2, 0, 1, "out/report.jsonl")
    (line,) = (folder / "out/report.jsonl").read_text().splitlines()
    assert json.loads(line)["photo"] == "photos/bad.jpg"
    result = impasto("batch", "photos", "out", *QUICK)
    assert result.code == 1
    assert "1 photo could not be painted; out/report.jsonl says why" in result.err


def test_notices_are_in_the_report(impasto, photos, folder):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(photos / "moving.gif", save_all=True, append_images=frames[1:])
    result = impasto("batch", "photos", "out", *QUICK)
    assert result.code == 0
    assert "has notices" in result.err
    assert "first frame" in (folder / "out/report.jsonl").read_text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-s", "starry-nite"), ["starry-nite", "van-gogh-starry-night"]),
        ((), ["--style"]),
        ((*QUICK, "--shard", "4/3"), ["--shard", "4/3"]),
        ((*QUICK, "--shard", "0/3"), ["--shard"]),
        ((*QUICK, "--format", "xyz"), ["--format", ".png"]),
        ((*QUICK, "--limit", 0), ["--limit"]),
        ((*QUICK, "--quality", 101), ["--quality"]),
        ((*QUICK, "--strength", 2), ["--strength"]),
        ((*QUICK, "--gpus", 1), ["--gpus"]),
        ((*QUICK, "--ray", "nonsense"), ["--ray", "HOST:PORT"]),
        (("-s", "starry-night", "--to", "paper"), ["--to"]),
    ],
)
def test_options_that_cannot_be(impasto, photos, names, options, words):
    before = names()
    impasto("batch", "photos", "out", *options).refused(*words, code=2)
    assert names() == before


def test_places_that_cannot_be(impasto, photos, folder, names):
    before = names()
    impasto("batch", "absent", "out", *QUICK).refused("absent", "no such file")
    impasto("batch", "photos", "photos", *QUICK).refused("photos", "folder of the photos")
    impasto("batch", "photos", "photos/a.jpg", *QUICK).refused("photos/a.jpg", "cannot be made")
    impasto("batch", "nosuch://photos", "out", *QUICK).refused("nosuch", code=2)
    (folder / "rows.csv").write_text("file\na.jpg\n")
    impasto("batch", "rows.csv", "out", *QUICK).refused("rows.csv", "no column path", code=2)
    assert names() == sorted([*before, "rows.csv"])


def test_a_damaged_ledger_is_named(impasto, photos, folder):
    impasto("batch", "photos", "out", *QUICK)
    (folder / "out/.impasto/run.json").write_text("{")
    impasto("batch", "photos", "out", *QUICK).refused("out/.impasto/run.json", "damaged")


def test_fsspec_is_an_extra(impasto, photos, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fsspec", None)
    impasto("batch", "photos", "out", *QUICK).refused("impasto[batch]")


def test_the_help_names_all_options(impasto):
    said = impasto("batch", "--help").out
    for option in ("--shard", "--limit", "--ray", "--gpus", "--retry", "--to", "--format", "--max-pixels"):
        assert option in said
