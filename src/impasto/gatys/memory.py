"""How much of a picture can be looked at in one go, from what memory there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from impasto.errors import OptimizationError
from impasto.gatys.tiles import margin, stride_of
from impasto.options import bytes_of
from impasto.perceptual.device import available_on
from impasto.perceptual.vgg import VGG19

__all__ = ["Plan", "is_out_of_memory", "plan"]

BYTES_A_PIXEL = {torch.float32: 2400, torch.bfloat16: 1600}
"""Memory of an evaluation for each pixel that is looked at."""
BYTES_KEPT = 250
"""Memory that each pixel of the picture takes between evaluations, beside L-BFGS's pairs."""
BYTES_A_PAIR = 24
"""Memory that each pixel of the picture takes in one of L-BFGS's pairs: two float32 of three channels."""
BASE = 540 << 20
"""Memory of the interpreter, torch and VGG-19 itself."""
SMALLEST = 64
"""px of a tile's side at least."""


@dataclass(frozen=True)
class Plan:
    """side: px of the pieces' cores; pixels: of the picture; whole: whether it is one piece.

    kept: bytes at all times; a_pixel: bytes more for each pixel that is looked at; stride, reach: px that the pieces'
    sides are multiples of, and that they are seen with around them.
    """

    side: int
    pixels: int
    whole: bool
    kept: int
    a_pixel: int
    stride: int
    reach: int

    @property
    def expected(self) -> int:
        """Bytes at the peak."""
        seen = self.pixels if self.whole else min(self.pixels, (self.side + 2 * self.reach) ** 2)
        return self.kept + self.a_pixel * seen

    def smaller(self, error: BaseException) -> Plan:
        """Return a plan with pieces half as wide; raises OptimizationError, from `error`, if they are the smallest."""
        side = self.side // 2 // self.stride * self.stride
        if side < SMALLEST:
            raise OptimizationError(
                f"memory does not suffice even for pieces of {self.side} px; give a smaller --size"
            ) from error
        return replace(self, side=side, whole=False)

    def __str__(self) -> str:
        how = "whole" if self.whole else f"in pieces of {self.side} px"
        return f"{how}, about {self.expected / 2**30:.1f} GB"


def plan(size: tuple[int, int], layers: Sequence[str], vgg: VGG19, history: int, max_memory: str = "") -> Plan:
    """Return how to look at a picture of (height, width).

    history: pairs that the solver remembers; max_memory: as the option is written; "" takes what is free.  Raises
    OptimizationError, which says what would fit, if the limit is too small for the smallest pieces.
    """
    parameter = next(vgg.parameters())
    pixels, stride, reach = size[0] * size[1], stride_of(layers), margin(layers)
    kept = BASE + (BYTES_KEPT + BYTES_A_PAIR * history) * pixels
    longest = -(-max(size) // stride) * stride
    whole = Plan(longest, pixels, True, kept, BYTES_A_PIXEL[parameter.dtype], stride, reach)
    limit = bytes_of(max_memory, "--max-memory") if max_memory else available_on(parameter.device)
    if whole.expected <= limit:
        return whole
    side = (int((max(0, limit - kept) / whole.a_pixel) ** 0.5) - 2 * reach) // stride * stride
    if side >= SMALLEST:
        return replace(whole, side=side, whole=False)
    needed = replace(whole, side=SMALLEST, whole=False).expected
    raise OptimizationError(
        f"{size[1]} x {size[0]} px need at least {needed / 2**30:.1f} GB, there are {limit / 2**30:.1f} GB; give a "
        "smaller --size or a larger --max-memory"
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory did not suffice: CUDA's own, or the CPU allocator's RuntimeError."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
