"""Networks of strangers: refused where their maps are out of proportion, or their two files do not fit."""

import shutil
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file, save_file

from impasto.errors import ModelError
from impasto.model import Manifest
from impasto.model.network import METADATA_KEY
from impasto.runtime.engines.safety import check_network
from impasto.runtime.engines.torch_engine import load_net
from impasto.runtime.session import Session


@pytest.fixture
def copied(tiny_model, tmp_path):
    """Return a copy of the tiny network's file, with its twin beside it."""
    for file in (tiny_model.network, tiny_model.network.with_suffix(".safetensors")):
        shutil.copy(file, tmp_path)
    return tmp_path / "network.onnx"


def huge(path, side):
    """Write a graph that makes a map of side x side of a constant, and nothing that is large itself."""
    picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, "h", "w"])
    painting = helper.make_tensor_value_info("painting", TensorProto.FLOAT, None)
    constant = numpy_helper.from_array(np.zeros((1, 3, 1, 1), np.float32), "zeros")
    pads = numpy_helper.from_array(np.array([0, 0, 0, 0, 0, 0, side, side], np.int64), "pads")
    nodes = [
        helper.make_node("Pad", ["zeros", "pads"], ["large"]),
        helper.make_node("Add", ["picture", "large"], ["painting"]),
    ]
    graph = helper.make_graph(nodes, "g", [picture], [painting], [constant, pads])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]), path)


def test_maps_out_of_proportion_are_refused_before_they_are_made(tmp_path):
    huge(tmp_path / "network.onnx", 255)
    check_network(tmp_path / "network.onnx")
    huge(tmp_path / "network.onnx", 1_000_000)  # 12 TB
    program = "from pathlib import Path; from impasto.runtime.engines.safety import check_network as check\n"
    program += f"from impasto.memory import peak_bytes\ntry:\n    check(Path({str(tmp_path / 'network.onnx')!r}))\n"
    program += "except Exception as error:\n    print(type(error).__name__, peak_bytes() < 1 << 30)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "ModelError True\n"


def test_a_twin_of_another_network(copied, tiny_model):
    twin = copied.with_suffix(".safetensors")
    weights, manifest = load_file(twin), Manifest.read(twin)
    session = Session.open(copied)
    style = tiny_model.trained.vectors["dots"].numpy()
    pixels = np.zeros((64, 64, 3), np.uint8)
    facts = {METADATA_KEY: manifest.to_json()}
    save_file({key: value for key, value in weights.items() if "last" not in key}, twin, facts)
    with pytest.raises(ModelError, match="holds other weights"):
        session.engine.stream(pixels, style, None, 16, lambda: 1 << 30)
    save_file(weights, twin, {METADATA_KEY: manifest.to_json().replace(manifest.fingerprint, "0" * 16)})
    with pytest.raises(ModelError, match="holds other weights"):
        session.engine.stream(pixels, style, None, 16, lambda: 1 << 30)
    twin.unlink()
    with pytest.raises(ModelError, match=r"network\.safetensors: is absent"):
        session.engine.stream(pixels, style, None, 16, lambda: 1 << 30)


@pytest.mark.parametrize(
    "name", ["impasto:channels=1000,blocks=900", "johnson:channels=255", "impasto:channels=1000000"]
)
def test_a_name_that_asks_for_memory_which_the_file_does_not_have(copied, name):
    twin = copied.with_suffix(".safetensors")
    manifest = Manifest.read(twin).to_json().replace(Manifest.read(twin).network, name)
    save_file(load_file(twin), twin, {METADATA_KEY: manifest})
    with pytest.raises(ModelError, match="network"):
        load_net(twin)


def test_a_manifest_of_another_world(copied):
    twin = copied.with_suffix(".safetensors")
    manifest = Manifest.read(twin)
    stride = f'"stride": {manifest.stride}'
    for other in ('"stride": 1000000', '"stride": 0', '"stride": -4', '"stride": 4.5'):
        with pytest.raises(ModelError, match="manifest is damaged"):
            Manifest.from_metadata({METADATA_KEY: manifest.to_json().replace(stride, other)}, "n")
    with pytest.raises(ModelError, match="too long"):
        Manifest.from_metadata({METADATA_KEY: manifest.to_json() + " " * (1 << 22)}, "n")
