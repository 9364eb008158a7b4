"""A model for pictures in planes, (1, 3, H, W), made one for pictures in rows, (1, H, W, 3), as these lie in memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from impasto.runtime.engines.offline import ops, ov

__all__ = ["in_rows"]

PLANES, ROWS = (0, 3, 1, 2), (0, 2, 3, 1)
"""Dimensions in the order that makes one of the other."""
ELEMENTWISE = {"Add": ops.add, "Subtract": ops.subtract, "Multiply": ops.multiply}


def in_rows(model: ov.Model) -> ov.Model:
    """Return a copy of a model whose input `picture` and whose one output are (1, H, W, 3) instead of (1, 3, H, W).

    What is done to single pixels at either end is done in rows, too, so that nothing need be laid out anew.
    """
    model = model.clone()
    picture = next(node for node in model.get_parameters() if "picture" in node.output(0).names)
    shape = picture.partial_shape
    rows = ops.parameter(ov.PartialShape([shape[axis] for axis in ROWS]), np.float32)
    rows.output(0).tensor.names = {"picture"}
    picture.output(0).replace(_ordered(rows, PLANES))
    model.remove_parameter(picture)
    model.add_parameters([rows])
    for node in model.get_ordered_ops():
        if node.get_type_name() in ELEMENTWISE:
            _take_through(node)
        elif node.get_type_name() == "Pad" and _changed(node.input_value(0)):
            _pad_before(node)
    (result,) = model.get_results()
    result.input(0).replace_source_output(_ordered(result.input_value(0), ROWS))
    model.validate_nodes_and_infer_types()
    return model


def _take_through(node: Any) -> None:
    """Where an operation on pixels follows a change from rows to planes, do it before that."""
    given = [_rows_of(value) for value in node.input_values()]
    if None in given or not any(_changed(value) for value in node.input_values()):
        return
    node.output(0).replace(_ordered(ELEMENTWISE[node.get_type_name()](*given), PLANES))


def _pad_before(node: Any) -> None:
    """Where pixels are padded after a change from rows to planes, pad before that."""
    planes, before, after, *value = node.input_values()
    ends = [ops.gather(each, np.array(ROWS), np.array(0)) for each in (before, after)]
    padded = ops.pad(planes.get_node().input_value(0), *ends, node.get_attributes()["pad_mode"], *value)
    node.output(0).replace(_ordered(padded, PLANES))


def _rows_of(value: Any) -> Any:
    """Return planes, or numbers of each channel, as in rows, or None for what would have to be laid out anew."""
    if _changed(value):
        return value.get_node().input_value(0)
    shape = value.get_partial_shape()
    if shape.rank.is_dynamic or len(shape) not in (0, 4):
        return None
    if len(shape) == 0:
        return value
    one_each = shape[2] == 1 and shape[3] == 1
    return _ordered(value, ROWS) if one_each else None


def _changed(value: Any) -> bool:
    node = value.get_node()
    return node.get_type_name() == "Transpose" and _order(node) == PLANES


def _order(transpose: Any) -> tuple[int, ...] | None:
    order = transpose.input_value(1).get_node()
    return tuple(int(axis) for axis in order.data) if order.get_type_name() == "Constant" else None


def _ordered(value: Any, order: tuple[int, ...]) -> Any:
    return ops.transpose(value, np.array(order)).output(0)
