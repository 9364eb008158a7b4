"""The commands export and import: what they print, and what they say of bad input."""

import pytest
import torch

from impasto.cli import main
from impasto.model import MODELS


def run(*arguments):
    with pytest.raises(SystemExit) as end:
        main(list(map(str, arguments)))
    return end.value.code


def test_it_says_what_it_wrote_and_how_near_it_comes(tiny_model, tmp_path, capsys):
    output = tmp_path / "dots.pt"
    assert run("export", tiny_model.network, "-o", output, "--format", "torchscript", "-s", "dots") == 0
    first, second = capsys.readouterr().out.splitlines()
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
    ],
)
def test_bad_usage_of_export(arguments, code, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("export", *arguments) == code
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"broken", MODELS["fast"].read_bytes()])
def test_a_broken_checkpoint(save, content, tmp_path, capsys):
    assert run("import", save("candy.pth", content), "-o", tmp_path / "candy.onnx") == 1
    err = capsys.readouterr().err
    assert "candy.pth: " in err
    assert err.count("\n") == 1
    assert not (tmp_path / "candy.onnx").exists()


def test_import_of_what_is_no_johnson(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"layer1.weight": torch.zeros(2)}, "resnet.pth")
    assert run("import", "resnet.pth") == 1
    assert "resnet.pth: is no checkpoint of fast_neural_style" in capsys.readouterr().err
    assert run("import", "absent.pth") == 1
    assert "absent.pth: there is no such file" in capsys.readouterr().err
    assert run("import", "resnet.pth", "-o", "candy.pt") == 2
    assert "must end in .onnx" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is absent, damaged or not a network"), (b"\x08\x08", "is absent, damaged or not a network")],
)
def test_export_of_a_broken_network(save, content, said, tmp_path, capsys):
    assert run("export", save("mine.onnx", content), "-o", tmp_path / "a.onnx") == 1
    assert said in capsys.readouterr().err
