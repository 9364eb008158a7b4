"""Whether a graph file is one that Impasto could have written, before any engine opens it.

Engines trust a graph: they read other files that it names, run its loops, and allocate what its tensors say that they
hold.  So the file is looked through first, as the protocol buffers that it is made of (onnx.proto3 of ONNX has the
numbers of fields; the encoding is that of protobuf.dev/programming-guides/encoding), without anything being allocated.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from pathlib import Path

from impasto.errors import ModelError

__all__ = ["OPERATIONS", "check_graph", "graph_metadata"]

OPERATIONS = frozenset(
    [
        "Add", "AveragePool", "BatchNormalization", "Cast", "Ceil", "Clip", "Concat", "Constant", "Conv",
        "ConvTranspose", "DepthToSpace", "Div", "Exp", "Flatten", "Floor", "Gather", "Gemm",
        "GlobalAveragePool", "Identity", "InstanceNormalization", "LeakyRelu", "MatMul", "Max", "MaxPool",
        "Min", "Mul", "Neg", "PRelu", "Pad", "Pow", "Reciprocal", "ReduceMean", "ReduceSum", "Relu", "Reshape",
        "Resize", "Shape", "Sigmoid", "Slice", "Softplus", "SpaceToDepth", "Split", "Sqrt", "Squeeze", "Sub",
        "Tanh", "Transpose", "Unsqueeze", "Upsample",
    ]
)  # fmt: skip
"""What painting networks are made of, also those that are imported: none loops, reads a file or is another program's.

What they allocate follows from the shapes of maps, which `runtime.engines.safety` looks at.
"""
LARGEST = 1 << 28
"""Bytes of a graph's file at most."""
MOST_SIDES = 8
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_Field = tuple[int, "int | memoryview"]


def check_graph(file: Path, known: frozenset[str] = OPERATIONS) -> None:
    """Raise ModelError, naming the file, unless it is a graph of known operations that says the truth about its size.

    Refused are graphs with weights in other files, with loops and branches, with functions and operations of other
    programs, and with tensors that claim more numbers than the file has bytes for.
    """
    try:
        if file.stat().st_size > LARGEST:
            raise ModelError(f"{file}: has more than {LARGEST >> 20} MB, which no network of Impasto has")
        _check_model(memoryview(file.read_bytes()), known)
    except OSError as error:
        raise ModelError(f"{file}: is absent, damaged or not a network") from error
    except ValueError as error:
        raise ModelError(f"{file}: is damaged, or no network that is safe to open ({error})") from error


def graph_metadata(graph: bytes) -> dict[str, str]:
    """Return what a graph's file says beside the graph (metadata_props); raises ValueError for what is no such file."""
    metadata = {}
    for number, value in _fields(memoryview(graph)):
        if number == 14:
            texts = {part: bytes(_message(text)).decode() for part, text in _fields(_message(value))}
            metadata[texts.get(1, "")] = texts.get(2, "")
    return metadata


def _check_model(model: memoryview, known: frozenset[str]) -> None:
    graphs = 0
    for number, value in _fields(model):
        if number in (20, 25):  # training_info, functions
            raise ValueError("it holds functions of its own")
        if number == 7:
            graphs += 1
            _check_graph(_message(value), known)
    if not graphs:
        raise ValueError("it holds no graph")


def _check_graph(graph: memoryview, known: frozenset[str]) -> None:
    for number, value in _fields(graph):
        if number == 1:
            _check_node(_message(value), known)
        elif number == 5:
            _check_tensor(_message(value))
        elif number == 15:
            raise ValueError("it holds sparse weights")


def _check_node(node: memoryview, known: frozenset[str]) -> None:
    for number, value in _fields(node):
        if number == 4 and (name := bytes(_message(value)).decode()) not in known:
            raise ValueError(f"its operation {name[:40]!r} is none that Impasto's networks have")
        if number == 7 and bytes(_message(value)) not in (b"", b"ai.onnx"):
            raise ValueError("it has operations of another program")
        if number == 5:
            _check_attribute(_message(value))


def _check_attribute(attribute: memoryview) -> None:
    for number, value in _fields(attribute):
        if number in (5, 10):  # t, tensors
            _check_tensor(_message(value))
        elif number in (6, 11, 22, 23):  # g, graphs, sparse_tensor, sparse_tensors
            raise ValueError("it holds a graph within the graph")


def _check_tensor(tensor: memoryview) -> None:
    sides: list[int] = []
    for number, value in _fields(tensor):
        if number == 1:
            sides += [value] if isinstance(value, int) else _varints(value)
        elif number == 13 or (number == 14 and value):  # external_data, data_location
            raise ValueError("its weights are in another file")
    if len(sides) > MOST_SIDES or any(side >> 63 for side in sides) or prod(sides) > len(tensor):
        raise ValueError("a tensor claims more numbers than it holds")


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a part is a number where it should be text or a message")
    return value


def _fields(message: memoryview) -> Iterator[_Field]:
    """Yield the number and the value of each field of a message; raises ValueError for what is no message."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, place = _varint(message, place)
            yield number, value
            continue
        if kind == _BYTES:
            size, place = _varint(message, place)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise ValueError(f"a field of the unknown kind {kind}")
        if place + size > len(message):
            raise ValueError("it breaks off")
        yield number, message[place : place + size]
        place += size


def _varints(packed: memoryview) -> list[int]:
    values, place = [], 0
    while place < len(packed):
        value, place = _varint(packed, place)
        values.append(value)
    return values


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """Return the number that begins at a place, and the place after it."""
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(message):
            raise ValueError("it breaks off")
        byte = message[place]
        value, place = value | (byte & 127) << shift, place + 1
        if byte < 128:
            return value & (1 << 64) - 1, place
    raise ValueError("a number without an end")
