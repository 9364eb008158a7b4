import hashlib
import json
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from cli.conftest import with_source
from impasto.data.coco import SPLITS

sys.path.append(str(Path(__file__).parents[1] / "data"))  # tests/data is no package
from faulty_server import Server


@pytest.fixture
def photos(folder):
    for name, pixels in (("a", skimage.data.astronaut()), ("b", skimage.data.coffee()), ("c", skimage.data.camera())):
        (folder / "photos").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(folder / "photos" / f"{name}.jpg")
    return folder / "photos"


def test_photos_that_are_well(impasto, photos):
    result = impasto("data", "check", "photos", "--size", "300")
    assert result.code == 0
    assert result.out.splitlines() == [
        "3 photos",
        "short sides: 1 of 256 to 511 px, 2 of 512 to 1023 px",
        "0 unreadable",
        "0 tiny (below 300 px)",
        "1 grey",
        "  photos/c.jpg",
        "0 groups of the same file",
        "0 groups that look the same",
    ]


def test_what_is_unreadable_makes_it_fail(impasto, photos):
    (photos / "broken.jpg").write_bytes((photos / "a.jpg").read_bytes()[:5000])
    (photos / "copy.jpg").write_bytes((photos / "a.jpg").read_bytes())
    result = impasto("data", "check", "photos", "--json")
    assert result.code == 1
    report = json.loads(result.out)
    assert list(report["unreadable"]) == ["photos/broken.jpg"]
    assert report["same"] == [["photos/a.jpg", "photos/copy.jpg"]]
    assert report["short_sides"] == [
        {"from": 256, "to": 511, "photos": 1},
        {"from": 512, "to": 1023, "photos": 3},
    ]
    result = impasto("data", "check", "photos")
    assert "1 unreadable\n  photos/broken.jpg: " in result.out
    assert "  photos/a.jpg = photos/copy.jpg\n" in result.out


def test_long_lists_are_cut(impasto, folder):
    (folder / "many").mkdir()
    for number in range(13):
        (folder / "many" / f"{number:02}.jpg").write_bytes(b"?")
    result = impasto("data", "check", "many")
    assert result.code == 1
    assert "13 unreadable" in result.out
    assert "and 3 more (--json lists all)" in result.out


@pytest.mark.parametrize("given", [("absent",), ("empty",), ("none-*.tar",)])
def test_bad_places(impasto, folder, given):
    (folder / "empty").mkdir()
    impasto("data", "check", *given).refused(given[0])


def test_bad_options(impasto):
    impasto("data", "check").refused("SOURCES", code=2)
    impasto("data", "coco", "--split", "val2016").refused("val2016", code=2)
    impasto("data", "coco", "--split", "val2017", "--sha256", "12").refused("--sha256", code=2)
    impasto("data", "coco", "--mirror", "file:///tmp").refused("http", code=2)


@pytest.fixture
def server(folder):
    path = folder.parent / "v.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for number in range(40):
            noise = np.random.default_rng(number).integers(0, 255, (128, 128, 3), np.uint8)
            Image.fromarray(noise).save(folder.parent / "x.png")
            archive.write(folder.parent / "x.png", f"val2017/{number:012}.png")
    served = Server(path.read_bytes())
    yield served
    served.close()


def test_a_split_is_fetched_and_trains_in_place(impasto, server, monkeypatch):
    monkeypatch.setitem(SPLITS, "val2017", hashlib.md5(server.content).hexdigest())
    server.plan = ["cut", 503]
    result = impasto("data", "coco", "--split", "val2017", "--mirror", server.url, "-o", "coco")
    assert (result.code, result.out) == (0, "coco/val2017.zip\n")
    assert "each under the licence that its owner chose" in result.err
    assert Path("coco/val2017.zip").read_bytes() == server.content
    assert impasto("data", "check", "coco/val2017.zip", "--size", "64").code == 0


def test_a_server_that_has_it_not(impasto, server):
    server.plan = [404]
    impasto("data", "coco", "--split", "val2017", "--mirror", server.url).refused("val2017.zip", "404")


def test_ctrl_c_keeps_what_has_come_and_the_same_command_goes_on(server, folder):
    command = ("data", "coco", "--split", "val2017", "--mirror", server.url, "--verify", "crc")
    server.plan = ["stall"]
    running = subprocess.Popen(
        [sys.executable, "-m", "impasto", *command], env=with_source(), cwd=folder, stderr=subprocess.PIPE, text=True
    )
    part = folder / "val2017.zip.part"
    ends = time.monotonic() + 30
    while not (part.exists() and part.stat().st_size == len(server.content) // 2):
        assert time.monotonic() < ends
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=20)
    assert running.returncode == 130
    assert said.splitlines()[-1] == "impasto: interrupted"
    assert part.stat().st_size == len(server.content) // 2
    subprocess.run([sys.executable, "-m", "impasto", *command], env=with_source(), cwd=folder, check=True, timeout=30)
    assert (folder / "val2017.zip").read_bytes() == server.content
    assert server.requests[-1]["Range"] == f"bytes={len(server.content) // 2}-"
