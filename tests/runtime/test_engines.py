import shutil
import sys

import numpy as np
import openvino as ov
import pytest

from impasto.errors import EngineUnavailable, InvalidOption, ModelError
from impasto.model import Manifest
from impasto.model.network import METADATA_KEY
from impasto.runtime.engines import ENGINES, open_engine, openvino_engine
from impasto.runtime.engines.openvino_engine import OpenVinoEngine


def test_every_engine_says_what_it_runs_on(sessions):
    names = {session.engine.name for session in sessions.values()}
    assert {"OpenVINO CPU f32", "ONNX Runtime CPU f32", "torch cpu f32"} <= names
    assert sessions["openvino auto"].engine.name in ("OpenVINO CPU f32", "OpenVINO CPU bf16")


def test_every_engine_reads_the_same_manifest(sessions, tiny_model):
    expected = Manifest.read(tiny_model.folder / "network.safetensors")
    assert {session.manifest.fingerprint for session in sessions.values()} == {expected.fingerprint}
    assert all(session.manifest == expected for session in sessions.values())


def test_auto_is_openvino_without_torch(tiny_model):
    assert open_engine(tiny_model.network).name.startswith("OpenVINO CPU")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"engine": "tensorrt"}, ["--engine", "tensorrt", *ENGINES]),
        ({"precision": "f16"}, ["--precision", "f16", "bf16"]),
        ({"engine": ""}, ["--engine"]),
    ],
)
def test_names_that_no_engine_has(tiny_model, options, words):
    with pytest.raises(InvalidOption) as caught:
        open_engine(tiny_model.network, **options)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("engine", "device"),
    [
        ("openvino", "cuda"),
        ("openvino", "NPU"),
        ("openvino", "cpu.7"),
        ("openvino", ""),
        ("onnxruntime", "cuda"),
        ("onnxruntime", "GPU"),
        ("onnxruntime", "cpu:first"),
        ("torch", "gpu"),
        ("torch", "mps"),
        ("torch", "xpu"),
        ("torch", "meta"),
        ("auto", "tpu"),
    ],
)
def test_devices_that_are_not_here(tiny_model, engine, device):
    with pytest.raises(EngineUnavailable) as caught:
        open_engine(tiny_model.network, engine=engine, device=device)
    assert device in str(caught.value)


@pytest.mark.parametrize("engine", ["auto", "torch"])
@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_cuda_without_cuda(tiny_model, monkeypatch, engine, device):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(EngineUnavailable, match="no CUDA device"):
        open_engine(tiny_model.network, engine=engine, device=device)


def test_bf16_where_it_cannot_be(tiny_model, monkeypatch):
    with pytest.raises(EngineUnavailable, match="bf16"):
        open_engine(tiny_model.network, engine="onnxruntime", precision="bf16")

    class OldProcessor:
        available_devices = ("CPU",)

        def get_property(self, device, name):
            return ["FP32"]

    monkeypatch.setattr(openvino_engine.ov, "Core", OldProcessor)
    with pytest.raises(EngineUnavailable, match="bfloat16"):
        open_engine(tiny_model.network, precision="bf16")


@pytest.mark.parametrize(
    ("engine", "package", "install"),
    [
        ("auto", "openvino", "openvino"),
        ("onnxruntime", "onnxruntime", r"impasto\[onnxruntime\]"),
        ("torch", "torch", r"impasto\[train\]"),
    ],
)
def test_an_engine_that_is_not_installed_says_what_to_install(tiny_model, monkeypatch, engine, package, install):
    module = "openvino" if engine == "auto" else engine
    monkeypatch.delitem(sys.modules, f"impasto.runtime.engines.{module}_engine", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(EngineUnavailable, match=rf"{module}.*pip install '{install}'"):
        open_engine(tiny_model.network, engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("damage", ["absent", "empty", "text", "truncated", "folder"])
def test_damaged_networks_are_refused_by_name(tiny_model, tmp_path, engine, damage):
    network = tmp_path / "network.onnx"
    for path in (network, network.with_suffix(".safetensors")):
        whole = (tiny_model.folder / path.name).read_bytes()
        if damage == "folder":
            path.mkdir()
        elif damage != "absent":
            path.write_bytes(
                {"empty": b"", "text": b"no network\n" * 99, "truncated": whole[: len(whole) // 2]}[damage]
            )
    with pytest.raises(ModelError) as caught:
        open_engine(network, engine=engine)
    assert str(network.with_suffix("")) in str(caught.value)


def test_torch_needs_the_twin_and_says_so(tiny_model, tmp_path):
    shutil.copy(tiny_model.network, tmp_path)
    with pytest.raises(ModelError, match=r"network\.safetensors"):
        open_engine(tmp_path / "network.onnx", engine="torch")


def test_a_twin_of_an_architecture_that_is_not_known_is_refused_by_name(tiny_model, tmp_path):
    from dataclasses import replace

    from safetensors.torch import load_file, save_file

    twin = tiny_model.folder / "network.safetensors"
    for name in ("vision:layers=12", "impasto:channels=16,blocks=1,decoder=8x8"):
        manifest = replace(Manifest.read(twin), network=name).to_json()
        save_file(load_file(twin), tmp_path / "network.safetensors", {METADATA_KEY: manifest})
        with pytest.raises(ModelError, match=r"network\.safetensors"):
            open_engine(tmp_path / "network.onnx", engine="torch")


def test_openvino_keeps_the_sizes_used_last_and_no_more(tiny_model):
    engine = open_engine(tiny_model.network, precision="f32")
    manifest = Manifest.from_metadata(engine.metadata, "network")
    style = np.zeros((1, manifest.style_parameters), np.float32)

    def run(side):
        engine.run(np.zeros((1, 3, side, 16), np.float32), style)
        return [dict(shapes)["picture"][2] for shapes in engine.requests]

    sides = [16, 20, 24, 28, 32, 36]
    for side in sides:
        kept = run(side)
    assert kept == sides[-OpenVinoEngine.KEPT :]
    assert run(24) == [28, 32, 36, 24]
    assert run(16) == [32, 36, 24, 16]


def test_a_size_that_comes_again_is_not_compiled_again(tiny_model, monkeypatch):
    engine = open_engine(tiny_model.network, precision="f32")
    style = np.zeros((1, Manifest.from_metadata(engine.metadata, "n").style_parameters), np.float32)
    planes = np.zeros((1, 3, 16, 16), np.float32)
    first = engine.run(planes, style)
    monkeypatch.setattr(engine, "_compiled", None)
    second = engine.run(planes + 1, style)
    assert first is not second
    assert not np.shares_memory(first, second)


def test_an_onnx_file_of_another_program_is_refused_by_name(tmp_path):
    from openvino import opset13 as ops

    from impasto.runtime.session import Session

    picture = ops.parameter([1, 3, 16, 16], np.float32, "picture")
    ov.save_model(ov.Model([ops.relu(picture)], [picture]), tmp_path / "other.xml")
    with pytest.raises(ModelError, match=r"other\.xml: is not a network of Impasto"):
        Session.open(tmp_path / "other.xml")
