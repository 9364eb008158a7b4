"""The blocks that the networks are built of.

All maps are (N, C, H, W) floats; each block's `steps` say what it does to geometry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.nets.geometry import Resample, Step, Window
from impasto.nets.mixing import Mixing
from impasto.nets.norm import Affine, Conditioning, InstanceNorm, renorm

__all__ = [
    "BatchNorm",
    "Convolution",
    "MakeNorm",
    "Norm",
    "Normed",
    "Residual",
    "SpaceToDepth",
    "TransposedConvolution",
    "UnconditionalNorm",
    "Upsampled",
]


class Convolution(nn.Module):
    """A convolution padded by reflection, so that no frame appears at the picture's border.

    kernel: odd; H and W of its input must be larger than kernel // 2.  mixed: whether styles mix its input channels.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, *, mixed: bool = False) -> None:
        super().__init__()
        self.pad = kernel // 2
        self.weights = nn.Conv2d(inputs, outputs, kernel, stride)
        self.mixing = Mixing(inputs) if mixed else None
        self.steps: Sequence[Step] = [Window(kernel, stride)]

    def forward(self, x: Tensor, conditioning: Conditioning) -> Tensor:
        """Return the convolved map, (N, outputs, H / stride, W / stride)."""
        weights = self.weights
        kernel = weights.weight if self.mixing is None else self.mixing(weights.weight, conditioning)
        padded = F.pad(x, (self.pad,) * 4, mode="reflect")
        return F.conv2d(padded, kernel, weights.bias, weights.stride)


class Upsampled(nn.Module):
    """Nearest-neighbour upsampling by two and a 3x3 convolution.

    Source: Odena et al. 2016, "Deconvolution and Checkerboard Artifacts": resize, then convolve.
    """

    def __init__(self, inputs: int, outputs: int, *, mixed: bool = False) -> None:
        super().__init__()
        self.convolution = Convolution(inputs, outputs, 3, mixed=mixed)
        self.steps: Sequence[Step] = [Resample(Fraction(2)), Window(3)]

    def forward(self, x: Tensor, conditioning: Conditioning) -> Tensor:
        """Return the convolved map at twice the size, (N, outputs, 2 H, 2 W)."""
        convolved: Tensor = self.convolution(F.interpolate(x, scale_factor=2.0, mode="nearest"), conditioning)
        return convolved


class SpaceToDepth(Convolution):
    """Blocks of fold x fold pixels side by side as channels, and a 3x3 convolution of them.

    inputs: channels of a pixel; each block has inputs * fold**2, in the order of torch's pixel_unshuffle.
    """

    def __init__(self, inputs: int, outputs: int, fold: int, *, mixed: bool = False) -> None:
        super().__init__(inputs * fold**2, outputs, 3, mixed=mixed)
        self.fold = fold
        self.steps = [Resample(Fraction(1, fold)), *self.steps]

    def forward(self, x: Tensor, conditioning: Conditioning) -> Tensor:
        """Return the convolved map, (N, outputs, H / fold, W / fold), of x, (N, inputs, H, W)."""
        return super().forward(F.pixel_unshuffle(x, self.fold), conditioning)


class TransposedConvolution(nn.Module):
    """A 3x3 convolution of stride one half, as in Johnson et al. 2016.

    It may leave a checkerboard, and, since torch cannot pad it by reflection, a frame at the bottom and right.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weights = nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1)
        self.steps: Sequence[Step] = [Resample(Fraction(2), kernel=3)]

    def forward(self, x: Tensor, conditioning: Conditioning | None = None) -> Tensor:
        """Return the convolved map at twice the size, (N, outputs, 2 H, 2 W); the conditioning is not read."""
        convolved: Tensor = self.weights(x)
        return convolved


class BatchNorm(nn.BatchNorm2d):
    """Batch norm with the signature of the conditional norms; its conditioning is not read."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels)

    def forward(self, x: Tensor, conditioning: Conditioning | None = None) -> Tensor:
        """Return x normalised over batch and positions (in evaluation: by the running moments)."""
        return super().forward(x)


class UnconditionalNorm(nn.Module):
    """Instance norm with one learned scale and shift for all pictures, and no running moments.

    Source: Ulyanov et al. 2016, "Instance Normalization: The Missing Ingredient for Fast Stylization".
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(1, channels, 1, 1))
        self.beta = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, x: Tensor, conditioning: Conditioning) -> Tensor:
        """Return x normalised over each picture's own positions."""
        return renorm(x, conditioning.moments_of(x), self.gamma, self.beta)


Norm = InstanceNorm | Affine | BatchNorm | UnconditionalNorm
MakeNorm = Callable[[int], Norm]


class Normed(nn.Module):
    """A layer, a norm and, unless told otherwise, a ReLU."""

    def __init__(self, layer: Convolution | Upsampled | TransposedConvolution, norm: Norm, relu: bool = True) -> None:
        super().__init__()
        self.layer, self.norm, self.relu = layer, norm, relu
        self.steps = layer.steps

    def forward(self, x: Tensor, conditioning: Conditioning) -> Tensor:
        """Return the layer's map, normed and rectified."""
        x = self.norm(self.layer(x, conditioning), conditioning)
        return F.relu(x) if self.relu else x


class Residual(nn.Module):
    """Two 3x3 convolutions, each normed, added to their input; no ReLU after the addition.

    inner: channels between the two; 0 means as many as outside.  make_second: makes the second norm, if it is another.
    Source: Gross and Wilber 2016, as taken over by Johnson et al. 2016, supplement.
    """

    def __init__(
        self,
        channels: int,
        make_norm: MakeNorm,
        *,
        make_second: MakeNorm | None = None,
        inner: int = 0,
        mixed: bool = False,
    ) -> None:
        super().__init__()
        inner, make_second = inner or channels, make_second or make_norm
        self.first = Normed(Convolution(channels, inner, 3, mixed=mixed), make_norm(inner))
        self.second = Normed(Convolution(inner, channels, 3, mixed=mixed), make_second(channels), relu=False)
        self.steps = [*self.first.steps, *self.second.steps]

    def forward(self, x: Tensor, conditioning: Conditioning) -> Tensor:
        """Return x plus what the two convolutions make of it."""
        refined: Tensor = self.second(self.first(x, conditioning), conditioning)
        return x + refined
