"""Libraries that are not installed, or that are and cannot be loaded: one sentence says what to install."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

STYLE = "model/styles/dots.style"
SOURCE = Path(__file__).parents[2] / "src"
PROGRAM = """
import sys
broken, missing, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]
if broken:
    sys.path.insert(0, broken)
else:
    sys.modules[missing] = None
from impasto.cli import main
main(arguments)
"""


def call(folder, *arguments, broken="", missing=""):
    """Run the command without a library and return its exit code and what it says."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, broken, missing, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1"},
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("missing", "arguments", "words"),
    [
        (
            "openvino",
            ("stylize", "photos/0.png", "-s", STYLE, "-o", "x.png"),
            ("pip install", "openvino"),
        ),
        (
            "av",
            ("video", "film.mp4", "-s", STYLE, "-o", "x.mp4"),
            ("pip install 'impasto[video]'",),
        ),
        (
            "cv2",
            ("video", "film.mp4", "-s", STYLE, "-o", "x.mp4"),
            ("pip install 'impasto[video]'",),
        ),
        ("torch", ("fit", "painting.png", "-o", "x.style"), ("pip install 'impasto[train]'",)),
    ],
)
def test_a_library_that_is_not_there_or_cannot_be_loaded(given, tmp_path, missing, arguments, words):
    placed = [given / each if (given / each).exists() else each for each in arguments]
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / f"{missing}.py").write_text("raise ImportError('libGL.so.1: cannot open shared object')\n")
    for way in ({"missing": missing}, {"broken": str(tmp_path / "broken")}):
        code, said = call(tmp_path, *placed, **way)
        assert code == 1, (way, said)
        assert said.startswith("impasto: "), (way, said)
        assert said.count("\n") == 1, (way, said)
        assert all(word in said for word in words) or ("broken" in way and "libGL" in said), (way, said)
    assert [path.name for path in tmp_path.iterdir()] == ["broken"]
