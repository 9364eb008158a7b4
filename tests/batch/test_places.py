"""Collections that are elsewhere: in memory, behind http, in an object store."""

import functools
import http.server
import os
import threading

import fsspec
import pytest

from impasto.batch import places
from impasto.batch.places import fetch, inside_of, is_pattern, opened, patiently, spread
from impasto.batch.store import Store
from impasto.errors import InvalidOption, UnreadablePicture, UnwritableOutput

from .conftest import in_tar, paintings


@pytest.fixture
def memory():
    """Return fsspec's file system in memory, empty."""
    fs = fsspec.filesystem("memory")
    fs.store.clear()
    fs.pseudo_dirs[:] = [""]
    yield fs
    fs.store.clear()
    fs.pseudo_dirs[:] = [""]


@pytest.fixture
def web(tmp_path):
    """Return the URL of a server of the test's folder."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def s3():
    """Return an S3 server on this machine with a bucket, as moto makes one, and let fsspec find it."""
    moto = pytest.importorskip("moto.server")
    pytest.importorskip("s3fs")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_S3": f"http://{host}:{port}",
        }.items():
            patch.setenv(name, value)
        fs = fsspec.filesystem("s3", use_listings_cache=False)
        fs.mkdir("bucket")
        yield fs
    server.stop()


def copied(fs, folder, to):
    for path in folder.rglob("*"):
        if path.is_file():
            fs.pipe_file(f"{to}/{path.relative_to(folder)}", path.read_bytes())


def names(fs, root):
    """Return the names of what lies in a folder but for the ledger."""
    found = sorted(path.removeprefix(root).lstrip("/") for path in fs.find(root))
    return [name for name in found if not name.startswith((".impasto", "report"))]


def test_from_memory_to_memory(paint, album, memory, tmp_path):
    copied(memory, album, "/album")
    done = paint("memory://album", "memory://out", chunk=4)
    paint(album, tmp_path / "out")
    assert names(memory, "/out") == paintings(tmp_path / "out")
    assert (done.painted, len(done.failed)) == (12, 3)
    assert all(name.startswith("memory:///album/") for name, _ in done.failed)
    assert paint("memory://album", "memory://out", chunk=4).painted_now == 0
    assert paint("memory://album", "memory://out").painted_now == 0


def test_an_output_among_the_photos_in_memory(paint, album, memory):
    copied(memory, album, "/album")
    paint("memory://album", "memory://album/out")
    assert paint("memory://album", "memory://album/out", chunk=3).painted == 12
    with pytest.raises(UnwritableOutput, match="folder of the photos"):
        paint("memory://album", "memory://album")


def test_tars_in_memory(paint, shards, memory):
    copied(memory, shards, "/shards")
    paint("memory://shards/*.tar", "memory://out")
    assert names(memory, "/out") == ["00000.tar", "00001.tar"]
    assert len(in_tar("memory://out/00001.tar")) == 199


def test_file_urls(paint, album, tmp_path):
    paint(f"file://{album}", f"file://{tmp_path}/out")
    assert len(paintings(tmp_path / "out")) == 12


def test_photos_behind_http(paint, album, web, tmp_path):
    done = paint(f"{web}/album", tmp_path / "out")
    assert len(paintings(tmp_path / "out")) == 12
    assert f"{web}/album/text.png" in dict(done.failed)
    (tmp_path / "photos.csv").write_text(f"path\n{web}/album/10.png?size=large\n{web}/absent.png\n")
    done = paint(f"{web}/photos.csv", tmp_path / "table")
    assert done.painted == 1
    assert done.failed == [(f"{web}/absent.png", "there is no such file")]
    with pytest.raises(UnwritableOutput, match=r"run\.json.*PUT"):
        paint(album, f"{web}/new")


def test_object_stores(paint, album, shards, s3, tmp_path):
    copied(s3, album, "bucket/album")
    copied(s3, shards, "bucket/shards")
    done = paint("s3://bucket/album", "s3://bucket/out", chunk=4)
    paint(album, tmp_path / "out")
    assert names(s3, "bucket/out") == paintings(tmp_path / "out")
    assert (done.painted, len(done.failed)) == (12, 3)
    assert paint("s3://bucket/album", "s3://bucket/out", chunk=5).painted_now == 0
    paint("s3://bucket/shards/*.tar", "s3://bucket/tars")
    assert names(s3, "bucket/tars") == ["00000.tar", "00001.tar"]
    assert len(in_tar("s3://bucket/tars/00001.tar")) == 199


@pytest.mark.slow
def test_several_processes_share_an_object_store(paint, album, s3):
    copied(s3, album, "bucket/album")
    assert paint("s3://bucket/album", "s3://bucket/both", workers=2, chunk=3).painted == 12


def test_a_bucket_that_is_not_there(paint, album, s3):
    with pytest.raises(UnreadablePicture, match="s3://nowhere/album"):
        paint("s3://nowhere/album", "s3://bucket/none")
    with pytest.raises(UnwritableOutput, match="s3://nowhere"):
        paint(album, "s3://nowhere/out")


def test_a_place_that_is_neither_this_machine_nor_an_object_store(paint, album, memory, monkeypatch):
    """There a file is written aside and moved."""
    copied(memory, album, "/album")
    monkeypatch.setattr("impasto.batch.store.WHOLE", frozenset())
    moved = []
    move = memory.mv
    monkeypatch.setattr(type(memory), "mv", lambda self, *paths: moved.append(paths) or move(*paths))
    paint("memory://album", "memory://out")
    assert len(names(memory, "/out")) == 12
    assert len(moved) > 12
    assert not [path for path in memory.find("/out") if "drafts" in path]


def test_patience_with_other_machines(memory, monkeypatch):
    monkeypatch.setattr(places, "PAUSES", (0, 0))
    tries = []

    def flaky():
        tries.append(1)
        if len(tries) < 3:
            raise TimeoutError("slow")
        return "there"

    assert patiently(memory, flaky, (0, 0)) == "there"
    tries.clear()
    with pytest.raises(TimeoutError):
        patiently(memory, flaky, (0,))
    tries.clear()
    with pytest.raises(TimeoutError):
        patiently(opened("/tmp")[0], flaky, (0, 0))
    assert len(tries) == 1


@pytest.mark.parametrize(
    ("url", "inside"),
    [
        ("s3://bucket/a/b.jpg", "bucket/a/b.jpg"),
        ("https://host/a.jpg?x=1", "host/a.jpg"),
        ("/data/a.jpg", "data/a.jpg"),
        ("file:///data/a.jpg", "data/a.jpg"),
    ],
)
def test_where_a_painting_goes(url, inside):
    assert inside_of(url) == inside


def test_patterns(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert list(spread("a/{008..011}-{x,y}.tar"))[:3] == ["a/008-x.tar", "a/008-y.tar", "a/009-x.tar"]
    (tmp_path / "a[1].jpg").touch()
    assert not is_pattern("a[1].jpg")
    assert is_pattern("a[12].jpg")
    assert not is_pattern("s3://bucket/a.jpg")


def test_names_of_this_machine_are_never_urls(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a::b.jpg", "zip:x.jpg", "a#b?.jpg", "~x.jpg"):
        (tmp_path / name).write_bytes(name.encode())
        assert fetch(name) == name.encode()
    with pytest.raises(UnreadablePicture, match="no such file"):
        fetch("absent.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(InvalidOption, match="cannot be opened"):
        opened("nosuch://x")


def test_a_store_reads_what_it_writes(memory, tmp_path):
    for store in (Store.open("memory://x"), Store.open(str(tmp_path / "x"))):
        assert store.is_empty()
        store.write("a/b", b"1", ".drafts")
        assert (store.read("a/b"), store.read("a/c"), store.exists("a/b")) == (b"1", None, True)
        with store.open_file("a/b") as stream:
            store.write_from("c", stream, ".drafts")
        assert store.names("") == ["a/b", "c"] or store.names("a") == ["a/b"]
        assert not store.is_empty()
        store.remove("c")
        store.remove("c")
        store.remove_folder("a")
        assert not store.exists("a/b")
