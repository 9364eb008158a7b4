"""Whether a graph gives what its network gives, in every engine that will run it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from impasto.errors import ParityError
from impasto.model import Style
from impasto.nets.base import PaintingNet
from impasto.runtime.session import Session, padded, unpadded

__all__ = ["SIZES", "TOLERANCE", "check_parity"]

SIZES = ((67, 101), (128, 96), (33, 16))
"""Heights and widths in px that are compared: odd ones, and multiples of the stride."""
TOLERANCE = 2e-3
"""Largest difference allowed in float32, half of one of 256 levels."""
MIXING = 0.02
"""Deviation of the numbers of the mixing that is compared, about that of styles that were fitted."""


def check_parity(net: PaintingNet, network: Path, styles: Sequence[Style]) -> float:
    """Return the largest difference of the network file to torch, in float32, over sizes, styles and engines.

    Raises ParityError, naming engine and size, if it is more than TOLERANCE.
    """
    chance = np.random.default_rng(0)
    worst = 0.0
    for engine in ("openvino", "onnxruntime"):
        session = Session.open(network, engine=engine, precision="f32")
        for height, width in SIZES:
            picture = chance.random((height, width, 3), np.float32)
            for style in [*styles, _mixed(styles[0], net, chance)]:
                difference = float(np.abs(session.paint(picture, style) - _by_torch(net, picture, style)).max())
                if not difference <= TOLERANCE:
                    raise ParityError(f"{engine} differs from torch by {difference:.2g} at {width}x{height} px")
                worst = max(worst, difference)
    return worst


def _mixed(style: Style, net: PaintingNet, chance: np.random.Generator) -> Style:
    """Return the style with mixing matrices, if the network takes any."""
    numbers = MIXING * chance.standard_normal(net.mixing_parameters, np.float32)
    return replace(style, mixing=numbers if len(numbers) else None)


def _by_torch(net: PaintingNet, picture: NDArray[np.float32], style: Style) -> NDArray[np.float32]:
    planes = torch.from_numpy(padded(picture, net.stride))
    with torch.inference_mode():
        mixing = None if style.mixing is None else torch.from_numpy(style.mixing)[None]
        painting = net(planes, torch.from_numpy(style.vector)[None], mixing)
    return unpadded(painting.numpy(), picture)
