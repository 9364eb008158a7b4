"""Painting is offline: engines neither report to their makers nor leave more than Impasto's cache in the home."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from impasto.runtime.engines.offline import _absent

SOURCE = Path(__file__).parents[2] / "src"
PROGRAM = """
import sys, numpy as np, impasto
impasto.stylize(np.zeros((20, 20, 3), np.uint8), sys.argv[1], engine=sys.argv[2])
assert "openvino_telemetry" not in sys.modules
"""


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_nothing_but_the_cache_is_left_in_an_empty_home(tiny_model, tmp_path, engine):
    spoilt = ("XDG_", "ORT_", "CI", "TF_BUILD", "JENKINS")  # telemetry is off by itself where tests usually run
    environment = {name: value for name, value in os.environ.items() if not name.startswith(spoilt)}
    subprocess.run(
        [sys.executable, "-c", PROGRAM, tiny_model.style("dots"), engine],
        env={**environment, "HOME": str(tmp_path), "PYTHONPATH": str(SOURCE)},
        check=True,
        timeout=60,
    )
    left = [path.parent for path in tmp_path.rglob("*") if path.is_file()]
    assert set(left) <= ({tmp_path / ".cache/impasto/compiled"} if engine == "openvino" else set())


def test_a_package_looks_absent_and_comes_back():
    assert "this" not in sys.modules
    with pytest.raises(ImportError), _absent("this"):
        import this  # noqa: F401
    assert "this" not in sys.modules
    with _absent("json"):  # loaded already: nothing to hide
        import json
    assert sys.modules["json"] is json
