import io
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InvalidOption, UnreadablePicture, UnwritableOutput
from impasto.image import Picture, read, write


def test_all_kinds_of_sources_give_the_same_pixels(photo, saved, tmp_path):
    path, data = tmp_path / "photo.png", saved(photo)
    path.write_bytes(data)
    with path.open("rb") as stream, Image.open(path) as image:
        sources = (path, str(path), data, bytearray(data), io.BytesIO(data), stream, image, photo)
        for source in sources:
            np.testing.assert_array_equal(read(source).pixels, photo)


def test_a_pipe_by_its_path(photo, saved, tmp_path):
    pipe, data = tmp_path / "pipe", saved(photo)
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(data))
    writer.start()
    np.testing.assert_array_equal(read(pipe).pixels, photo)
    writer.join(timeout=5)


def test_the_files_name_does_not_have_to_be_true(photo, saved, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(saved(photo, "PNG"))
    np.testing.assert_array_equal(read(tmp_path / "photo.jpg").pixels, photo)


def test_an_array_is_not_copied_nor_changed(photo):
    assert read(photo).pixels is photo


def test_grey_and_alpha_arrays(grey, photo, soft_alpha):
    np.testing.assert_array_equal(read(grey).pixels, np.dstack([grey] * 3))
    picture = read(np.dstack([photo, soft_alpha]))
    np.testing.assert_array_equal(picture.pixels, photo)
    np.testing.assert_array_equal(picture.alpha, soft_alpha)


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4), bool),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((3, 4, 4, 3), np.uint8),
        np.zeros(5, np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 0), np.uint16),
    ],
)
def test_other_arrays_are_refused_with_what_they_are(values):
    with pytest.raises(InvalidOption) as caught:
        read(values)
    assert str(values.dtype) in str(caught.value)


def test_an_absent_file_a_folder_and_an_impossible_name(tmp_path):
    for place, reason in (
        (tmp_path / "no.png", "there is no such file"),
        (tmp_path, "this is a folder"),
        ("a\0b.png", "null"),
        (tmp_path / ("n" * 300), "too long"),
    ):
        with pytest.raises(UnreadablePicture, match=reason) as caught:
            read(place)
        assert caught.value.name == str(place)


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UnreadablePicture, match=r"may not be read \(permission denied\)"):
        read(tmp_path / "locked.png")


def test_names_of_sources_without_a_name():
    for source, name in ((b"x", "<bytes>"), (io.BytesIO(b"x"), "<stream>")):
        with pytest.raises(UnreadablePicture, match=f"^{name}: "):
            read(source)


def test_a_stream_goes_by_its_name(monkeypatch):
    stream = io.BytesIO(b"x")
    monkeypatch.setattr("sys.stdin", stream)
    with pytest.raises(UnreadablePicture, match=r"^<stdin>: "):
        read(stream, name="<stdin>")


def test_what_can_be_no_source():
    with pytest.raises(InvalidOption, match="int"):
        read(7)
    with pytest.raises(InvalidOption, match="text"):
        read(io.StringIO("x"))


@pytest.mark.parametrize("suffix", ["jpg", "jpeg", "png", "webp", "tif", "tiff", "bmp"])
def test_write_and_read_again(photo, tmp_path, suffix):
    path = tmp_path / f"picture.{suffix}"
    write(Picture(photo), path)
    assert np.abs(read(path).pixels.astype(int) - photo).mean() < 5
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_write_to_a_stream_needs_a_format(photo):
    stream = io.BytesIO()
    write(Picture(photo), stream, format="png")
    np.testing.assert_array_equal(read(stream.getvalue()).pixels, photo)
    with pytest.raises(InvalidOption, match="format"):
        write(Picture(photo), stream)


def test_a_given_format_wins_over_the_ending(photo, tmp_path):
    write(Picture(photo), tmp_path / "picture.dat", format="png")
    np.testing.assert_array_equal(read(tmp_path / "picture.dat").pixels, photo)


def test_places_that_cannot_be_written_to(photo, tmp_path):
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").touch()
    for place, reason in (
        (tmp_path / "absent" / "a.png", "the folder does not exist"),
        (tmp_path / "file" / "a.png", "the folder does not exist"),
        (tmp_path / "folder.png", "this is a folder"),
    ):
        with pytest.raises(UnwritableOutput, match=reason) as caught:
            write(Picture(photo), place)
        assert caught.value.name == str(place)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(28, "No space left on device"), "the disk is full"),
        (PermissionError(13, "Permission denied"), "the folder may not be written to"),
        (OSError(5, "Input/output error"), "Input/output error"),
    ],
)
def test_a_failed_write_leaves_the_old_file_and_says_why(photo, tmp_path, monkeypatch, error, reason):
    path = tmp_path / "kept.png"
    path.write_bytes(b"old")

    def fail(_):
        raise error

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(UnwritableOutput, match=rf"kept\.png: {reason}"):
        write(Picture(photo), path)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept.png"]


def test_a_closed_stream(photo):
    stream = io.BytesIO()
    stream.close()
    with pytest.raises(UnwritableOutput, match="closed"):
        write(Picture(photo), stream, format="png")
