import json

import numpy as np
import pytest
from PIL import Image

from impasto import fitting, styles
from impasto.model import Credits, Style, StyleInfo, write_style


def test_a_line_a_style_with_its_credits(impasto):
    result = impasto("styles")
    lines = result.out.splitlines()
    assert (result.code, result.err, len(lines)) == (0, "", len(styles()))
    for line, style in zip(lines, styles(), strict=True):
        assert line.startswith(style.name)
        assert style.credits.artist in line
        assert style.credits.title in line
        assert style.credits.year in line


def test_json_is_one_object_a_line(impasto):
    lines = [json.loads(line) for line in impasto("styles", "--json").out.splitlines()]
    assert [line["name"] for line in lines] == [style.name for style in styles()]
    assert all(line.keys() == {"name", "artist", "title", "year", "licence"} for line in lines)


def test_a_sheet_of_all_styles(impasto, astronaut, names):
    result = impasto("styles", "--sheet", "astronaut.jpg", "-o", "all.png", "--size", 48)
    assert (result.code, result.out) == (0, "all.png\n")
    assert names() == ["all.png", "astronaut.jpg"]
    with Image.open("all.png") as sheet:
        assert sheet.width * sheet.height > 48 * 36 * (len(styles()) + 1)


def test_a_sheet_that_cannot_be(impasto, astronaut, folder, names):
    (folder / "bad.jpg").touch()
    impasto("styles", "--sheet", "absent.jpg").refused("absent.jpg")
    impasto("styles", "--sheet", "bad.jpg").refused("bad.jpg")
    impasto("styles", "--sheet", "astronaut.jpg", "-o", "astronaut.jpg").refused("astronaut.jpg", "replace")
    impasto("styles", "--sheet", "astronaut.jpg", "-o", "absent/x.png").refused("absent/x.png")
    impasto("styles", "--sheet", "astronaut.jpg", "-o", "x.txt").refused("x.txt", code=2)
    assert names() == ["astronaut.jpg", "bad.jpg"]


@pytest.fixture
def bundle(wave, photo, small_eyes, tmp_path, monkeypatch):
    """Put two styles, of which one is wave.png's, in the place of the bundled ones."""
    from impasto.training.fit import signature_of

    Image.fromarray(photo).save(tmp_path / "face.png")
    known = []
    for path in (tmp_path / "face.png", wave):
        file = tmp_path / f"{path.stem}.style"
        write_style(Style(path.stem, np.zeros(4, np.float32), "net", signature=signature_of(path)), file)
        known.append(StyleInfo(path.stem, Credits(artist=f"A. {path.stem}"), file))
    monkeypatch.setattr(fitting, "bundled_styles", lambda model: known)


def test_styles_like_a_painting_begin_with_the_nearest(impasto, bundle, names):
    result = impasto("styles", "--like", "wave.png")
    lines = [line.split() for line in result.out.splitlines()]
    assert (result.code, result.err) == (0, "")
    assert [line[1] for line in lines] == ["wave", "face"]
    assert lines[0][0] == "0.000"
    assert float(lines[1][0]) > 0
    assert "A. wave" in result.out
    assert names() == ["wave.png"]


def test_styles_like_a_painting_as_json(impasto, bundle):
    lines = [json.loads(line) for line in impasto("styles", "--like", "wave.png", "--json").out.splitlines()]
    assert [line["name"] for line in lines] == ["wave", "face"]
    assert lines[0].keys() == {"name", "distance", "artist", "title", "year", "licence"}
    assert lines[0]["distance"] == 0 < lines[1]["distance"]


def test_paintings_that_nothing_can_be_like(impasto, folder, small_eyes):
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save("stamp.png")
    impasto("styles", "--like", "absent.png").refused("absent.png")
    impasto("styles", "--like", "stamp.png").refused("stamp.png", "64", code=2)
