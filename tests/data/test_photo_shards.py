import io
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from impasto.data import open_source, open_sources, photo_batches
from impasto.data.shards import expand
from impasto.errors import DataError, EngineUnavailable, UnreadablePicture


@pytest.fixture
def shards(tmp_path, photos, write_tar):
    folder = tmp_path / "shards"
    folder.mkdir()
    names = sorted(photos)
    for number in range(3):
        files = {}
        for name in names[number::3]:
            key = name.replace("/", "_").removesuffix(".jpg")
            files |= {f"{key}.jpg": photos[name], f"{key}.json": b"{}", f"{key}.txt": b"a photo", f"{key}.cls": b"1"}
        write_tar(folder / f"shards-{number:03}.tar", files)
    return folder


@pytest.mark.parametrize("name", ["shards-{000..002}.tar", "shards-*.tar", "shards-00[0-2].tar", "{shards-*}.tar", ""])
def test_shards_by_braces_a_glob_or_their_folder(shards, photos, name):
    source = open_source(shards / name if name else shards)
    assert len(source) == len(photos)
    assert {source.read(index) for index in range(len(source))} == set(photos.values())
    assert source.name(0).startswith(str(shards / "shards-000.tar"))
    hash(source)
    again = pickle.loads(pickle.dumps(source))
    assert again.read(len(again) - 1) == source.read(len(source) - 1)


def test_some_of_the_shards(shards):
    assert len(open_source(f"{shards}/shards-{{000,002}}.tar")) == 8


def test_a_shard_that_is_not_there_is_named(shards):
    with pytest.raises(DataError, match=r"shards-003\.tar does not exist"):
        open_source(f"{shards}/shards-{{000..003}}.tar")
    with pytest.raises(DataError, match="stands for no file"):
        open_source(f"{shards}/nothing-*.tar")


def test_a_folder_with_photos_and_tars_is_its_photos(shards, photos):
    (shards / "a.jpg").write_bytes(b"?")
    assert len(open_source(shards)) == 1


def test_a_name_that_has_signs_of_a_glob_is_a_name_first(tmp_path):
    (tmp_path / "a[1]").mkdir()
    (tmp_path / "a[1]" / "x.jpg").write_bytes(b"?")
    assert len(open_source(tmp_path / "a[1]")) == 1


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("a{1..3}", ["a1", "a2", "a3"]),
        ("a{3..1}", ["a3", "a2", "a1"]),
        ("a{08..11}", ["a08", "a09", "a10", "a11"]),
        ("{a,b}{1..2}", ["a1", "a2", "b1", "b2"]),
        ("{x}", ["x"]),
        ("plain", ["plain"]),
    ],
)
def test_braces(name, files):
    assert [str(path) for path in expand(name)] == files


def test_braces_that_stand_for_too_much():
    with pytest.raises(DataError, match="more than 1,000,000"):
        expand("{0..9999999}{0..9999999}")


@given(st.text("{}.,*[]0123456789ab", max_size=12))
def test_any_name_gives_files_or_one_error(name):
    try:
        assert expand(name)
    except DataError as error:
        assert "\n" not in str(error)


datasets = pytest.importorskip("datasets")


@pytest.fixture
def rows(photos, tmp_path):
    """Return rows of a table: files as they are, one elsewhere, and none."""
    elsewhere = tmp_path / "elsewhere.jpg"
    elsewhere.write_bytes(next(iter(photos.values())))
    files = [{"bytes": content, "path": None} for content in photos.values()]
    return {"label": list(range(len(files) + 2)), "image": [*files, {"bytes": None, "path": str(elsewhere)}, None]}


@pytest.fixture
def table(rows):
    features = datasets.Features({"label": datasets.Value("int32"), "image": datasets.Image()})
    return datasets.Dataset.from_dict(rows, features)


@pytest.fixture
def saved(table, tmp_path):
    table.save_to_disk(tmp_path / "table")
    return tmp_path / "table"


def test_a_saved_table_gives_its_files_undecoded(saved, photos):
    source = open_source(saved)
    assert len(source) == len(photos) + 2
    assert [source.read(index) for index in range(len(photos))] == list(photos.values())
    assert source.read(len(photos)) == next(iter(photos.values()))
    assert source.name(3) == f"{saved}[3]"
    with pytest.raises(UnreadablePicture, match=r"table\[13\]: the row holds no picture"):
        source.read(len(photos) + 1)


def test_it_travels_to_other_processes_and_trains(saved, photos):
    source = open_source(saved)
    source.read(0)
    hash(source)
    assert len(pickle.dumps(source)) < 1000  # its place, and no file
    assert pickle.loads(pickle.dumps(source)).read(1) == source.read(1)
    batches = [
        list(photo_batches(source, size=32, batch_size=4, seed=0, steps=3, workers=workers)) for workers in (0, 2)
    ]
    for alone, by_processes in zip(*batches, strict=True):
        np.testing.assert_array_equal(alone, by_processes)


def test_of_several_splits_the_one_to_train_on(table, tmp_path):
    datasets.DatasetDict({"test": table.select([0]), "train": table}).save_to_disk(tmp_path / "splits")
    assert len(open_source(tmp_path / "splits")) == len(table)
    datasets.DatasetDict({"test": table}).save_to_disk(tmp_path / "other")
    with pytest.raises(DataError, match=r"other cannot be opened \(KeyError: 'train'\)"):
        open_source(tmp_path / "other")


def test_the_column_of_images_is_found_and_none_is_said(table, tmp_path):
    table.rename_column("image", "photograph").save_to_disk(tmp_path / "renamed")
    assert open_source(tmp_path / "renamed").column == "photograph"
    table.select_columns(["label"]).save_to_disk(tmp_path / "labels")
    with pytest.raises(DataError, match="no column of images; it has label"):
        open_source(tmp_path / "labels")


def test_a_table_without_rows(table, monkeypatch, tmp_path):
    monkeypatch.setattr(datasets, "load_dataset", lambda name, split, revision: table.select([]))
    with pytest.raises(DataError, match="hf:user/none has no rows"):
        open_source("hf:user/none")
    table.select([]).save_to_disk(tmp_path / "none")
    with pytest.raises(DataError, match="none cannot be opened"):  # which datasets itself does not read again
        open_source(tmp_path / "none")


@pytest.mark.parametrize(
    ("name", "split", "revision"),
    [("hf:user/name", "train", None), ("hf:user/name:test", "test", None), ("hf:user/name@v1:test", "test", "v1")],
)
def test_a_table_on_the_hub(table, photos, monkeypatch, name, split, revision):
    asked = []
    monkeypatch.setattr(
        datasets, "load_dataset", lambda *name, **given: asked.append((*name, *given.values())) or table
    )
    source = open_sources([name])
    assert source.read(2) == list(photos.values())[2]
    assert set(asked) == {("user/name", split, revision)}
    assert source.name(2) == f"{name.removesuffix(':test')}:{split}[2]"


def test_a_hub_that_does_not_answer_is_one_sentence(monkeypatch):
    def refuse(name, split, revision):
        raise ConnectionError("no\nroute")

    monkeypatch.setattr(datasets, "load_dataset", refuse)
    with pytest.raises(DataError, match=r"hf:user/absent cannot be opened \(ConnectionError: no\)"):
        open_source("hf:user/absent")


def test_a_damaged_table(saved):
    for file in saved.glob("*.arrow"):
        file.write_bytes(b"damaged")
    with pytest.raises(DataError, match="table cannot be opened"):
        open_source(saved)


def test_without_datasets_it_is_said_how_to_install_it(saved, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "datasets", None)
    with pytest.raises(EngineUnavailable, match=r"pip install 'impasto\[datasets\]'"):
        open_source(saved)


def test_pictures_of_any_format_in_a_table(tmp_path, grey):
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG")
    table = datasets.Dataset.from_dict({"image": [{"bytes": buffer.getvalue(), "path": None}]}).cast_column(
        "image", datasets.Image()
    )
    table.save_to_disk(tmp_path / "grey")
    (batch,) = photo_batches(open_source(tmp_path / "grey"), size=48, batch_size=5, seed=0, steps=1, workers=0, blank=0)
    assert batch.shape == (5, 3, 48, 48)
    assert (batch[:, 0] == batch[:, 1]).all()
