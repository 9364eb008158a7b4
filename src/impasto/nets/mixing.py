"""Convolutions whose input channels a style mixes first.

Source: Rebuffi et al. 2017, "Learning multiple visual domains with residual adapters": x + A x, with a matrix A for
each domain.  Differs: here before each convolution, so that the matrix goes into
the convolution's weights, W (I + A), and painting takes hardly longer; and without a norm of its own.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from impasto.nets.norm import Conditioning

__all__ = ["Mixing"]


class Mixing(nn.Module):
    """The matrix of one convolution; it has no parameters of its own, but reads channels**2 numbers of the style."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, weight: Tensor, conditioning: Conditioning, dim: int = 1) -> Tensor:
        """Return the weights, of any shape, whose dimension `dim` is the input channels, as the style mixes these."""
        matrix = conditioning.take_mixing(self.channels)
        if matrix is None:
            return weight
        mixed: Tensor = torch.tensordot(weight, matrix.to(weight.dtype), ([dim], [0])).movedim(-1, dim)
        return weight + mixed
