import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open

from impasto.errors import ParityError, UnwritableOutput
from impasto.export import graph, write, write_model
from impasto.export.write import fingerprint
from impasto.model import Credits, Manifest, Style, read_style
from impasto.model.network import METADATA_KEY
from impasto.runtime.engines.torch_engine import load_net
from impasto.runtime.session import Session


@pytest.fixture
def fast(tiny_model, monkeypatch):
    """Take the tiny network's graph in place of exporting it anew."""
    monkeypatch.setattr(write, "write_onnx", lambda net, path, metadata: shutil.copy(tiny_model.network, path))
    return tiny_model.trained


def below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_is_written(fast, tmp_path):
    paths = write_model(fast, tmp_path / "new/deep", name="mine")
    assert below(tmp_path / "new/deep") == ["mine.onnx", "mine.safetensors", "styles/dots.style", "styles/lines.style"]
    assert sorted(str(path.relative_to(tmp_path / "new/deep")) for path in paths) == below(tmp_path / "new/deep")


def test_a_style_in_the_weights_has_no_style_file(tiny_johnson):
    assert below(tiny_johnson.folder) == ["network.onnx", "network.safetensors"]


def test_both_files_carry_the_manifest(tiny_model):
    manifest = Manifest.read(tiny_model.folder / "network.safetensors")
    assert manifest == Session.open(tiny_model.network).manifest
    net = tiny_model.trained.net
    assert (manifest.stride, manifest.reach, manifest.style_parameters) == (net.stride, net.reach, net.style_parameters)
    assert manifest.network == "impasto:channels=8,blocks=1,decoder=8x8"
    assert manifest.training == {"steps": 4}
    np.testing.assert_allclose(manifest.identity, tiny_model.trained.vectors["identity"], atol=1e-6)
    with safe_open(tiny_model.folder / "network.safetensors", framework="numpy") as file:
        assert json.loads(file.metadata()[METADATA_KEY])["licence"] == "MIT"


def test_a_network_without_identity_says_so(tiny_johnson):
    assert Manifest.read(tiny_johnson.folder / "network.safetensors").identity == ()


def test_the_twin_is_the_network(tiny_model, tiny_johnson):
    for model in (tiny_model, tiny_johnson):
        net, _ = load_net(model.folder / "network.safetensors")
        picture, style = torch.rand(1, 3, 20, 36), net.new_style()[None] + 0.1
        with torch.inference_mode():
            assert torch.equal(net(picture, style), model.trained.net(picture, style))


def test_styles_carry_vector_network_and_credits(fast, tmp_path):
    credits_ = Credits("Agnes Martin", "Dots", "1960", "all rights reserved")
    write_model(fast, tmp_path, credits_={"dots": credits_})
    dots, lines = (read_style(tmp_path / "styles" / f"{name}.style") for name in ("dots", "lines"))
    assert (dots.name, dots.credits, lines.credits) == ("dots", credits_, Credits())
    assert dots.network == lines.network == fingerprint(fast.net)
    np.testing.assert_array_equal(dots.vector, fast.vectors["dots"].numpy())


def test_the_fingerprint_is_of_the_weights(make_trained):
    assert fingerprint(make_trained().net) == fingerprint(make_trained().net)
    assert fingerprint(make_trained().net) != fingerprint(make_trained(seed=1).net)
    net = make_trained().net
    before = fingerprint(net)
    with torch.no_grad():
        next(net.parameters()).view(-1)[0] += 1e-6
    assert fingerprint(net) != before


@pytest.mark.parametrize("name", ["johnson:norm=instance,channels=4", "johnson:norm=conditional,channels=8"])
def test_every_variant_of_johnsons_network_is_exported(make_trained, tmp_path, name):
    """Batch norm with transposed convolutions and tanh is `tiny_johnson`."""
    trained = make_trained(name)
    write_model(trained, tmp_path)
    opened, exact = (Session.open(tmp_path / "network.onnx", engine=each) for each in ("onnxruntime", "torch"))
    style = Style("any", next(iter(trained.vectors.values())).numpy(), exact.manifest.fingerprint)
    picture = np.random.default_rng(0).random((37, 50, 3), np.float32)
    np.testing.assert_allclose(opened.paint(picture, style), exact.paint(picture, style), atol=1e-3)


def test_a_graph_that_computes_something_else_is_not_written(make_trained, tmp_path, monkeypatch):
    phases = graph._phases
    monkeypatch.setattr(graph, "_phases", lambda kernel, dim: phases(kernel, dim) * 1.02)
    with pytest.raises(ParityError, match=r"openvino differs from torch by .* px"):
        write_model(make_trained(), tmp_path / "run")
    assert below(tmp_path) == []


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
@pytest.mark.parametrize("wrong", [0.01, np.nan])
def test_each_engine_is_compared(fast, tmp_path, monkeypatch, engine, wrong):
    paint = Session.paint

    def paint_wrongly(self, picture, style):
        painting = paint(self, picture, style).copy()
        if self.engine.name.lower().replace(" ", "").startswith(engine):
            painting[-1, -1, -1] += wrong
        return painting

    monkeypatch.setattr(Session, "paint", paint_wrongly)
    with pytest.raises(ParityError, match=engine):
        write_model(fast, tmp_path / "run")
    assert below(tmp_path) == []


def test_odd_sizes_and_two_styles_are_compared(fast, tmp_path, monkeypatch):
    compared, paint = set(), Session.paint

    def note(self, picture, style):
        compared.add((self.engine.name, picture.shape[:2], style.name))
        return paint(self, picture, style)

    monkeypatch.setattr(Session, "paint", note)
    write_model(fast, tmp_path)
    engines, sizes, styles = (set(values) for values in zip(*compared, strict=True))
    assert (len(engines), styles) == (2, {"dots", "lines"})
    assert len(compared) == len(engines) * len(sizes) * len(styles)
    assert any(height % 2 and width % 2 for height, width in sizes)


def test_a_network_with_no_style_yet_is_compared_too(fast, tmp_path, monkeypatch):
    bare = replace(fast, vectors={"identity": fast.vectors["identity"]})
    write_model(bare, tmp_path / "bare")
    assert below(tmp_path / "bare") == ["network.onnx", "network.safetensors"]
    monkeypatch.setattr("impasto.export.parity.TOLERANCE", -1)
    with pytest.raises(ParityError):
        write_model(bare, tmp_path / "not")


@pytest.mark.parametrize("failing", [1, 2, 3, 4])
def test_a_full_disk_leaves_old_files_whole_and_says_where(fast, tmp_path, monkeypatch, failing):
    write_model(fast, tmp_path)
    names, network = below(tmp_path), (tmp_path / "network.onnx").read_bytes()
    calls, fsync = [], os.fsync

    def fail(descriptor):
        calls.append(descriptor)
        if len(calls) == failing:
            raise OSError(28, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(UnwritableOutput, match=r"No space left on device"):
        write_model(fast, tmp_path)
    assert below(tmp_path) == names
    assert (tmp_path / "network.onnx").read_bytes() == network
    assert Manifest.read(tmp_path / "network.safetensors").fingerprint == fingerprint(fast.net)
    assert read_style(tmp_path / "styles/dots.style").network == fingerprint(fast.net)


def test_a_folder_that_cannot_be_made(fast, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UnwritableOutput, match="file"):
        write_model(fast, tmp_path / "file" / "run")
