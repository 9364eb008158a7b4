"""Whether a graph gives what its network gives, in every engine that will run it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.errors import ParityError
from impasto.export.formats import Run
from impasto.model import IDENTITY, Style, mix
from impasto.nets.base import PaintingNet
from impasto.runtime.session import Session, padded, unpadded

__all__ = ["SIZES", "TOLERANCE", "Painted", "check_painter", "check_parity", "mixed"]

SIZES = ((67, 101), (128, 96), (33, 16))
"""Heights and widths in px that are compared: odd ones, and multiples of the stride."""
TOLERANCE = 2e-3
"""Largest difference allowed in float32, half of one of 256 levels."""
TOLERANCES = {"f32": TOLERANCE, "f16": 4e-2}
"""The same for painters by their precision; ten levels, over noise, which is harder than photos."""
ANY_SIZES = ((67, 101), (1, 1), (128, 96), (5, 40))
"""Heights and widths in px that painters are compared at."""
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
            for style in [*styles, mixed(styles[0], net, chance)]:
                difference = float(np.abs(session.paint(picture, style) - _by_torch(net, picture, style)).max())
                if not difference <= TOLERANCE:
                    raise ParityError(f"{engine} differs from torch by {difference:.2g} at {width}x{height} px")
                worst = max(worst, difference)
    return worst


def mixed(style: Style, net: PaintingNet, chance: np.random.Generator) -> Style:
    """Return the style with mixing matrices, if the network takes any."""
    numbers = MIXING * chance.standard_normal(net.mixing_parameters, np.float32)
    return replace(style, mixing=numbers if len(numbers) else None)


@dataclass(frozen=True)
class Painted:
    """What a painter is compared in: a style at a strength, painted by torch."""

    net: PaintingNet
    style: Style
    strength: float
    identity: Tensor | None

    def __call__(self, picture: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the painting, (H, W, 3) in [0, 1], of such a picture."""
        if self.identity is None:
            painting = _by_torch(self.net, picture, self.style).clip(0, 1)
            mixed: NDArray[np.float32] = picture + np.float32(self.strength) * (painting - picture)
            return mixed
        none = replace(self.style, name=IDENTITY, vector=self.identity.numpy(), mixing=None)
        return _by_torch(self.net, picture, mix([(self.style, self.strength), (none, 1 - self.strength)])).clip(0, 1)


def check_painter(
    run: Run, program: str, inputs: Sequence[str], cases: Sequence[Painted], precision: str = "f32"
) -> float:
    """Return the largest difference of a painter's paintings from torch's, over sizes and cases.

    run: the painter in some program; inputs: the names of its inputs; see `export_network`.
    precision: f32 or f16, in which a single pixel is left out: norms enlarge what rounding leaves of one colour.
    Raises ParityError, naming program and size, if it is more than TOLERANCES allow.
    """
    chance, worst = np.random.default_rng(0), 0.0
    tolerance = TOLERANCES[precision]
    sizes = [size for size in ANY_SIZES if precision == "f32" or min(size) > 1]
    for height, width in sizes:
        picture = chance.random((height, width, 3), np.float32)
        for case in cases:
            given = {
                "picture": np.ascontiguousarray(picture.transpose(2, 0, 1)[None]),
                "style": case.style.vector[None],
                "strength": np.array([case.strength], np.float32),
                "mixing": None if case.style.mixing is None else case.style.mixing[None],
            }
            painting = run({name: cast("NDArray[np.float32]", given[name]) for name in inputs})[0].transpose(1, 2, 0)
            difference = float(np.abs(painting - case(picture)).max())
            if not difference <= tolerance:
                raise ParityError(f"{program} differs from torch by {difference:.2g} at {width}x{height} px")
            worst = max(worst, difference)
    return worst


def _by_torch(net: PaintingNet, picture: NDArray[np.float32], style: Style) -> NDArray[np.float32]:
    planes = torch.from_numpy(padded(picture, net.stride)).permute(2, 0, 1)[None]
    with torch.inference_mode():
        mixing = None if style.mixing is None else torch.from_numpy(style.mixing)[None]
        painting = net(planes, torch.from_numpy(style.vector)[None], mixing)
    return unpadded(painting[0].permute(1, 2, 0).numpy(), picture)
