"""Whether a network file, which may be a stranger's, is safe to open."""

from __future__ import annotations

from math import prod
from pathlib import Path

from impasto.errors import ModelError
from impasto.model import MODELS
from impasto.model.graph import check_graph
from impasto.runtime.engines.offline import ov

__all__ = ["check_network"]

SIDE = 256
"""px of the picture that shapes are worked out for; a multiple of all strides."""
MOST_NUMBERS = 2048
"""Numbers that a map may hold for each pixel of the picture; the bundled networks' largest holds 16."""


def check_network(network: Path) -> None:
    """Raise ModelError, naming the file, unless a graph can be opened without harm; the bundled ones are known.

    See `check_graph`; and no map may be out of proportion to the picture.  Shapes are worked out for a small picture,
    nothing is computed, and nothing of their size is allocated.
    """
    if network in MODELS.values():
        return
    check_graph(network)
    try:
        model = ov.Core().read_model(network)
        model.reshape({"picture": [1, 3, SIDE, SIDE]})
    except (RuntimeError, ValueError) as error:  # names that are no text
        raise ModelError(f"{network}: is absent, damaged or not a network") from error
    for operation in model.get_ordered_ops():
        for output in operation.outputs():
            shape = output.get_partial_shape()
            if shape.is_dynamic or prod(shape.to_shape()) > MOST_NUMBERS * SIDE**2:
                name = operation.get_type_name()
                raise ModelError(f"{network}: is no network that is safe to open (its {name} has the shape {shape})")
