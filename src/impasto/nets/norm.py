"""Norms whose scale and shift come from a style vector, and which take and return their moments.

Source: Dumoulin et al. 2017, "A Learned Representation for Artistic Style", section 2.2.
Differs: beside its scale (gamma) and shift (beta) each channel has a third number, `through`: how much of
the channel passes without being normalised.  Instance norm forgets a photo's brightness and contrast, so a
style of (gamma, beta) alone can never give the photo back; with `through` the identity is a style like any
other, and strength is a straight line between two style vectors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor, nn

__all__ = ["Affine", "Conditioning", "InstanceNorm", "Moments", "Skip", "StyledNorm", "moments", "renorm"]

EPSILON = 1e-5
"""Added to variances, as in torch's and the papers' instance norm."""

Moments = tuple[Tensor, Tensor]
"""Mean and variance of each channel over the positions: two (N, C, 1, 1) float32 tensors."""


def moments(x: Tensor) -> Moments:
    """Return mean and (biased) variance of each channel of x.

    x: (N, C, H, W), any range.  Returns two (N, C, 1, 1) float32 tensors, whatever the dtype of x.
    """
    x = x.float()
    mean = x.mean((2, 3), keepdim=True)
    return mean, (x - mean).square().mean((2, 3), keepdim=True)


def renorm(x: Tensor, used: Moments, gamma: Tensor, beta: Tensor, through: Tensor | float = 0.0) -> Tensor:
    """Return gamma * (x - mean) / deviation + beta + through * x.

    Written as one scale and one shift a channel, so that it costs a multiplication and an addition a value.
    x: (N, C, H, W); used: (N or 1, C, 1, 1) each; gamma, beta, through: (N or 1, C, 1, 1) float32.
    Returns shape and dtype of x.
    """
    mean, variance = used
    gain = gamma * torch.rsqrt(variance + EPSILON)
    return x * (gain + through).to(x.dtype) + (beta - gain * mean).to(x.dtype)


@dataclass
class Conditioning:
    """What one pass through a network is conditioned on; its layers take their share of it in order.

    style: (N, P) or (1, P) float, the style vectors, P the network's number of style parameters.
    given: moments to use in place of the picture's own, one pair for each instance norm in order.
    mixing: (1, Q) float, the style's mixing matrices one after the other, or None if nothing is mixed.
    seen: the moments that were used, in order; filled by the pass.
    """

    style: Tensor
    given: Sequence[Moments] | None = None
    mixing: Tensor | None = None
    seen: list[Moments] = field(default_factory=list)
    _read: int = 0
    _mixed: int = 0

    def take(self, parts: int, channels: int) -> Iterator[Tensor]:
        """Return the next `parts` tensors of the style vectors, each (N or 1, channels, 1, 1)."""
        share = self.style[:, self._read : self._read + parts * channels]
        self._read += parts * channels
        return iter(share.reshape(-1, parts, channels, 1, 1).unbind(1))

    def take_mixing(self, channels: int) -> Tensor | None:
        """Return the next mixing matrix, (channels, channels), or None."""
        if self.mixing is None:
            return None
        share = self.mixing[0, self._mixed : self._mixed + channels**2]
        self._mixed += channels**2
        return share.reshape(channels, channels)

    def moments_of(self, x: Tensor) -> Moments:
        """Return the moments that the next instance norm uses for x, (N, C, H, W), and record them."""
        used = self.given[len(self.seen)] if self.given is not None else moments(x)
        self.seen.append(used)
        return used


class StyledNorm(nn.Module):
    """Base of the norms that have no parameters of their own: they read `parts` numbers a channel of the style."""

    parts: ClassVar[int]

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    @property
    def style_parameters(self) -> int:
        """Numbers of the style vector that this layer reads."""
        return self.parts * self.channels

    def initial(self) -> tuple[Tensor, Tensor]:
        """Return this layer's share of a new style's vector and of the identity's, each (parts * C,) float32."""
        raise NotImplementedError


class InstanceNorm(StyledNorm):
    """Conditional instance norm, gamma * (x - mean) / deviation + beta + through * x.

    Mean and deviation are each picture's own, unless moments are given.
    """

    parts = 3

    def forward(self, x: Tensor, conditioning: Conditioning) -> Tensor:
        """Return x normalised and restyled, shape and dtype as x, (N, C, H, W)."""
        gamma, beta, through = conditioning.take(self.parts, self.channels)
        return renorm(x, conditioning.moments_of(x), gamma, beta, through)

    def initial(self) -> tuple[Tensor, Tensor]:
        """Return (1, 0, 0), which only normalises, and (0, 0, 1), which lets everything through."""
        one, zero = torch.ones(self.channels), torch.zeros(self.channels)
        return torch.cat([one, zero, zero]), torch.cat([zero, zero, one])


class Affine(StyledNorm):
    """A scale and a shift of each channel from the style vector, without normalising: gamma * x + beta.

    The decoder's norm: with no moments to collect at full size, only layers at a quarter of the picture's
    size depend on the whole picture.
    """

    parts = 2

    def forward(self, x: Tensor, conditioning: Conditioning) -> Tensor:
        """Return x rescaled and shifted, shape and dtype as x, (N, C, H, W)."""
        gamma, beta = conditioning.take(self.parts, self.channels)
        return x * gamma.to(x.dtype) + beta.to(x.dtype)

    def initial(self) -> tuple[Tensor, Tensor]:
        """Return (1, 0) twice: both a new style and the identity start from the map as it is."""
        share = torch.cat([torch.ones(self.channels), torch.zeros(self.channels)])
        return share, share.clone()


class Skip(StyledNorm):
    """How much of each of the photo's channels passes around the network: y + through * (x - 0.5) + 0.5.

    What `through` is to a norm, this is to the whole: the identity need not squeeze the photo through the trunk.
    """

    parts = 1

    def forward(self, y: Tensor, x: Tensor, conditioning: Conditioning) -> Tensor:
        """Return the painting, about [0, 1], of what was painted, y, about [-0.5, 0.5], and the photo, x, in [0, 1].

        All are (N, C, H, W), and of y's dtype.
        """
        (through,) = (share.to(y.dtype) for share in conditioning.take(self.parts, self.channels))
        return y + (x.to(y.dtype) * through + (0.5 - 0.5 * through))

    def initial(self) -> tuple[Tensor, Tensor]:
        """Return 0 for a new style and 1 for the identity."""
        return torch.zeros(self.channels), torch.ones(self.channels)
