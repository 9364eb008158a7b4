"""The network of Johnson et al. 2016, "Perceptual Losses for Real-Time Style Transfer", and its variants.

9x9 convolution, two convolutions of stride 2, five residual blocks, two upsamplings, 9x9 convolution.
Differs: padded by reflection in every convolution (the paper pads the picture once by 40 px and lets the
residual blocks shrink it), as the authors' released code later did.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from impasto.errors import InvalidOption
from impasto.nets.base import PaintingNet
from impasto.nets.blocks import (
    BatchNorm,
    Convolution,
    MakeNorm,
    Normed,
    Residual,
    TransposedConvolution,
    UnconditionalNorm,
    Upsampled,
)
from impasto.nets.norm import Conditioning, InstanceNorm

__all__ = ["JohnsonNet", "JohnsonShape"]

MOST = 256
"""A network's name may come from a stranger's file, so it cannot ask for any amount of memory."""
NORMS: dict[str, MakeNorm] = {"batch": BatchNorm, "instance": UnconditionalNorm, "conditional": InstanceNorm}
UPSAMPLINGS: dict[str, type[TransposedConvolution | Upsampled]] = {
    "transposed": TransposedConvolution,
    "resize": Upsampled,
}


@dataclass(frozen=True)
class JohnsonShape:
    """Variants of Johnson's network."""

    norm: str = "instance"
    """batch (Johnson 2016), instance (Ulyanov 2016) or conditional (Dumoulin 2017)."""
    channels: int = 32
    """Channels of the first convolution; the trunk has four times as many.  16: the released half width."""
    upsampling: str = "resize"
    """transposed (the paper) or resize (nearest neighbour and a convolution, against checkerboards)."""
    tanh: bool = False
    """Scaled tanh at the end (the paper), else linear."""

    def __post_init__(self) -> None:
        for field, known in (("norm", NORMS), ("upsampling", UPSAMPLINGS)):
            if getattr(self, field) not in known:
                got = getattr(self, field)
                raise InvalidOption(f"--network: johnson's {field} is one of {', '.join(known)}, not {got!r}")
        if self.channels < 1:
            raise InvalidOption(f"--network: johnson's channels must be at least 1, got {self.channels}")
        if self.channels > MOST:
            raise InvalidOption(f"--network: johnson has at most {MOST} channels, got {self.channels}")


class JohnsonNet(PaintingNet):
    """Johnson's network; see the module's docstring.

    Only with conditional norms has it style parameters; otherwise its one style is in its weights, P is 0.
    """

    def __init__(self, shape: JohnsonShape | None = None) -> None:
        shape = shape or JohnsonShape()
        norm, up, width = NORMS[shape.norm], UPSAMPLINGS[shape.upsampling], shape.channels
        blocks: list[Normed | Residual] = [
            Normed(Convolution(3, width, 9), norm(width)),
            Normed(Convolution(width, 2 * width, 3, stride=2), norm(2 * width)),
            Normed(Convolution(2 * width, 4 * width, 3, stride=2), norm(4 * width)),
            *(Residual(4 * width, norm) for _ in range(5)),
            Normed(up(4 * width, 2 * width), norm(2 * width)),
            Normed(up(2 * width, width), norm(width)),
        ]
        last = Convolution(width, 3, 9)
        super().__init__(shape, [step for block in [*blocks, last] for step in block.steps])
        self.blocks, self.last, self.tanh = nn.ModuleList(blocks), last, shape.tanh

    def paint(self, picture: Tensor, conditioning: Conditioning) -> Tensor:
        """Return the painting, (N, 3, H, W), about [0, 1], of pictures of that shape in [0, 1].

        The scaled tanh is the released code's 150 * tanh around the mean pixel, in our range of pixels.
        """
        x = picture - 0.5
        for block in self.blocks:
            x = block(x, conditioning)
        x = self.last(x, conditioning)
        return (torch.tanh(x) * (150 / 255) if self.tanh else x).float() + 0.5
