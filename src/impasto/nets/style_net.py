"""Impasto's own network: one trunk at a quarter (or an eighth) of the picture's size, every style a vector.

Space to depth by 4 (or 8), a 3x3 convolution, residual blocks with conditional instance norm (after both of their
convolutions, or the first alone), one more such norm, and
a decoder that resizes and convolves with a scale and a shift of each channel, to whose picture a styled share of
the photo is added.  All moments are taken at the trunk's size.  A style can also mix the input channels
of each convolution (see `nets.mixing`).
Its output is linear: values outside [0, 1] are clipped only when a picture is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn

from impasto.errors import InvalidOption
from impasto.nets.base import PaintingNet
from impasto.nets.blocks import Convolution, Normed, Residual, SpaceToDepth, Upsampled
from impasto.nets.norm import Affine, Conditioning, InstanceNorm, Skip

__all__ = ["StyleNet", "StyleNetShape"]

MOST, MOST_DOUBLINGS = 1024, 6
"""A network's name may come from a stranger's file, so it cannot ask for any amount of memory."""


@dataclass(frozen=True)
class StyleNetShape:
    """The sizes of a StyleNet."""

    channels: int = 64
    """Channels of the trunk."""
    blocks: int = 5
    """Residual blocks of the trunk."""
    decoder: tuple[int, ...] = (32, 16)
    """Channels after each doubling; the last is at full size."""
    inner: int = 0
    """Channels between the two convolutions of a residual block; 0 means as many as the trunk has."""
    normed_once: bool = False
    """Whether a residual block normalises after its first convolution only, and scales and shifts after its second."""

    @property
    def fold(self) -> int:
        """Pixels, in each direction, that space to depth puts into one position of the trunk."""
        return 1 << len(self.decoder)

    def __post_init__(self) -> None:
        if min(self.blocks, self.inner) < 0 or not self.decoder or min(self.channels, *self.decoder) < 1:
            raise InvalidOption(
                "--network: impasto's channels and decoder must be at least 1, its blocks and inner at least 0, "
                f"got channels={self.channels}, blocks={self.blocks}, decoder={self.decoder}, inner={self.inner}"
            )
        if max(self.channels, self.blocks, self.inner, *self.decoder) > MOST or len(self.decoder) > MOST_DOUBLINGS:
            raise InvalidOption(f"--network: impasto has at most {MOST} channels or blocks, {MOST_DOUBLINGS} doublings")


class StyleNet(PaintingNet):
    """Impasto's network; see the module's docstring."""

    def __init__(self, shape: StyleNetShape | None = None) -> None:
        shape = shape or StyleNetShape()
        width = shape.channels
        stem = Normed(SpaceToDepth(3, width, shape.fold, mixed=True), InstanceNorm(width))
        second = Affine if shape.normed_once else InstanceNorm
        residuals = [
            Residual(width, InstanceNorm, make_second=second, inner=shape.inner, mixed=True)
            for _ in range(shape.blocks)
        ]
        sizes = pairwise((width, *shape.decoder))
        decoder = [Normed(Upsampled(inputs, outputs, mixed=True), Affine(outputs)) for inputs, outputs in sizes]
        last = Convolution(shape.decoder[-1], 3, 3, mixed=True)
        trunk: list[Normed | Residual] = [stem, *residuals]
        steps = [step for block in [*trunk, *decoder, last] for step in block.steps]
        super().__init__(shape, steps)
        self.trunk, self.trunk_norm = nn.ModuleList(trunk), InstanceNorm(width)
        self.decoder, self.last, self.skip = nn.ModuleList(decoder), last, Skip(3)

    def paint(self, picture: Tensor, conditioning: Conditioning) -> Tensor:
        """Return the painting, (N, 3, H, W), about [0, 1], of pictures of that shape in [0, 1]."""
        x = picture - 0.5
        for block in self.trunk:
            x = block(x, conditioning)
        x = self.trunk_norm(x, conditioning)
        for block in self.decoder:
            x = block(x, conditioning)
        painted = self.last(x, conditioning).float()  # in bfloat16 the bright half would have 128 steps
        painting: Tensor = self.skip(painted, picture, conditioning)
        return painting
