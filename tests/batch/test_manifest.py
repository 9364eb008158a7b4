"""Collections as tables, with styles and options of rows."""

import json

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from impasto import api
from impasto.errors import InvalidOption
from impasto.image import read

from .conftest import NETWORK, paintings, report


@pytest.fixture
def table(tmp_path, bytes_of):
    """Return a function that writes a CSV beside three photos, a.jpg, b.png and sub/c.jpg."""
    (tmp_path / "sub").mkdir()
    for number, (name, kind) in enumerate((("a.jpg", "JPEG"), ("b.png", "PNG"), ("sub/c.jpg", "JPEG"))):
        (tmp_path / name).write_bytes(bytes_of(number, kind))

    def write(text, name="photos.csv"):
        (tmp_path / name).write_text(text, "utf-8")
        return tmp_path / name

    return write


def test_paths_are_below_the_tables_folder(paint, table, tmp_path):
    done = paint(table("path\na.jpg\n./b.png\nsub/c.jpg\n"), tmp_path / "out")
    assert paintings(tmp_path / "out") == ["a.jpg", "b.png", "sub/c.jpg"]
    assert done.painted == 3


def test_styles_options_and_outputs_of_rows(paint, table, tmp_path):
    strong = '"{""strength"": 1}"'
    rows = f"b.png,great-wave,{strong},x/one.png\nb.png,,{strong},two.png\nb.png,,,three.png\n"
    paint(table(f"path,style,options,output\n{rows}"), tmp_path / "out")
    assert paintings(tmp_path / "out") == ["three.png", "two.png", "x/one.png"]
    photo = read(tmp_path / "b.png").pixels
    for name, style in (("x/one.png", "great-wave"), ("two.png", "starry-night")):
        whole = np.asarray(api.stylize(photo, style, **NETWORK), np.int16)
        assert np.abs(read(tmp_path / "out" / name).pixels.astype(np.int16) - whole).max() <= 1
    assert (read(tmp_path / "out/three.png").pixels == photo).all()


def test_parquet(paint, table, tmp_path):
    table("")
    columns = {
        "path": ["a.jpg", None, "b.png"],
        "style": ["great-wave", "great-wave", None],
        "options": [{"stroke": 0.2}, None, {"stroke": None}],
        "year": [1, 2, 3],
    }
    parquet.write_table(pa.table(columns), tmp_path / "photos.parquet")
    done = paint(tmp_path / "photos.parquet", tmp_path / "out")
    assert paintings(tmp_path / "out") == ["a.jpg", "b.png"]
    assert done.failed == [(f"{tmp_path}/photos.parquet, row 2", "there is no path")]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("", "no path"),
        ("absent.jpg", "no such file"),
        ("a.jpg,starry-nite", "starry-nite"),
        ("a.jpg,great-wave,{strength: 1}", "not JSON"),
        ('a.jpg,great-wave,"[1]"', "JSON object"),
        ('a.jpg,great-wave,"{""strenght"": 1}"', "did you mean 'strength'"),
        ('a.jpg,great-wave,"{""strength"": 7}"', "between 0 and 1"),
        ("a.jpg,great-wave,,../x.jpg", "not below the output"),
        ("a.jpg,great-wave,,/x.jpg", "not below the output"),
        ("a.jpg,great-wave,,.impasto/run.png", "not below the output"),
        ("a.jpg,great-wave,,x.xyz", "cannot write pictures as .xyz"),
        ("a.jpg,great-wave,,x.jpg,more", "more fields"),
        ("a.jpg,great-wave,,same.jpg", "of another"),
        ("../../a.jpg", "not below the output"),
    ],
)
def test_a_row_that_is_wrong_is_reported_with_its_number(paint, table, tmp_path, row, words):
    source = table(f"path,style,options,output\nb.png,,,same.jpg\n{row or ',,,'}\nsub/c.jpg,,,\n")
    done = paint(source, tmp_path / "out")
    assert paintings(tmp_path / "out") == ["same.jpg", "sub/c.jpg"]
    ((name, reason),) = done.failed
    assert words in reason
    assert name.endswith(("photos.csv, row 2", "absent.jpg", "a.jpg"))
    assert report(tmp_path / "out") == [{"photo": name, "error": reason}]


def test_a_painting_never_replaces_its_photo(paint, table, tmp_path):
    before = (tmp_path / "a.jpg").read_bytes()
    done = paint(table("path,output\na.jpg,\nb.png,a.jpg\n"), tmp_path)
    assert (tmp_path / "a.jpg").read_bytes() == before
    assert any("replace its photo" in reason for _, reason in done.failed)


def test_rows_without_a_style(paint, table, tmp_path):
    done = paint(table("path,style\na.jpg,\nb.png,great-wave\n"), tmp_path / "out", style=None)
    assert paintings(tmp_path / "out") == ["b.png"]
    assert "no style" in done.failed[0][1]
    with pytest.raises(InvalidOption, match="--style"):
        paint(tmp_path, tmp_path / "other", style=None)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"file,style\na.jpg,great-wave\n", "no column path"), (b"", "no column path"), (b"path\n\xff\xfe\n", "UTF-8")],
)
def test_a_file_that_is_no_table_of_photos(paint, tmp_path, content, words):
    (tmp_path / "photos.csv").write_bytes(content)
    with pytest.raises(InvalidOption, match=words):
        paint(tmp_path / "photos.csv", tmp_path / "out")


def test_a_parquet_that_is_none(paint, tmp_path):
    (tmp_path / "photos.parquet").write_bytes(b"path\na.jpg\n")
    with pytest.raises(InvalidOption, match="Parquet"):
        paint(tmp_path / "photos.parquet", tmp_path / "out")


def test_absolute_paths_and_urls(paint, table, tmp_path, album):
    source = table(f"path\n{album}/10.png\nfile://{album}/04.png\n")
    paint(source, tmp_path / "out")
    assert len(paintings(tmp_path / "out")) == 2
    assert all(name.startswith(str(album).lstrip("/")) for name in paintings(tmp_path / "out"))


def test_json_is_not_needed_for_no_options(paint, table, tmp_path):
    assert paint(table("path,options\na.jpg, \nb.png,{}\n"), tmp_path / "out").painted == 2
    assert json.loads((tmp_path / "out/.impasto/run.json").read_text())["the style"] == "van-gogh-starry-night"
