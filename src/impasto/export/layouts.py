"""How other programs call the weights of Johnson's network, and what pixels are to them.

Pixels of any kind go into the weights of the first and the last convolution: what is done to each pixel by itself
commutes with padding by reflection, which repeats pixels.  It would not with padding by zeros, which none of these
programs does to the picture (their transposed convolutions do it to maps, as ours do).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["LAYOUTS", "Layout", "Pixels"]

BLOCKS = 5


@dataclass(frozen=True)
class Pixels:
    """What a network takes and gives: scale * p + shift for p in [0, 1], in this order of red 0, green 1 and blue 2."""

    scale: tuple[float, float, float] = (255.0, 255.0, 255.0)
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    order: tuple[int, int, int] = (0, 1, 2)


@dataclass(frozen=True)
class Layout:
    """The names of a program's weights, without `.weight` and `.bias`.

    convolutions, norms: by our layers' names; last: their last convolution.
    """

    program: str
    convolutions: Mapping[str, str]
    norms: Mapping[str, str]
    last: str
    pixels: Pixels
    upsampling: str = "resize"
    tanh: str = ""
    """Where weights of the same names may belong to a network with a scaled tanh at its end, what it is called."""

    @property
    def first(self) -> str:
        """The name of the first convolution's weights."""
        return f"{self.convolutions['blocks.0']}.weight"

    def names(self) -> dict[str, str]:
        """Return their names of all weights with ours."""
        pairs = {}
        for kind in ("weight", "bias"):
            pairs[f"{self.last}.{kind}"] = f"last.weights.{kind}"
            for ours, theirs in self.convolutions.items():
                inside = ".convolution" if ours in ("blocks.8", "blocks.9") and self.upsampling == "resize" else ""
                pairs[f"{theirs}.{kind}"] = f"{ours}.layer{inside}.weights.{kind}"
        for ours, theirs in self.norms.items():
            pairs[f"{theirs}.weight"], pairs[f"{theirs}.bias"] = f"{ours}.norm.gamma", f"{ours}.norm.beta"
        return pairs

    def rescaled(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return weights, under our names, for red, green and blue in [-0.5, 0.5] in place of their pixels.

        W (s p + t) + b = s W (p - 0.5) + b + sum(W (s / 2 + t)), and the painting is (y - t) / s - 0.5.
        """
        scale, shift = torch.tensor(self.pixels.scale), torch.tensor(self.pixels.shift)
        rgb = [self.pixels.order.index(channel) for channel in range(3)]
        first, last = "blocks.0.layer.weights", "last.weights"
        into, out = weights[f"{first}.weight"], weights[f"{last}.weight"]
        centre = (scale / 2 + shift)[None, :, None, None]
        return {
            **weights,
            f"{first}.weight": (into * scale[None, :, None, None])[:, rgb],
            f"{first}.bias": weights[f"{first}.bias"] + (into * centre).sum((1, 2, 3)),
            f"{last}.weight": (out / scale[:, None, None, None])[rgb],
            f"{last}.bias": ((weights[f"{last}.bias"] - shift) / scale - 0.5)[rgb],
        }


def _flat(upsampled: tuple[str, str], last: str, program: str, pixels: Pixels) -> Layout:
    """Return the layout of pytorch/examples and of what descends from it; upsampled: convolutions after doubling."""
    convolutions = {f"blocks.{number}": f"conv{number + 1}.conv2d" for number in range(3)}
    norms = {f"blocks.{number}": f"in{number + 1}" for number in range(3)}
    for number in range(BLOCKS):
        for part, each in (("first", 1), ("second", 2)):
            convolutions[f"blocks.{number + 3}.{part}"] = f"res{number + 1}.conv{each}.conv2d"
            norms[f"blocks.{number + 3}.{part}"] = f"res{number + 1}.in{each}"
    convolutions |= {"blocks.8": upsampled[0], "blocks.9": upsampled[1]}
    return Layout(program, convolutions, {**norms, "blocks.8": "in4", "blocks.9": "in5"}, last, pixels)


def _nested() -> Layout:
    """Return the layout of rrmina's program: sequences whose odd members are ReLUs; OpenCV's blue, green, red."""
    places = {f"blocks.{number}": f"ConvBlock.{2 * number}" for number in range(3)}
    for number in range(BLOCKS):
        for part, each in (("first", 1), ("second", 2)):
            places[f"blocks.{number + 3}.{part}"] = f"ResidualBlock.{number}.conv{each}"
    convolutions = {ours: f"{theirs}.conv_layer" for ours, theirs in places.items()}
    doubled = {"blocks.8": "DeconvBlock.0", "blocks.9": "DeconvBlock.2"}
    convolutions |= {ours: f"{theirs}.conv_transpose" for ours, theirs in doubled.items()}
    norms = {ours: f"{theirs}.norm_layer" for ours, theirs in {**places, **doubled}.items()}
    return Layout(
        "rrmina/fast-neural-style-pytorch",
        convolutions,
        norms,
        "DeconvBlock.4.conv_layer",
        Pixels(order=(2, 1, 0)),
        upsampling="transposed",
        tanh="TransformerNetworkTanh",
    )


MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's red, green and blue, in [0, 1]."""
_NORMALISED = Pixels(
    scale=(1 / DEVIATION[0], 1 / DEVIATION[1], 1 / DEVIATION[2]),
    shift=(-MEAN[0] / DEVIATION[0], -MEAN[1] / DEVIATION[1], -MEAN[2] / DEVIATION[2]),
)
LAYOUTS = (
    _flat(("deconv1.conv2d", "deconv2.conv2d"), "deconv3.conv2d", "pytorch/examples fast_neural_style", Pixels()),
    _flat(
        ("up1.conv2d.conv2d", "up2.conv2d.conv2d"),
        "up3.conv2d",
        "gordicaleksa/pytorch-neural-style-transfer-johnson",
        _NORMALISED,
    ),
    _nested(),
)
