"""Checkpoints of fast_neural_style, whose architecture is said here once more, after its weights' names."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812

import impasto
from impasto.errors import ModelError
from impasto.export import checkpoint
from impasto.export.checkpoint import read_checkpoint

WIDTH = 4


def sizes(width=WIDTH):
    """Return the shape of each convolution by its name, and the channels of each norm."""
    trunk = 4 * width
    convolutions = {"conv1": (width, 3, 9, 9), "conv2": (2 * width, width, 3, 3), "conv3": (trunk, 2 * width, 3, 3)}
    norms = {"in1": width, "in2": 2 * width, "in3": trunk, "in4": 2 * width, "in5": width}
    for block in range(1, 6):
        convolutions |= {f"res{block}.conv{each}": (trunk, trunk, 3, 3) for each in (1, 2)}
        norms |= {f"res{block}.in{each}": trunk for each in (1, 2)}
    convolutions |= {"deconv1": (2 * width, trunk, 3, 3), "deconv2": (width, 2 * width, 3, 3)}
    return convolutions | {"deconv3": (3, width, 9, 9)}, norms


def random_weights(width=WIDTH):
    """Return a state_dict of seeded random weights that gives pictures of some contrast in 0..255."""
    chance = torch.Generator().manual_seed(0)
    convolutions, norms = sizes(width)
    weights = {}
    for name, shape in convolutions.items():
        weights[f"{name}.conv2d.weight"] = torch.randn(shape, generator=chance) / np.sqrt(np.prod(shape[1:]))
        weights[f"{name}.conv2d.bias"] = torch.randn(shape[0], generator=chance)
    weights["deconv3.conv2d.weight"] *= 40
    weights["deconv3.conv2d.bias"] += 127
    for name, channels in norms.items():
        weights[f"{name}.weight"] = 1 + 0.2 * torch.randn(channels, generator=chance)
        weights[f"{name}.bias"] = 0.2 * torch.randn(channels, generator=chance)
    return weights


def paint(weights, x):
    """Return the network's output, (N, 3, H, W) about 0..255, of such pictures."""

    def convolved(x, name, stride=1):
        kernel = weights[f"{name}.conv2d.weight"]
        padded = F.pad(x, [kernel.shape[-1] // 2] * 4, mode="reflect")
        return F.conv2d(padded, kernel, weights[f"{name}.conv2d.bias"], stride)

    def normed(x, name):
        return F.instance_norm(x, weight=weights[f"{name}.weight"], bias=weights[f"{name}.bias"])

    for number, stride in ((1, 1), (2, 2), (3, 2)):
        x = normed(convolved(x, f"conv{number}", stride), f"in{number}").relu()
    for block in range(1, 6):
        inner = normed(convolved(x, f"res{block}.conv1"), f"res{block}.in1").relu()
        x = x + normed(convolved(inner, f"res{block}.conv2"), f"res{block}.in2")
    for number in (1, 2):
        larger = F.interpolate(x, scale_factor=2, mode="nearest")
        x = normed(convolved(larger, f"deconv{number}"), f"in{number + 3}").relu()
    return convolved(x, "deconv3")


@pytest.fixture(scope="module")
def weights():
    return random_weights()


@pytest.mark.parametrize("size", [(32, 48), (20, 44)])
def test_the_network_paints_as_the_checkpoint_does(saved, weights, size):
    trained = read_checkpoint(saved(weights))
    picture = torch.rand(1, 3, *size, generator=torch.manual_seed(1))
    with torch.inference_mode():
        ours, theirs = 255 * trained.net(picture, torch.zeros(1, 0)), paint(weights, 255 * picture)
    assert theirs.std() > 10
    torch.testing.assert_close(ours, theirs, atol=0.02, rtol=0)


def test_the_width_is_the_checkpoints(saved):
    assert read_checkpoint(saved(random_weights(6))).net.shape.channels == 6


@pytest.mark.parametrize("wrapper", ["state_dict", "model_state_dict"])
def test_what_old_and_parallel_programs_add_is_dropped(saved, weights, wrapper):
    _, norms = sizes()
    old = {f"{name}.{kind}": torch.zeros(n) for name, n in norms.items() for kind in ("running_mean", "running_var")}
    added = {f"module.{key}": value for key, value in {**weights, **old}.items()}
    net, plain = (read_checkpoint(saved(each)).net for each in ({wrapper: added, "epoch": 2}, weights))
    assert all(torch.equal(value, plain.state_dict()[key]) for key, value in net.state_dict().items())


def test_an_imported_network_paints_photos(saved, weights, photo):
    file = saved(weights)
    written = impasto.import_checkpoint(file, file.with_name("candy.onnx"))
    assert [path.name for path in written] == ["candy.safetensors", "candy.onnx"]
    painted = impasto.load(file.with_name("candy.onnx"), precision="f32")(photo)
    assert painted.shape == photo.shape
    side = photo[:96, :64]  # within the margin that Impasto mirrors, both see the same picture
    mirrored = np.pad(side, ((16, 16), (16, 16), (0, 0)), mode="symmetric")
    with torch.inference_mode():
        theirs = paint(weights, torch.from_numpy(mirrored.transpose(2, 0, 1)[None].astype(np.float32)))
    expected = theirs[0, :, 16:-16, 16:-16].clamp(0, 255).permute(1, 2, 0).numpy()
    session = impasto.load(file.with_name("candy.onnx"), precision="f32").session
    ours = session.paint(side.astype(np.float32) / 255, impasto.load(file.with_name("candy.onnx")).style)
    np.testing.assert_allclose(255 * ours.clip(0, 1), expected, atol=0.5)
    assert session.manifest.licence == "the checkpoint's"


def broken(weights):
    del weights["res3.in1.bias"]


def extended(weights):
    weights["attention.weight"] = torch.zeros(3)


def reshaped(weights):
    weights["conv2.conv2d.weight"] = torch.zeros(9, 9, 3, 3)


def infinite(weights):
    weights["in2.weight"][0] = torch.inf


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (broken, r"candy.pth: is of another architecture .* it lacks weights, such as res3.in1.bias"),
        (extended, r"candy.pth: is of another architecture .* not known, such as attention.weight"),
        (reshaped, r"candy.pth: is of another architecture .*\(9, 9, 3, 3\), not \(8, 4, 3, 3\)"),
        (infinite, r"candy.pth: is damaged \(its weights hold values that are not numbers\)"),
    ],
)
def test_other_architectures_are_refused(saved, change, said):
    weights = random_weights()
    change(weights)
    with pytest.raises(ModelError, match=said):
        read_checkpoint(saved(weights))


class Evil:
    def __reduce__(self):
        return exec, ("raise SystemExit('executed')",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (torch.nn.Linear(2, 2), "candy.pth: holds more than weights"),
        (Evil(), "candy.pth: holds more than weights"),
        ([torch.zeros(2)], "candy.pth: holds no weights by names"),
        (
            {"layer": torch.zeros(2)},
            r"candy.pth: is of no layout .* begins with layer \(2,\); known are pytorch",
        ),
        (
            {"conv1.conv2d.weight": torch.zeros(2)},
            r"candy.pth: is of no layout .* begins with conv1.conv2d",
        ),
        ({"epoch": 3}, "candy.pth: holds no weights by names"),
    ],
)
def test_anything_else_is_refused_and_nothing_executed(saved, content, said):
    with pytest.raises(ModelError, match=said):
        read_checkpoint(saved(content))


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 cut short"])
def test_files_of_other_kinds(save, content):
    with pytest.raises(
        ModelError, match=r"candy.pth: (is damaged, or no checkpoint|holds more than weights, or is no)"
    ):
        read_checkpoint(save("candy.pth", content))


def test_no_file(tmp_path):
    with pytest.raises(ModelError, match="there is no such file"):
        read_checkpoint(tmp_path / "absent.pth")


def test_a_bad_output_is_said_before_the_work(saved, weights, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "read_checkpoint", None)
    with pytest.raises(impasto.ImpastoError, match=r"must end in \.onnx"):
        impasto.import_checkpoint(saved(weights), tmp_path / "candy.pth")
    with pytest.raises(impasto.ImpastoError, match="the folder does not exist"):
        impasto.import_checkpoint(saved(weights), tmp_path / "absent" / "candy.onnx")
