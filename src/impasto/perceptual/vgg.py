"""VGG-19 (Simonyan and Zisserman 2015) up to its last convolution, with layers called by name.

Pictures outside this module are always RGB in [0, 1]; what each set of weights wants of them (channel order, range,
mean) is a `Preprocessing` inside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.errors import InvalidOption, WeightsError

__all__ = ["CAFFE", "LAYERS", "TORCHVISION", "VGG19", "Pooling", "Preprocessing"]

Pooling = Literal["max", "average"]

CONVOLUTIONS = ((64, 64), (128, 128), (256,) * 4, (512,) * 4, (512,) * 4)
"""Output channels of each convolution, block by block."""

LAYERS = tuple(
    f"{kind}{block}_{index}"
    for block, widths in enumerate(CONVOLUTIONS, 1)
    for index in range(1, len(widths) + 1)
    for kind in ("conv", "relu")
)
"""Names of all layers that can be asked for, first to last: conv1_1, relu1_1, conv1_2, ... relu5_4."""


@dataclass(frozen=True)
class Preprocessing:
    """How RGB in [0, 1] becomes what a set of weights was trained on: (order(x) * scale - mean) / deviation."""

    bgr: bool
    scale: float
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]

    def __call__(self, picture: Tensor) -> Tensor:
        """Return the network's input, (N, 3, H, W) float32, of RGB pictures in [0, 1] of that shape."""
        x = picture.float().flip(1) if self.bgr else picture.float()
        constants = x.new_tensor([self.mean, self.deviation])[:, None, :, None, None]
        return (x * self.scale - constants[0]) / constants[1]


CAFFE = Preprocessing(bgr=True, scale=255.0, mean=(103.939, 116.779, 123.68), deviation=(1.0, 1.0, 1.0))
"""The original release: BGR, 0..255, the training set's mean subtracted."""

TORCHVISION = Preprocessing(bgr=False, scale=1.0, mean=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225))
"""torchvision's retraining: RGB, 0..1, normalised."""

AVERAGE_POOLING_GAIN = {"max": 1.0, "average": 2.0}
"""Average pooling gives about half of what max pooling gives; the factor keeps the deeper layers' magnitudes."""


class VGG19(nn.Module):
    """VGG-19's convolutions, frozen.

    weights: `convB_I.weight` (O, I, 3, 3) and `convB_I.bias` (O,) for all 16 convolutions, float32, nothing else;
        raises WeightsError if a name or a shape is not as it should be.
    preprocessing: what these weights want of a picture.
    pooling: "max" as trained, or "average" (Gatys et al. 2016, section 2, prefer it).
    """

    def __init__(
        self, weights: Mapping[str, Tensor], preprocessing: Preprocessing, *, pooling: Pooling = "max", name: str = ""
    ) -> None:
        super().__init__()
        if pooling not in AVERAGE_POOLING_GAIN:
            raise InvalidOption(f"pooling is max or average, not {pooling!r}")
        self.preprocessing, self.pooling, self.name = preprocessing, pooling, name
        self.convolutions = nn.ModuleDict()
        inputs = 3
        for layer in (name for name in LAYERS if name.startswith("conv")):
            outputs = CONVOLUTIONS[int(layer[4]) - 1][int(layer[6]) - 1]
            self.convolutions[layer] = nn.Conv2d(inputs, outputs, 3, padding=1)
            inputs = outputs
        self._load(weights)
        self.requires_grad_(False).eval().to(memory_format=torch.channels_last)

    def _load(self, weights: Mapping[str, Tensor]) -> None:
        try:
            self.convolutions.load_state_dict(dict(weights), strict=True)
        except RuntimeError as error:
            raise WeightsError(f"these are not the weights of VGG-19: {error}") from error

    def forward(self, picture: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Return the named layers' maps.

        picture: (N, 3, H, W) float, RGB in [0, 1], at least 16 px on each side for the layers of block 5.
        layers: names out of LAYERS; raises InvalidOption for another.
        Returns {name: (N, C, H / 2^(block-1), W / 2^(block-1))}; computes no layer beyond the last that is asked for.
        """
        unknown = set(layers) - set(LAYERS)
        if unknown:
            raise InvalidOption(f"VGG-19 has no layer {sorted(unknown)[0]!r}; its layers are conv1_1, relu1_1, ... relu5_4")
        features: dict[str, Tensor] = {}
        x = self.preprocessing(picture).contiguous(memory_format=torch.channels_last)
        for layer in LAYERS[: max(map(LAYERS.index, layers)) + 1]:
            x = self._step(layer, x)
            if layer in layers:
                features[layer] = x
        return features

    def _step(self, layer: str, x: Tensor) -> Tensor:
        if layer.startswith("relu"):
            return F.relu(x)
        if layer.endswith("_1") and layer != "conv1_1":
            pool = F.max_pool2d if self.pooling == "max" else F.avg_pool2d
            x = pool(x, 2) * AVERAGE_POOLING_GAIN[self.pooling]
        convolved: Tensor = self.convolutions[layer](x)
        return convolved
