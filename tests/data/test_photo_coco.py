"""A small zip in COCO's place, from a server on this machine."""

import hashlib
import zipfile
from collections import namedtuple

import pytest
from faulty_server import Server

from impasto.data import coco, open_source
from impasto.data.coco import SPLITS, CocoConfig, fetch_coco
from impasto.errors import DataError, InvalidOption


@pytest.fixture
def content(tmp_path_factory, photos, write_zip):
    path = write_zip(
        tmp_path_factory.mktemp("zip") / "v.zip", {f"val2017/{i}.jpg": c for i, c in enumerate(photos.values())}
    )
    return path.read_bytes()


@pytest.fixture
def server(content, monkeypatch):
    served = Server(content)
    monkeypatch.setitem(SPLITS, "val2017", hashlib.md5(content).hexdigest())
    yield served
    served.close()


@pytest.fixture
def get(server, tmp_path):
    def get(follow=lambda doing, done, of: None, **options):
        return fetch_coco(CocoConfig(split="val2017", mirror=server.url, **options), tmp_path / "coco", follow)

    return get


def test_a_zip_that_training_reads(get, content, tmp_path, photos):
    seen = []
    path = get(lambda doing, done, of: seen.append(doing))
    assert path == tmp_path / "coco" / "val2017.zip"
    assert path.read_bytes() == content
    assert len(open_source(path)) == len(photos)
    assert [each.name for each in path.parent.iterdir()] == ["val2017.zip"]
    assert list(dict.fromkeys(seen)) == ["fetching", "checking"]


def test_what_is_there_is_checked_and_not_fetched(get, server):
    path = get()
    get()
    assert len(server.requests) == 1
    path.write_bytes(b"damaged")
    with pytest.raises(DataError, match="its md5 is"):
        get()


def test_unpacked_it_is_a_folder_of_the_same_photos(get, tmp_path, photos, server):
    seen = []
    path = get(lambda doing, done, of: seen.append(doing), unpack=True)
    assert path == tmp_path / "coco" / "val2017"
    assert [each.name for each in path.parent.iterdir()] == ["val2017"]
    assert {each.read_bytes() for each in path.iterdir()} == set(photos.values())
    assert seen[-1] == "unpacking"
    assert get(unpack=True) == path
    assert len(server.requests) == 1


def test_unpacking_goes_on_where_it_was_interrupted(get, tmp_path, photos):
    def interrupt(doing, done, of):
        if doing == "unpacking" and done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(interrupt, unpack=True)
    assert (tmp_path / "coco" / "val2017.zip").exists()
    draft = tmp_path / "coco" / ".val2017.unpacking"
    before = {each.name: each.stat().st_mtime_ns for each in draft.iterdir()}
    assert len(before) == 5
    path = get(unpack=True)
    assert len(list(path.iterdir())) == len(photos)
    assert all((path / name).stat().st_mtime_ns == time for name, time in before.items())


@pytest.mark.parametrize("level", ["size", "md5", "crc"])
def test_damage_on_the_way_is_found_at_each_level_that_looks(get, server, content, tmp_path, level):
    damaged = bytearray(content)
    damaged[300] ^= 1
    server.content, server.multipart = bytes(damaged), True
    if level == "size":
        assert get(verify=level).exists()
        return
    with pytest.raises(DataError, match="its md5 is" if level == "md5" else "damaged in the archive"):
        get(verify=level)
    assert not (tmp_path / "coco" / "val2017.zip").exists()
    assert (tmp_path / "coco" / "val2017.zip.part").read_bytes() == damaged


def test_a_zip_packed_anew_is_taken_if_each_photo_is_right(get, server, content, monkeypatch):
    monkeypatch.setitem(SPLITS, "val2017", "0" * 32)
    with pytest.raises(DataError, match="--verify crc"):
        get()
    assert get(verify="crc").read_bytes() == content
    assert len(server.requests) == 1  # what was fetched was kept


def test_the_servers_own_md5_is_compared_where_its_etag_is_one(get, server, monkeypatch):
    monkeypatch.setattr(type(server), "etag", '"' + "1" * 32 + '"')
    with pytest.raises(DataError, match=r"its md5 is .* not 1111"):
        get()


def test_the_users_sha256_is_compared(get, content):
    with pytest.raises(DataError, match="its sha256 is"):
        get(sha256="0" * 64)
    assert get(sha256=hashlib.sha256(content).hexdigest().upper(), verify="size").exists()


def test_no_room(get, monkeypatch, tmp_path):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(coco.shutil, "disk_usage", lambda _: usage(9, 9, 100))
    with pytest.raises(DataError, match="are needed and 0 MB are free"):
        get()
    assert not list((tmp_path / "coco").iterdir())


def test_photos_of_a_zip_stay_in_the_folder(get, server, content, tmp_path, monkeypatch):
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("../../out.jpg", "/tmp/out2.jpg", "val2017/in.jpg"):
            archive.writestr(name, b"?")
    server.content = path.read_bytes()
    unpacked = get(unpack=True, verify="crc")
    assert {each.name for each in unpacked.iterdir()} == {"out2.jpg", "in.jpg"}
    assert not (tmp_path.parent / "out.jpg").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"split": "val2016"}, "--split is one of train2014, val2014, .*, got val2016"),
        ({"sha256": "abc"}, "--sha256 is 64 hexadecimal digits"),
        ({"verify": "no"}, "--verify is one of size, md5, crc"),
    ],
)
def test_bad_options(options, said):
    with pytest.raises(InvalidOption, match=said):
        CocoConfig(**options)
