"""Pictures of extreme sizes, and limits that break a painting off in its middle."""

import re
import resource
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from cli.conftest import with_source

STYLE = "starry-night"


def png_that_claims(width, height):
    """Return a PNG of a few bytes whose header says that it is so large."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def jpeg_that_claims(width, height, file):
    """Write a JPEG of 64 px whose header says that it is so large."""
    Image.new("RGB", (64, 64), "red").save(file)
    data = bytearray(file.read_bytes())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    file.write_bytes(data)


def test_a_header_of_many_pixels_with_little_behind_it(impasto, folder, dots, names):
    (folder / "huge.png").write_bytes(png_that_claims(60000, 40000))
    jpeg_that_claims(60000, 40000, folder / "huge.jpg")
    for name in ("huge.png", "huge.jpg"):
        impasto("stylize", name, "-s", dots, "-o", "x.png").refused(name, "2,400 megapixels", "--max-pixels 2400000000")
    assert names() == ["huge.jpg", "huge.png"]


def test_pixels_that_memory_cannot_hold_are_refused_before_they_are_read(impasto, folder, dots, names, monkeypatch):
    from impasto.image import decode

    monkeypatch.setattr(decode, "available_bytes", lambda: 8 << 30)
    jpeg_that_claims(60000, 40000, folder / "huge.jpg")
    result = impasto("stylize", "huge.jpg", "-s", dots, "-o", "x.png", "--max-pixels", 3_000_000_000)
    result.refused("huge.jpg", "60000 x 40000 pixels takes 15.6 GB", "8.0 GB are free")
    assert names() == ["huge.jpg"]


@pytest.mark.parametrize("size", [(1, 20000), (20000, 1), (16, 16), (1, 1)])
def test_strips_and_tiny_pictures_keep_their_size(impasto, folder, dots, size):
    Image.linear_gradient("L").resize(size).convert("RGB").save(folder / "odd.png")
    result = impasto("stylize", "odd.png", "-s", dots, "-o", "x.png", "--stroke", "0")
    assert result.code == 0, result.err
    with Image.open(folder / "x.png") as painted:
        assert painted.size == size


MEASURED = """
import sys
from impasto.cli import main
from impasto.memory import peak_bytes
try:
    main(sys.argv[1:])
finally:
    print(peak_bytes())
"""


def test_no_more_memory_is_taken_than_is_allowed(folder):
    Image.linear_gradient("L").resize((3300, 1800)).convert("RGB").save(folder / "large.png")

    def painted(limit):
        arguments = ["stylize", "large.png", "-s", STYLE, "-o", "x.png", "--max-memory", f"{limit}MB"]
        command = [sys.executable, "-c", MEASURED, *arguments]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=with_source(), check=False)

    refused = painted(200)
    assert refused.returncode == 1
    enough = int(re.search(r"--max-memory (\d+)MB would do", refused.stderr)[1])
    for limit in (enough, 400, 600):
        done = painted(limit)
        assert done.returncode == 0, done.stderr
        assert int(done.stdout.split()[-1]) <= 1.1 * limit * 2**20


def limited(folder, limit, *arguments):
    """Run the command where no file may grow beyond so many bytes, as on a disk that is full."""
    return subprocess.run(
        [sys.executable, "-m", "impasto", "stylize", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=with_source(TMPDIR=str(folder)),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )


def test_a_disk_that_is_full_in_the_middle_of_the_painting(folder, dots, names):
    noise = np.random.default_rng(0).integers(0, 256, (500, 400, 3), np.uint8)
    Image.fromarray(noise).save(folder / "noise.png")
    done = limited(folder, 60_000, "noise.png", "-s", dots, "-o", "x.png")
    assert done.returncode == 1
    assert done.stderr.startswith("impasto: x.png: ")
    assert done.stderr.count("\n") == 1
    assert names() == ["noise.png"]


def test_a_disk_that_is_full_in_the_middle_of_the_scratch_files(folder, names):
    Image.linear_gradient("L").resize((1500, 1200)).convert("RGB").save(folder / "large.png")
    done = limited(folder, 1_000_000, "large.png", "-s", STYLE, "-o", "x.png", "--max-memory", "420MB", "--stroke", "0")
    assert done.returncode == 1
    assert done.stderr.startswith("impasto: large.png: ")
    assert done.stderr.count("\n") == 1
    assert names() == ["large.png"]
