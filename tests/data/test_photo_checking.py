import io
import os
import signal
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from skimage import data

from impasto.data import open_source
from impasto.data.checking import check_photos
from impasto.data.duplicates import difference_hash, near, same
from impasto.errors import DataError


def jpeg(pixels, quality=90, mode="RGB", size=None):
    buffer, picture = io.BytesIO(), Image.fromarray(pixels).convert(mode)
    (picture.resize(size) if size else picture).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


@pytest.fixture
def mixed(tmp_path):
    astronaut, coffee = data.astronaut(), data.coffee()
    files = {
        "astronaut.jpg": jpeg(astronaut),
        "again/astronaut.jpg": jpeg(astronaut),
        "astronaut-small.jpg": jpeg(astronaut, 60, size=(300, 300)),
        "coffee.jpg": jpeg(coffee),
        "camera.jpg": jpeg(data.camera()),
        "camera-l.jpg": jpeg(data.page(), mode="L", size=(400, 400)),
        "tiny.jpg": jpeg(data.chelsea(), size=(300, 40)),
        "cut.jpg": jpeg(coffee)[:9000],
        "empty.jpg": b"",
        "text.png": b"no picture",
        "white.png": None,
        "black.png": None,
    }
    for name, content in files.items():
        path = tmp_path / "photos" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        if content is None:
            Image.new("RGB", (300, 300), name.split(".")[0]).save(path)
        else:
            path.write_bytes(content)
    return tmp_path / "photos"


def short(names, root):
    return [str(name).removeprefix(f"{root}/") for name in names]


@pytest.mark.parametrize("processes", [1, 2])
def test_everything_that_is_wrong_is_named(mixed, processes):
    for number in range(40 * (processes - 1)):  # so that the processes have something to do
        Image.fromarray(np.random.default_rng(number).integers(0, 255, (300, 300, 3), np.uint8)).save(
            mixed / f"noise{number}.png"
        )
    seen = []
    report = check_photos(open_source(mixed), 256, lambda done, of: seen.append((done, of)), processes)
    assert report.photos == seen[-1][0] == seen[-1][1] == 12 + 40 * (processes - 1)
    assert {short([name], mixed)[0] for name in report.unreadable} == {"cut.jpg", "empty.jpg", "text.png"}
    assert short(report.tiny, mixed) == ["tiny.jpg"]
    assert short(report.grey, mixed) == ["black.png", "camera-l.jpg", "camera.jpg", "white.png"]
    assert [short(group, mixed) for group in report.same] == [["again/astronaut.jpg", "astronaut.jpg"]]
    assert [short(group, mixed) for group in report.near] == [
        ["again/astronaut.jpg", "astronaut-small.jpg", "astronaut.jpg"]
    ]
    counted = {first: count for first, _, count in report.sizes()}
    assert counted[32] == 1
    assert sum(counted.values()) == report.photos - 3


@dataclass(frozen=True)
class Deadly:
    """A source one of whose photos costs the process that reads it its life."""

    def __len__(self):
        return 200

    def name(self, index):
        return f"{index}.jpg"

    def read(self, index):
        if index == 100:
            os.kill(os.getpid(), signal.SIGKILL)
        return b"no picture"


def test_a_process_that_dies_is_told_in_a_sentence():
    with pytest.raises(DataError, match=r"^a process that looks at photos has died"):
        check_photos(Deadly(), 256, lambda *_: None, processes=2)


def test_a_photo_with_an_orientation_and_one_with_alpha(tmp_path):
    picture = Image.fromarray(data.coffee())
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "turned.jpg", exif=exif)
    picture.convert("RGBA").save(tmp_path / "alpha.png")
    report = check_photos(open_source(tmp_path), 256, lambda *_: None)
    assert not report.unreadable
    assert report.shorts == {400: 2}


def test_one_photo_alone(tmp_path):
    (tmp_path / "a.jpg").write_bytes(jpeg(data.coffee()))
    report = check_photos(open_source(tmp_path), 500, lambda *_: None)
    assert (report.photos, len(report.tiny), report.same, report.near) == (1, 1, (), ())


def bits(first, second):
    return (first ^ second).bit_count() if hasattr(int, "bit_count") else bin(first ^ second).count("1")


def test_a_hash_survives_another_size_and_quality_and_tells_photos_apart():
    pictures = [Image.fromarray(each) for each in (data.astronaut(), data.coffee(), data.chelsea())]
    hashes = [difference_hash(each) for each in pictures]
    smaller = [difference_hash(each.resize((211, 173), Image.Resampling.LANCZOS)) for each in pictures]
    for one, other in zip(hashes, smaller, strict=True):
        assert bits(one, other) <= 2
    assert min(bits(hashes[i], hashes[j]) for i, j in ((0, 1), (0, 2), (1, 2))) > 10


def test_flat_pictures_have_no_hash():
    assert difference_hash(Image.new("RGB", (90, 70), "red")) is None


@given(
    st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 63), st.integers(0, 63), st.integers(0, 11)), max_size=20),
)
def test_near_hashes_are_grouped_as_by_comparing_all(base, changes):
    hashes = [*base, *(base[which % len(base)] ^ (1 << a) ^ (1 << b) for a, b, which in changes), None]
    places = range(len(hashes) - 1)
    groups = {place: {place} for place in places}
    for i in places:
        for j in places:
            if bits(hashes[i], hashes[j]) <= 2 and groups[i] is not groups[j]:
                groups[i] |= groups[j]
                groups.update(dict.fromkeys(groups[j], groups[i]))
    expected = sorted(
        sorted(group) for group in {id(each): each for each in groups.values()}.values() if len(group) > 1
    )
    assert near(hashes) == expected


def test_same_keys():
    assert same([1, None, 2, 1, None, 2, 3]) == [[0, 3], [2, 5]]
    assert near([None]) == []
