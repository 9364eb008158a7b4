"""The commands export, import and publish: what they print, and what they say of bad input."""

import pytest
import torch

from impasto.model import MODELS


def test_it_says_what_it_wrote_and_how_near_it_comes(impasto, tiny_model, tmp_path):
    output = tmp_path / "dots.pt"
    result = impasto("export", tiny_model.network, "-o", output, "--format", "torchscript", "-s", "dots")
    assert (result.code, result.err) == (0, "")
    first, second = result.out.splitlines()
    assert first.startswith(f"{output}  ")
    assert first.endswith(" kB")
    assert second.startswith("differs from torch by at most ")
    assert second.endswith(" in TorchScript")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("main",), 2, "Missing option '-o'"),
        (("main", "-o", "a.onnx", "--format", "coreml"), 2, "is not one of 'onnx', 'torch'"),
        (("main", "-o", "a.onnx", "--strength", "0.5"), 2, "--strength goes with --style"),
        (("main", "-o", "a.pt2"), 2, "a.pt2 must end in .onnx for --format onnx"),
        (("main", "-o", "a.onnx", "-s", "stary-night"), 2, "did you mean van-gogh-starry-night"),
        (("man", "-o", "a.onnx"), 1, "man: is no network; name main or fast"),
        (("main", "-o", "absent/a.onnx"), 1, "the folder does not exist"),
        (("broken.onnx", "-o", "a.onnx"), 1, "broken.safetensors: is not there"),
    ],
)
def test_bad_usage_of_export(impasto, arguments, code, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.onnx").write_bytes(b"\x08\x08")
    result = impasto("export", *arguments)
    assert result.code == code
    assert said in result.err
    assert result.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["broken.onnx"]


@pytest.mark.parametrize("content", [b"", b"broken", MODELS["fast"].read_bytes()])
def test_a_broken_checkpoint(impasto, save, content, tmp_path):
    result = impasto("import", save("candy.pth", content), "-o", tmp_path / "candy.onnx")
    assert result.code == 1
    assert "candy.pth: " in result.err
    assert result.err.count("\n") == 1
    assert not (tmp_path / "candy.onnx").exists()


def test_import_of_what_is_no_johnson(impasto, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"layer1.weight": torch.zeros(2)}, "resnet.pth")
    assert "resnet.pth: is of no layout that is known" in impasto("import", "resnet.pth").err
    assert "absent.pth: there is no such file" in impasto("import", "absent.pth").err
    result = impasto("import", "resnet.pth", "-o", "candy.pt")
    assert result.code == 2
    assert "must end in .onnx" in result.err


def test_publish_writes_a_folder_or_asks_where_to(impasto, tiny_model, tmp_path):
    result = impasto("publish", tiny_model.network, "-o", tmp_path / "out")
    assert result.code == 0
    assert str(tmp_path / "out" / "README.md") in result.out
    result = impasto("publish", tiny_model.network)
    assert result.code == 2
    assert "say where to: --to USER/REPO" in result.err
