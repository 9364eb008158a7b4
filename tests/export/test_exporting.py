import json

import numpy as np
import onnx
import pytest
import torch

import impasto
from export.painting import painted_once, planes
from impasto.errors import InvalidOption, ModelError, ParityError, UnknownStyle, UnwritableOutput
from impasto.export.config import ExportConfig
from impasto.export.formats import FACTS_KEY, FORMS
from impasto.export.parity import TOLERANCES
from impasto.model import Style, write_style
from impasto.runtime.session import Session

export = impasto.export_network


@pytest.fixture(scope="module")
def exported(tiny_model, tmp_path_factory):
    """Return the tiny network as ONNX with style, strength and mixing as inputs."""
    path = tmp_path_factory.mktemp("exported") / "painter.onnx"
    result = export(tiny_model.network, path, mixing=True)
    return path, result


def test_an_onnx_file_paints_as_impasto_does(exported, tiny_model, photo):
    path, result = exported
    assert result.paths == [path]
    assert set(result.differences) == {"ONNX Runtime", "OpenVINO"}
    assert max(result.differences.values()) < 1e-3
    style = impasto.read_style(tiny_model.style("dots"))
    expected = painted_once(tiny_model.network, photo, style, 0.6)
    inputs = {
        "picture": planes(photo),
        "style": style.vector[None],
        "strength": np.array([0.6], np.float32),
        "mixing": np.zeros((1, tiny_model.trained.net.mixing_parameters), np.float32),
    }
    for opened in FORMS["onnx"].runtimes.values():
        np.testing.assert_allclose(255 * opened(path)(inputs)[0].transpose(1, 2, 0), expected, atol=0.5)


def test_many_pictures_at_once_are_each_painted_alone(exported, tiny_model):
    run = FORMS["onnx"].runtimes["ONNX Runtime"](exported[0])
    pictures = np.random.default_rng(0).random((3, 3, 21, 34), np.float32)
    style = impasto.read_style(tiny_model.style("lines"))
    rest = {"style": style.vector[None], "strength": np.ones(1, np.float32)}
    rest["mixing"] = np.zeros((1, tiny_model.trained.net.mixing_parameters), np.float32)
    together = run({"picture": pictures, **rest})
    for number in range(3):
        alone = run({"picture": pictures[number : number + 1], **rest})
        np.testing.assert_allclose(together[number], alone[0], atol=1e-4)


def test_an_onnx_file_says_what_it_is_and_nothing_of_this_machine(exported, tiny_model):
    path, _ = exported
    model = onnx.load(path)
    onnx.checker.check_model(model)
    assert [each.name for each in model.graph.input] == ["picture", "style", "strength", "mixing"]
    assert model.opset_import[0].version == 18
    facts = json.loads({each.key: each.value for each in model.metadata_props}[FACTS_KEY])
    assert facts["fingerprint"] == Session.open(tiny_model.network).manifest.fingerprint
    assert (facts["style"], facts["licence"], facts["precision"]) == (None, "MIT", "f32")
    assert b"site-packages" not in path.read_bytes()
    with pytest.raises(ModelError, match=r"none that Impasto's networks have"):
        impasto.load(path)


@pytest.mark.parametrize(
    ("form", "suffix", "precision"),
    [("torch", ".pt2", "f32"), ("torchscript", ".pt", "f32"), ("torchscript", ".pt", "f16")],
)
def test_one_style_for_torch(tiny_model, tmp_path, photo, form, suffix, precision):
    path = tmp_path / f"dots{suffix}"
    result = export(tiny_model.network, path, format=form, style="dots", strength=0.5, precision=precision)
    assert set(result.differences) == set(FORMS[form].runtimes)
    (run,) = (opened(path) for opened in FORMS[form].runtimes.values())
    painted = run({"picture": planes(photo)})[0].transpose(1, 2, 0)
    assert painted.dtype == np.float32
    expected = painted_once(tiny_model.network, photo, impasto.read_style(tiny_model.style("dots")), 0.5)
    np.testing.assert_allclose(255 * painted, expected, atol=0.5 if precision == "f32" else 8)
    assert str(tmp_path).encode() not in path.read_bytes()
    assert b"site-packages" not in path.read_bytes()


def test_a_fitted_styles_mixing_is_baked_in(tiny_model, tmp_path, photo):
    dots = impasto.read_style(tiny_model.style("dots"))
    numbers = 0.05 * np.random.default_rng(0).standard_normal(tiny_model.trained.net.mixing_parameters, np.float32)
    fitted = Style("fitted", dots.vector, dots.network, mixing=numbers.astype(np.float16).astype(np.float32))
    write_style(fitted, tmp_path / "fitted.style")
    painted = {}
    for name in (str(tmp_path / "fitted.style"), "dots"):
        export(tiny_model.network, tmp_path / "a.pt", format="torchscript", style=name)
        run = FORMS["torchscript"].runtimes["TorchScript"](tmp_path / "a.pt")
        painted[name] = run({"picture": planes(photo)})
    first, second = painted.values()
    assert np.abs(first - second).max() > 0.01


def test_a_network_with_one_style(tiny_johnson, tmp_path, photo):
    export(tiny_johnson.network, tmp_path / "johnson.pt2", format="torch")
    run = FORMS["torch"].runtimes["torch.export"](tmp_path / "johnson.pt2")
    painted = run({"picture": planes(photo)})[0].transpose(1, 2, 0)
    np.testing.assert_allclose(255 * painted, painted_once(tiny_johnson.network, photo), atol=0.5)
    with pytest.raises(InvalidOption, match="has its one style in its weights; leave the option out"):
        export(tiny_johnson.network, tmp_path / "johnson.pt2", format="torch", style="dots")


@pytest.mark.slow
@pytest.mark.parametrize("model", ["main", "fast"])
@pytest.mark.parametrize(("form", "suffix"), [("onnx", ".onnx"), ("openvino", ".xml")])
@pytest.mark.parametrize("options", [{}, {"style": "great-wave", "strength": 0.7, "precision": "f16"}])
def test_the_bundled_networks(tmp_path, model, form, suffix, options):
    result = export(model, tmp_path / f"painter{suffix}", format=form, **options)
    assert max(result.differences.values()) < 0.01


@pytest.mark.slow
@pytest.mark.parametrize("opset", [18, 20, 23])
def test_opsets(tiny_model, tmp_path, opset):
    export(tiny_model.network, tmp_path / "a.onnx", opset=opset, style="dots")
    assert onnx.load(tmp_path / "a.onnx").opset_import[0].version == opset


def test_openvino_in_half(tiny_model, tmp_path):
    result = export(tiny_model.network, tmp_path / "a.xml", format="openvino", style="dots", precision="f16")
    assert [path.name for path in result.paths] == ["a.bin", "a.xml"]
    assert str(tmp_path).encode() not in (tmp_path / "a.xml").read_bytes()
    assert FACTS_KEY in (tmp_path / "a.xml").read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"format": "tflite"}, "--format is one of onnx, torch, torchscript, openvino, transformers, got tflite"),
        ({"strength": 0.5}, "--strength goes with --style"),
        ({"strength": 2, "style": "dots"}, "--strength must be between 0 and 1"),
        ({"opset": 20, "format": "torch"}, "--opset goes with --format onnx, not with torch"),
        ({"opset": 11}, "--opset must be between 18 and 25"),
        ({"mixing": True, "style": "dots"}, "--mixing is for styles that are inputs"),
        ({"precision": "f8"}, "--precision is one of f32, f16"),
        ({"format": "transformers", "precision": "f16"}, r"from_pretrained\(dtype=...\)"),
        ({"format": "transformers", "style": "dots"}, "--style: a transformers folder has all"),
        ({"format": "transformers", "mixing": True}, "takes the mixing of fitted styles anyway"),
    ],
)
def test_options_that_do_not_go_together(options, said):
    with pytest.raises(InvalidOption, match=said):
        ExportConfig(**options)


def test_what_is_wrong_is_said_before_the_work(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.export, "export", None)
    network = tiny_model.network
    with pytest.raises(InvalidOption, match=r"a\.pb must end in \.onnx for --format onnx"):
        export(network, tmp_path / "a.pb")
    with pytest.raises(UnwritableOutput, match="the folder does not exist"):
        export(network, tmp_path / "absent" / "a.onnx")
    with pytest.raises(ModelError, match="no network"):
        export(tmp_path / "absent.onnx", tmp_path / "a.onnx")
    with pytest.raises(UnknownStyle, match="dots"):
        export(network, tmp_path / "a.onnx", style="dot")
    with pytest.raises(ModelError, match="belongs to another network"):
        export(network, tmp_path / "a.onnx", style=str(impasto.styles()[0].path))
    with pytest.raises(InvalidOption, match="is the network itself"):
        export(network, network)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(UnwritableOutput, match="the folder cannot be written to"):
        export(tiny_model.network, tmp_path / "a.pt2", format="torch")


def test_what_differs_is_not_written(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setitem(TOLERANCES, "f32", -1.0)
    with pytest.raises(ParityError, match=r"TorchScript differs from torch by .* px"):
        export(tiny_model.network, tmp_path / "a.pt", format="torchscript", style="dots")
    assert not list(tmp_path.iterdir())


def test_weights_in_other_files_are_refused(tiny_model, tmp_path):
    model = onnx.load(tiny_model.network)
    onnx.save_model(model, tmp_path / "a.onnx", save_as_external_data=True, location="a.data", size_threshold=0)
    for engine in ("openvino", "onnxruntime"):
        with pytest.raises(
            ModelError,
            match=r"a\.onnx: is damaged, or no network that is safe to open \(its weights are in another file\)",
        ):
            Session.open(tmp_path / "a.onnx", engine=engine)
