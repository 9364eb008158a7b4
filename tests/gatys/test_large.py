"""Large pictures: what a whole run takes of memory, measured in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

SOURCE = Path(__file__).parents[2] / "src"


@pytest.mark.slow
@pytest.mark.parametrize(("size", "limit"), [(2048, 8), (2048, 3), (1024, 2)])
def test_memory_stays_within_the_limit(tmp_path, size, limit):
    Image.fromarray(skimage.data.astronaut()).resize((1600, 1200)).save(tmp_path / "photo.png")
    Image.fromarray(np.ascontiguousarray(skimage.data.coffee())).save(tmp_path / "painting.png")
    arguments = ["photo.png", "painting.png", "-o", "out.png", "--size", size, "--smallest", 1024, "--steps", 3]
    arguments += ["--start", "photo", "--max-memory", f"{limit}GB"]
    process = subprocess.Popen(
        [sys.executable, "-m", "impasto", "optimize", *map(str, arguments)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stderr=subprocess.PIPE,
    )
    said = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    assert status == 0, said
    assert usage.ru_maxrss / 2**20 < limit
    with Image.open(tmp_path / "out.png") as painted:
        assert painted.size == (size, size * 3 // 4)
