"""Models for pictures in rows out of those for pictures in planes."""

import numpy as np
import pytest

from impasto.runtime.engines.offline import ops, ov
from impasto.runtime.engines.rows import in_rows

CHANNELS = np.array([0.5, -2.0, 3.0], np.float32)


def model_of(build, size=("?", "?")):
    picture = ops.parameter(ov.PartialShape(f"[1,3,{size[0]},{size[1]}]"), np.float32)
    picture.output(0).tensor.names = {"picture"}
    style = ops.parameter(ov.PartialShape("[1,3]"), np.float32)
    style.output(0).tensor.names = {"style"}
    return ov.Model([build(picture, style)], [picture, style])


def run(model, picture):
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    (painting,) = compiled({"picture": picture, "style": CHANNELS[None]}).values()
    return painting


def scaled(picture, style):
    return ops.multiply(picture, ops.reshape(style, np.array([1, 3, 1, 1]), False))


def centred(picture, style):
    return ops.subtract(np.float32(0.5), ops.add(picture, picture))


def padded(picture, style):
    before, after = np.array([0, 0, 1, 2]), np.array([0, 0, 3, 0])
    return ops.add(ops.pad(ops.subtract(picture, np.float32(0.5)), before, after, "reflect"), np.float32(0.25))


def framed(picture, style):
    return ops.pad(picture, np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), "constant", np.float32(7))


def convolved(picture, style):
    weights = np.random.default_rng(0).standard_normal((3, 3, 3, 3)).astype(np.float32)
    y = ops.convolution(padded(picture, style), ops.constant(weights), [1, 1], [0, 0], [0, 0], [1, 1])
    return ops.add(ops.relu(y), np.float32(1))


def by_place(picture, style):
    """Each pixel by a number of its own: laid out in planes, it has to stay in planes."""
    return ops.multiply(picture, np.arange(3 * 6 * 8, dtype=np.float32).reshape(1, 3, 6, 8))


@pytest.mark.parametrize("build", [scaled, centred, padded, framed, convolved, by_place])
@pytest.mark.parametrize("size", [("?", "?"), (6, 8)])
def test_a_model_in_rows_computes_the_same(build, size):
    model = model_of(build, size)
    picture = np.random.default_rng(1).random((1, 3, 6, 8), np.float32)
    expected = run(model, picture)
    painting = run(in_rows(model), picture.transpose(0, 2, 3, 1))
    np.testing.assert_allclose(painting.transpose(0, 3, 1, 2), expected, atol=1e-5)


def test_the_model_itself_is_left_as_it_was():
    model = model_of(scaled)
    changed = in_rows(model)
    assert str(model.input("picture").partial_shape) == "[1,3,?,?]"
    assert str(changed.input("picture").partial_shape) == "[1,?,?,3]"
    assert str(changed.output(0).partial_shape) == "[1,?,?,3]"


def test_what_is_done_to_pixels_needs_no_change_of_their_layout():
    kinds = [node.get_type_name() for node in in_rows(model_of(padded)).get_ordered_ops()]
    first, last = kinds.index("Subtract"), len(kinds) - 1 - kinds[::-1].index("Add")
    assert "Transpose" not in kinds[first:last]


def test_networks_are_in_rows_as_far_as_to_their_first_convolution(tiny_model):
    nodes = in_rows(ov.Core().read_model(tiny_model.network)).get_ordered_ops()
    folded = next(node for node in nodes if node.get_type_name() == "Pad")
    fold = 2 ** len(tiny_model.trained.net.shape.decoder)
    shape = str(folded.input_value(0).get_partial_shape())
    assert shape.endswith(f",{3 * fold}]")  # channels last, and a row's pixels side by side
