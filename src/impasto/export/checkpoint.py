"""Checkpoints of pytorch/examples' fast_neural_style, and of what descends from it, as networks of Impasto.

Their network is Johnson's with instance norm, reflection padding and nearest-neighbour upsampling.  Its pixels are in
[0, 255], which goes into the weights of the first and the last convolution here.
"""

from __future__ import annotations

import pickle  # for the name of its error  # nosec B403
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from impasto.atomic import check_folder
from impasto.errors import InvalidOption, ModelError
from impasto.export.write import write_model
from impasto.nets.johnson import JohnsonNet, JohnsonShape
from impasto.training.run import Trained

__all__ = ["import_checkpoint", "read_checkpoint"]

WHITE = 255.0
LAYERS = {
    **{f"blocks.{number}": (f"conv{number + 1}", f"in{number + 1}") for number in range(3)},
    **{f"blocks.{number + 3}.first": (f"res{number + 1}.conv1", f"res{number + 1}.in1") for number in range(5)},
    **{f"blocks.{number + 3}.second": (f"res{number + 1}.conv2", f"res{number + 1}.in2") for number in range(5)},
    "blocks.8": ("deconv1", "in4"),
    "blocks.9": ("deconv2", "in5"),
}
"""Their names of the convolution and the norm of each of our layers."""
DROPPED = ("running_mean", "running_var", "num_batches_tracked")
"""Ends of names that torch before 0.4 wrote for instance norms; they were never read."""
WRAPPERS = ("state_dict", "model_state_dict", "model", "net")
"""Names under which training programs keep the weights beside other things."""

UNREADABLE = (
    RuntimeError,
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
)
"""What torch's restricted unpickler raises for files of other kinds."""


def import_checkpoint(checkpoint: str | Path, output: str | Path) -> list[Path]:
    """Write a checkpoint as a network, NAME.onnx with NAME.safetensors beside it, and return their paths.

    checkpoint: a file of pytorch/examples' fast_neural_style (.pth, .pt, .model).  Nothing in it is executed.
    output: the .onnx file; `impasto.load` takes it as a style.
    Raises InvalidOption, ModelError, ParityError and UnwritableOutput.
    """
    target = Path(output)
    if target.suffix.lower() != ".onnx":
        raise InvalidOption(f"--output: {target} must end in .onnx")
    check_folder(target)
    return write_model(read_checkpoint(Path(checkpoint)), target.parent, name=target.stem)


def read_checkpoint(path: Path) -> Trained:
    """Return the network in a checkpoint; raises ModelError, naming the file, for anything else."""
    theirs = _weights(path)
    first = theirs.get("conv1.conv2d.weight")
    if first is None or first.ndim != 4:
        raise ModelError(f"{path}: is no checkpoint of fast_neural_style (it has no weights named conv1.conv2d.weight)")
    net = JohnsonNet(JohnsonShape(channels=first.shape[0]))
    ours = _renamed(theirs)
    expected = net.state_dict()
    if ours.keys() != expected.keys():
        odd = sorted({*theirs} - {*_names()}) or sorted({*_names()} - {*theirs})
        what = "has weights that are not known" if {*theirs} - {*_names()} else "lacks weights"
        raise ModelError(f"{path}: is of another architecture than fast_neural_style: it {what}, such as {odd[0]}")
    for key, value in ours.items():
        if value.shape != expected[key].shape:
            found, wanted = tuple(value.shape), tuple(expected[key].shape)
            raise ModelError(
                f"{path}: is of another architecture than fast_neural_style ({key}: {found}, not {wanted})"
            )
        if not torch.isfinite(value).all():
            raise ModelError(f"{path}: is damaged (its weights hold values that are not numbers)")
    net.load_state_dict(_rescaled(ours))
    facts = {"source": path.name, "program": "pytorch/examples fast_neural_style", "licence": "the checkpoint's"}
    return Trained(net.eval(), {path.stem: net.new_style()}, facts)


def _weights(path: Path) -> dict[str, Tensor]:
    """Return a file's tensors by their names, float32, without what wraps them."""
    if not path.is_file():
        raise ModelError(f"{path}: there is no such file")
    try:
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{path}: holds more than weights, or is no checkpoint of torch; save its state_dict() and import that"
        ) from error
    except UNREADABLE as error:
        raise ModelError(f"{path}: is damaged, or no checkpoint of torch") from error
    for wrapper in WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping) or not all(isinstance(value, Tensor) for value in content.values()):
        raise ModelError(f"{path}: holds no weights by names; save its network's state_dict() and import that")
    named = {str(key).removeprefix("module."): value.float() for key, value in content.items()}
    return {key: value for key, value in named.items() if not key.endswith(DROPPED)}


def _names() -> dict[str, str]:
    """Return their names of all weights with ours."""
    pairs = {"deconv3.conv2d.weight": "last.weights.weight", "deconv3.conv2d.bias": "last.weights.bias"}
    for ours, (convolution, norm) in LAYERS.items():
        inside = ".convolution" if ours in ("blocks.8", "blocks.9") else ""
        for kind in ("weight", "bias"):
            pairs[f"{convolution}.conv2d.{kind}"] = f"{ours}.layer{inside}.weights.{kind}"
        pairs[f"{norm}.weight"], pairs[f"{norm}.bias"] = f"{ours}.norm.gamma", f"{ours}.norm.beta"
    return pairs


def _renamed(theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    names = _names()
    ours = {names[key]: value for key, value in theirs.items() if key in names}
    norms = {key: value.reshape(1, -1, 1, 1) for key, value in ours.items() if key.endswith((".gamma", ".beta"))}
    unknown = {key: value for key, value in theirs.items() if key not in names}
    return {**ours, **norms, **unknown}


def _rescaled(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights for pixels in [-0.5, 0.5] in place of [0, 255].

    W (255 p) + b = 255 W (p - 0.5) + b + 127.5 sum(W), and the painting over 255, less 0.5; padding by reflection
    commutes with both.
    """
    first, last = "blocks.0.layer.weights", "last.weights"
    rescaled = dict(weights)
    rescaled[f"{first}.weight"] = weights[f"{first}.weight"] * WHITE
    rescaled[f"{first}.bias"] = weights[f"{first}.bias"] + WHITE / 2 * weights[f"{first}.weight"].sum((1, 2, 3))
    rescaled[f"{last}.weight"] = weights[f"{last}.weight"] / WHITE
    rescaled[f"{last}.bias"] = weights[f"{last}.bias"] / WHITE - 0.5
    return rescaled
