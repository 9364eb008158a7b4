"""Image-to-image networks of other programs, as ONNX: made networks of Impasto without a line of their code.

The graph stays as it is, but for its ends: height and width become free, and pixels in [0, 1] become what it takes.
What Impasto needs to know of it is measured: its range of pixels, its stride and, from its layers' sizes, its reach.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.compose
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from impasto.atomic import check_folder, write_whole
from impasto.errors import InvalidOption, ModelError, ParityError
from impasto.export.formats import Run, by_onnxruntime, by_openvino
from impasto.image import read, resize, to_eight_bits, to_float
from impasto.model import Manifest
from impasto.model.bundled import PHOTOS
from impasto.model.graph import OPERATIONS, check_graph
from impasto.model.network import FOREIGN, METADATA_KEY
from impasto.runtime.engines.offline import ov
from impasto.runtime.engines.safety import check_network

__all__ = ["RANGES", "import_graph"]

RANGES = {"255": (255.0, 0.0), "1": (1.0, 0.0), "symmetric": (2.0, -1.0)}
"""Scale and shift from [0, 1] to each range of pixels, 0 to 255, 0 to 1 and -1 to 1, in the order of trying."""
FILL, MOST_FILLED = "ConstantOfShape", 4096
"""An operation that torch's older exporter writes for zeros around pads, and the numbers that it may make.

It could make gigabytes of a few bytes, so what it makes takes its place.
"""
OLDEST = 7
"""Opset of ONNX from which on operations broadcast as here."""
STRIDES = (1, 2, 4, 8, 16, 32, 64)
LEAST_SIDE = 48
SIDE = 224
"""px of the pictures that are painted to measure and to compare, where the graph takes any size."""
SLACK, CLIPPED, SPREAD = 0.25, 0.1, 0.04
"""A painting is in a range if at most so much of it lies this far outside, and its deviation is at least this."""
TOLERANCE = 2e-3
"""Largest difference allowed, half of one of 256 levels."""
INNER = "theirs/"
"""What the names of their graph begin with in ours."""


@dataclass(frozen=True)
class Foreign:
    """A graph of another program: its one input and output by name, and the height and width it is for, or 0."""

    path: Path
    model: Any
    picture: str
    painting: str
    size: tuple[int, int]


def import_graph(path: Path, output: Path, range_: str = "auto") -> list[Path]:
    """Write an ONNX file as a network, after comparing both, and return its path; it has no weights for torch.

    path: one input, (N, 3, H, W) float32, RGB, and one output of the same shape.
    range_: of its pixels, see `RANGES`, or auto: found by painting a photo.
    Raises InvalidOption, ModelError, ParityError and UnwritableOutput.
    """
    check_folder(output)
    if output.exists() and path.exists() and output.samefile(path):
        raise InvalidOption(f"--output: {output} is the file to import; name another")
    foreign = _read(path)
    with tempfile.TemporaryDirectory() as scratch:
        draft = Path(scratch) / "network.onnx"
        chosen = _range(foreign, draft) if range_ == "auto" else range_
        _write(foreign, chosen, draft)
        stride = _stride(_opened(draft, path), path)
        _write(foreign, chosen, draft, _manifest(foreign, chosen, stride, _reach(draft, path)))
        check_network(draft)
        _compare(foreign, chosen, draft, stride)
        return [write_whole(output, draft.read_bytes())]


def _read(path: Path) -> Foreign:
    """Return the graph in a file; raises ModelError if it is none that is safe and has pictures at both ends."""
    if not path.is_file():
        raise ModelError(f"{path}: there is no such file")
    check_graph(path, OPERATIONS | {FILL})
    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except Exception as error:  # protobuf's own
        raise ModelError(f"{path}: is damaged, or no ONNX file") from error
    if any(entry.key == METADATA_KEY for entry in model.metadata_props):
        raise ModelError(f"{path}: is a network of Impasto already; paint with it as it is")
    opset = max((each.version for each in model.opset_import if each.domain in ("", "ai.onnx")), default=0)
    if opset < OLDEST:
        raise ModelError(f"{path}: is written for opset {opset} of ONNX; export it for {OLDEST} or a later one")
    _fill(model.graph, path)
    weights = {each.name for each in model.graph.initializer}
    inputs = [each for each in model.graph.input if each.name not in weights]
    outputs = list(model.graph.output)
    if len(inputs) != 1 or len(outputs) != 1:
        named = ", ".join(each.name for each in (*inputs, *outputs))
        raise ModelError(f"{path}: has not one input and one output, which are pictures, but {named}")
    kind = inputs[0].type.tensor_type
    sides = [each.dim_value for each in kind.shape.dim]
    if kind.elem_type != TensorProto.FLOAT or len(sides) != 4 or sides[1] not in (0, 3):
        shape = "x".join(str(side or "?") for side in sides)
        name = TensorProto.DataType.Name(kind.elem_type).lower()
        raise ModelError(f"{path}: takes {name} {shape}, not float 1x3xHxW, red, green and blue")
    return Foreign(path, model, inputs[0].name, outputs[0].name, (sides[2], sides[3]))


def _fill(graph: Any, path: Path) -> None:
    """Put what each `FILL` of a shape that is known makes in its place; raises ModelError for all others."""
    known = {each.name: each for each in graph.initializer}
    constants = (node for node in graph.node if node.op_type == "Constant")
    known |= {node.output[0]: each.t for node in constants for each in node.attribute if each.name == "value"}
    for node in [each for each in graph.node if each.op_type == FILL]:
        shape = numpy_helper.to_array(known[node.input[0]]) if node.input[0] in known else None
        if shape is None or (shape < 0).any() or prod(shape.ravel().tolist()) > MOST_FILLED:
            raise ModelError(
                f"{path}: fills maps of sizes that are not known before ({FILL}); fold its constants first"
            )
        value = next((numpy_helper.to_array(each.t).ravel()[0] for each in node.attribute), np.float32(0))
        filled = np.full(shape.tolist(), value, value.dtype)
        graph.initializer.append(numpy_helper.from_array(filled, node.output[0]))
        graph.node.remove(node)
    used = {name for node in graph.node for name in node.input} | {each.name for each in graph.output}
    for node in [each for each in graph.node if each.op_type == "Constant" and each.output[0] not in used]:
        graph.node.remove(node)


def _write(foreign: Foreign, range_: str, draft: Path, manifest: Manifest | None = None) -> None:
    """Write their graph between our ends."""
    model = onnx.compose.add_prefix(foreign.model, INNER)
    graph, (scale, shift) = model.graph, RANGES[range_]
    constants = [
        helper.make_tensor(name, TensorProto.FLOAT, [], [value]) for name, value in (("scale", scale), ("shift", shift))
    ]
    before = [
        helper.make_node("Mul", ["picture", "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "shift"], [INNER + foreign.picture]),
    ]
    after = [
        helper.make_node("Sub", [INNER + foreign.painting, "shift"], ["unshifted"]),
        helper.make_node("Div", ["unshifted", "scale"], ["painting"]),
    ]
    nodes = [*before, *graph.node, *after]
    for node in nodes:
        node.ClearField("doc_string")
    sides: list[int | str | None] = [1, 3, "height", "width"]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, sides) for name in ("picture", "painting")]
    style = helper.make_tensor_value_info("style", TensorProto.FLOAT, [1, 0])
    ours = helper.make_graph(nodes, "painter", [ends[0], style], ends[1:], [*graph.initializer, *constants])
    written = helper.make_model(ours, opset_imports=model.opset_import, ir_version=max(model.ir_version, 4))
    if manifest is not None:
        helper.set_model_props(written, {METADATA_KEY: manifest.to_json()})
    draft.write_bytes(written.SerializeToString())


def _range(foreign: Foreign, draft: Path) -> str:
    """Return the first range of pixels with which a photo becomes a painting that fills it and is not clipped."""
    size = tuple(side or SIDE for side in foreign.size)
    for range_ in RANGES:
        _write(foreign, range_, draft)
        painted = _run(_opened(draft, foreign.path), _photo(size), foreign.path)
        outside = float(((painted < -SLACK) | (painted > 1 + SLACK)).mean())
        if outside <= CLIPPED and float(painted.std()) >= SPREAD:
            return range_
    raise ModelError(
        f"{foreign.path}: paints a photo outside of each range of pixels that is known; name its own by --range"
    )


def _stride(run: Run, path: Path) -> int:
    """Return the least number of whose multiples the graph takes and keeps all sizes, as odd multiples show."""
    for stride in STRIDES:
        times = -(-LEAST_SIDE // stride) | 1
        size = (stride * times, stride * (times + 2))
        try:
            if _run(run, _photo(size), path).shape[2:] == size:
                return stride
        except ModelError:
            continue
    raise ModelError(
        f"{path}: paints pictures of one size only, or of another size than the photo; export it with free height and "
        "width, and without sizes of its own in its layers"
    )


def _reach(draft: Path, path: Path) -> int:
    """Return how far an output pixel sees, at the most, but for norms and means of the whole picture.

    Of each convolution, pooling and resizing the whole extent of its window, in px of the picture, all added up: more
    than any path through the graph can see.
    """
    model = ov.Core().read_model(draft)
    side = 256
    try:
        model.reshape({"picture": [1, 3, side, side]})
        return int(np.ceil(sum(_extents(model, side))))
    except RuntimeError as error:
        raise ModelError(f"{path}: OpenVINO cannot work out its maps' sizes") from error


def _extents(model: Any, side: int) -> Iterator[float]:
    for operation in model.get_ordered_ops():
        kind = operation.get_type_name()
        if "Convolution" in kind:
            window, dilations = operation.input_value(1).get_shape()[-2:], operation.get_attributes()["dilations"]
            extent = max((size - 1) * dilation for size, dilation in zip(window, dilations, strict=True))
        elif kind in ("MaxPool", "AvgPool"):
            extent = max(operation.get_attributes()["kernel"])
        elif kind == "Interpolate":
            extent = 4  # a cubic's
        else:
            continue
        yield extent * side / operation.input_value(0).get_shape()[2]


def _manifest(foreign: Foreign, range_: str, stride: int, reach: int) -> Manifest:
    digest = hashlib.sha256(foreign.model.SerializeToString(deterministic=True))
    facts = {"source": foreign.path.name, "program": "an ONNX file", "range": range_, "licence": "the file's"}
    return Manifest(
        network=FOREIGN,
        fingerprint=digest.hexdigest()[:16],
        stride=stride,
        reach=reach,
        style_parameters=0,
        identity=(),
        training=facts,
        licence="the file's",
    )


def _compare(foreign: Foreign, range_: str, draft: Path, stride: int) -> None:
    """Raise ParityError unless ours paints as theirs at its own size, and both engines alike at others."""
    scale, shift = RANGES[range_]
    own = tuple(side or -(-SIDE // stride) * stride for side in foreign.size)
    theirs, name = _opened(foreign.path, foreign.path), foreign.picture
    ours, other = _opened(draft, foreign.path), by_openvino(draft)
    photo = _photo(own)
    expected = _called(lambda: theirs({name: photo * np.float32(scale) + np.float32(shift)}), foreign.path)
    _check("ONNX Runtime", _run(ours, photo, foreign.path), (expected - shift) / scale)
    for size in (own, (stride * 17, stride * 13), (128, 64)):
        _check("OpenVINO", _run(other, _photo(size), foreign.path), _run(ours, _photo(size), foreign.path))


def _check(program: str, painted: NDArray[np.float32], expected: NDArray[np.float32]) -> None:
    difference = float(np.abs(painted - expected).max()) if painted.shape == expected.shape else np.inf
    if not difference <= TOLERANCE:
        raise ParityError(
            f"{program} differs from the file by {difference:.2g} at {expected.shape[3]}x{expected.shape[2]} px"
        )


def _opened(file: Path, path: Path) -> Run:
    """Return what runs a file in ONNX Runtime; raises ModelError, naming the path, if it takes it for no network."""
    try:
        return by_onnxruntime(file)
    except Exception as error:  # ONNX Runtime has its own
        raise ModelError(f"{path}: cannot be run ({str(error).splitlines()[0]})") from error


def _run(run: Run, picture: NDArray[np.float32], path: Path) -> NDArray[np.float32]:
    return _called(lambda: run({"picture": picture, "style": np.zeros((1, 0), np.float32)}), path)


def _called(run: Callable[[], NDArray[np.float32]], path: Path) -> NDArray[np.float32]:
    """Return a painting; raises ModelError, naming the file, if the engine fails or it is no picture."""
    try:
        painted = run()
    except Exception as error:  # each engine has its own
        raise ModelError(f"{path}: cannot be run ({str(error).splitlines()[0]})") from error
    if painted.ndim != 4 or painted.shape[:2] != (1, 3) or not np.isfinite(painted).all():
        raise ModelError(f"{path}: gives no picture, 1x3xHxW")
    return painted


def _photo(size: tuple[int, ...]) -> NDArray[np.float32]:
    """Return a photo, (1, 3, H, W) in [0, 1]."""
    pixels = to_float(resize(to_eight_bits(read(PHOTOS / "astronaut.jpg").pixels), (size[0], size[1])))
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])
