"""Checkpoints of other programs that train Johnson's network, as networks of Impasto; see `export.layouts`.

Their networks have instance norm and padding by reflection, and upsample by nearest neighbours or by transposed
convolution.
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
from impasto.export.layouts import LAYOUTS, Layout
from impasto.export.write import write_model
from impasto.nets.johnson import JohnsonNet, JohnsonShape
from impasto.training.run import Trained

__all__ = ["import_checkpoint", "read_checkpoint"]

DROPPED = ("running_mean", "running_var", "num_batches_tracked")
"""Ends of names that torch before 0.4 wrote for instance norms; they were never read."""
SHOWN = 3
"""Names that an error shows of what is in a file."""
FEWEST_LEVELS = 8.0
"""Standard deviation, in levels of 255, of what a network must paint at the least."""
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


def import_checkpoint(checkpoint: str | Path, output: str | Path, *, range_: str = "auto") -> list[Path]:
    """Write a checkpoint as a network, NAME.onnx with NAME.safetensors beside it, and return their paths.

    checkpoint: a file of one of the programs in `export.layouts` (.pth, .pt, .model), or an image-to-image network
        as .onnx, of which NAME.onnx alone is written.  Nothing in it is executed.
    range_: of pixels, of an .onnx file only; see `export.foreign.RANGES`.
    output: the .onnx file; `impasto.load` takes it as a style.
    Raises InvalidOption, ModelError, ParityError and UnwritableOutput.
    """
    target = Path(output)
    if target.suffix.lower() != ".onnx":
        raise InvalidOption(f"--output: {target} must end in .onnx")
    check_folder(target)
    if Path(checkpoint).suffix.lower() == ".onnx":
        from impasto.export.foreign import import_graph

        return import_graph(Path(checkpoint), target, range_)
    if range_ != "auto":
        raise InvalidOption("--range goes with an .onnx file; of checkpoints the range of pixels is known")
    return write_model(read_checkpoint(Path(checkpoint)), target.parent, name=target.stem)


def read_checkpoint(path: Path) -> Trained:
    """Return the network in a checkpoint; raises ModelError, naming the file, for anything else."""
    theirs = _weights(path)
    layout = _layout(theirs, path)
    net = JohnsonNet(JohnsonShape(channels=theirs[layout.first].shape[0], upsampling=layout.upsampling))
    ours = _renamed(theirs, layout, path)
    for key, wanted in net.state_dict().items():
        if ours[key].shape != wanted.shape:
            found = f"{key}: {tuple(ours[key].shape)}, not {tuple(wanted.shape)}"
            raise ModelError(f"{path}: is of another architecture than {layout.program}'s ({found})")
        if not torch.isfinite(ours[key]).all():
            raise ModelError(f"{path}: is damaged (its weights hold values that are not numbers)")
    net.load_state_dict(layout.rescaled(ours))
    if layout.tanh:
        _check_linear(net.eval(), layout, path)
    facts = {"source": path.name, "program": layout.program, "licence": "the checkpoint's"}
    return Trained(net.eval(), {path.stem: net.new_style()}, facts)


def _layout(theirs: Mapping[str, Tensor], path: Path) -> Layout:
    """Return the layout that has most of the weights' names; raises ModelError, saying what is there, if none has."""
    layout = max(LAYOUTS, key=lambda each: len(each.names().keys() & theirs.keys()))
    first = theirs.get(layout.first)
    if first is None or first.ndim != 4:
        some = ", ".join(f"{name} {tuple(value.shape)}" for name, value in list(theirs.items())[:SHOWN])
        known = ", ".join(each.program for each in LAYOUTS)
        raise ModelError(
            f"{path}: is of no layout that is known: it begins with {some}; known are {known}.  What its own program "
            "exports as ONNX can be imported, too"
        )
    return layout


def _renamed(theirs: Mapping[str, Tensor], layout: Layout, path: Path) -> dict[str, Tensor]:
    """Return weights under our names; raises ModelError if some are unknown or not there."""
    names = layout.names()
    odd = sorted(theirs.keys() - names.keys()) or sorted(names.keys() - theirs.keys())
    if odd:
        what = "has weights that are not known" if odd[0] in theirs else "lacks weights"
        raise ModelError(f"{path}: is of another architecture than {layout.program}'s: it {what}, such as {odd[0]}")
    ours = {names[key]: value for key, value in theirs.items()}
    norms = {key: value.reshape(1, -1, 1, 1) for key, value in ours.items() if key.endswith((".gamma", ".beta"))}
    return {**ours, **norms}


@torch.inference_mode()
def _check_linear(net: JohnsonNet, layout: Layout, path: Path) -> None:
    """Raise ModelError if what a network paints spans so few levels that a tanh must follow it.

    Weights do not say whether it does.  Before a tanh of 150 levels numbers are some units large, pixels some hundred.
    """
    waves = torch.sin(torch.arange(128.0)[:, None] / 5) * torch.sin(torch.arange(128.0) / 7)
    painted = net(0.5 + 0.5 * waves.expand(1, 3, 128, 128), torch.zeros(1, 0))
    levels = 255 * float(painted.flatten(2).std(2).max())
    if levels < FEWEST_LEVELS:
        raise ModelError(
            f"{path}: paints {levels:.1f} levels only, so it is likely {layout.tanh}, with a tanh at its end, which is "
            "not taken from weights; export it as ONNX and import that"
        )


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
