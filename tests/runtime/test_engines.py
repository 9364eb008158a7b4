import shutil
import sys
from itertools import combinations

import numpy as np
import pytest

from impasto.errors import EngineUnavailable, InvalidOption, ModelError
from impasto.model import Manifest
from impasto.model.network import METADATA_KEY
from impasto.runtime.engines import ENGINES, open_engine, openvino_engine
from impasto.runtime.engines.compiled import Compiled


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


@pytest.mark.parametrize("failure", [None, RuntimeError("CUDA failure 35: the driver is too old")])
@pytest.mark.parametrize("device", ["cuda", "cuda:1", "CUDAExecutionProvider"])
def test_onnx_runtime_that_falls_back_to_the_cpu_is_refused(tiny_model, monkeypatch, device, failure):
    """It does so with no more than a line in its log where CUDA's libraries are missing."""
    import onnxruntime

    def opened(network, settings, providers, **_):
        if failure and providers[0][0] == "CUDAExecutionProvider":
            raise failure
        return session(network, settings, providers=["CPUExecutionProvider"])

    session = onnxruntime.InferenceSession
    monkeypatch.setattr(onnxruntime, "InferenceSession", opened)
    here = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: here)
    with pytest.raises(EngineUnavailable, match=rf"--device {device}: .*CUDAExecutionProvider"):
        open_engine(tiny_model.network, engine="onnxruntime", device=device)
    assert open_engine(tiny_model.network, engine="onnxruntime").name == "ONNX Runtime CPU f32"


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
    for loaded in [name for name in sys.modules if name.startswith("impasto.runtime.engines.")]:
        monkeypatch.delitem(sys.modules, loaded)
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


@pytest.fixture
def openvino_run(tiny_model):
    """Return an OpenVINO engine and a function that runs it on a grey picture of a height."""
    engine = open_engine(tiny_model.network, engine="openvino", precision="f32")
    style = np.zeros((1, Manifest.from_metadata(engine.metadata, "network").style_parameters), np.float32)
    return engine, lambda side, work=engine.run: work(np.full((side, 16, 3), 0.5, np.float32), style)


def own_sizes(engine):
    return [dict(form.shapes)["picture"][1] for form in engine.compiled.own]


def test_openvino_compiles_once_for_all_sizes_and_again_for_one_that_pays_for_it(openvino_run):
    engine, run = openvino_run
    first = run(16)
    run(24)
    assert own_sizes(engine) == []
    assert len(engine.compiled.any_size) == 1
    engine.compiled.COST = 0.0  # from now on compiling pays at once
    again = run(16)
    assert own_sizes(engine) == [16]
    np.testing.assert_allclose(again, first, atol=1e-5)
    assert not np.shares_memory(again, run(16))


def test_a_size_loses_what_compiling_costs_before_it_is_compiled(openvino_run, monkeypatch):
    engine, run = openvino_run
    run(16)
    monkeypatch.setattr(engine.compiled, "COST", 1e9)
    for _ in range(5):
        run(16)
    assert own_sizes(engine) == []
    (lost,) = engine.compiled.lost.values()
    assert 0 < lost < 1


def test_openvino_keeps_the_sizes_used_last_and_no_more(openvino_run):
    engine, run = openvino_run
    sides = [16, 20, 24, 28, 32, 36]
    for side in sides:
        run(side, engine.prepare)
    assert own_sizes(engine) == sides[-Compiled.KEPT :]
    run(28)
    assert own_sizes(engine) == [24, 32, 36, 28]
    run(28, engine.prepare)
    assert own_sizes(engine) == [24, 32, 36, 28]
    engine.compiled.clear()
    assert own_sizes(engine) == []


def test_what_is_prepared_for_one_style_paints_that_one_alone(tiny_model):
    engine = open_engine(tiny_model.network, engine="openvino", precision="f32")
    manifest, rng = Manifest.from_metadata(engine.metadata, "network"), np.random.default_rng(0)
    picture = rng.random((16, 24, 3), np.float32)
    styles = rng.normal(0, 1, (2, 1, manifest.style_parameters)).astype(np.float32)
    mixing = rng.normal(0, 0.1, (1, manifest.mixing_parameters)).astype(np.float32)
    asked = [(picture, style, mixed) for style in styles for mixed in (None, mixing)]
    before = [engine.run(*each) for each in asked]
    assert min(np.abs(one - other).max() for one, other in combinations(before, 2)) > 0.01
    engine.prepare(picture, styles[0], mixing, one_style=True)
    (form,) = engine.compiled.own
    assert form.fixed.keys() == {"style", "mixing"}
    for each, painting in zip(asked, before, strict=True):
        np.testing.assert_allclose(engine.run(*each), painting, atol=1e-4)
    engine.prepare(*asked[1], one_style=True)
    assert engine.compiled.own == [form]
    engine.prepare(*asked[1])
    engine.prepare(*asked[3])
    assert [each.fixed.keys() for each in engine.compiled.own] == [form.fixed.keys(), set()]
    np.testing.assert_allclose(engine.run(*asked[1]), before[1], atol=1e-4)
    assert engine.compiled.own[-1] is form  # what has the style in it is taken before what has not


def test_an_onnx_file_of_another_program_is_refused_by_name(tmp_path):
    import onnx
    from onnx import helper

    from impasto.runtime.session import Session

    ends = [helper.make_tensor_value_info(name, 1, [1, 3, "H", "W"]) for name in ("picture", "painting")]
    graph = helper.make_graph([helper.make_node("Relu", ["picture"], ["painting"])], "other", ends[:1], ends[1:])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), tmp_path / "other.onnx"
    )
    with pytest.raises(ModelError, match=r"other\.onnx: is not a network of Impasto"):
        Session.open(tmp_path / "other.onnx")
