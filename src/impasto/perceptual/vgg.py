"""VGG-19 (Simonyan and Zisserman 2015) up to its last convolution, with layers called by name.

Pictures outside this module are always RGB in [0, 1]; what each set of weights wants of them (channel order, range,
mean) is a `Preprocessing` inside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import skip_init

from impasto.errors import InvalidOption, WeightsError

__all__ = [
    "CAFFE",
    "CONVOLUTIONS",
    "CONVOLUTION_LAYERS",
    "LAYERS",
    "TORCHVISION",
    "VGG19",
    "Pooling",
    "Preprocessing",
    "block_of",
]

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

CONVOLUTION_LAYERS = tuple(layer for layer in LAYERS if layer.startswith("conv"))
"""Names of the layers that have weights, first to last."""


def block_of(layer: str) -> int:
    """Return the block, 1 to 5, that a layer belongs to: its map is 2^(block-1) times smaller than the picture."""
    return int(layer[4])


@dataclass(frozen=True)
class Preprocessing:
    """How RGB in [0, 1] becomes what a set of weights was trained on: (order(x) * scale - mean) / deviation.

    bgr: whether the channels are turned round first; mean and deviation are in the order after that.
    """

    bgr: bool
    scale: float
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]

    def __call__(self, picture: Tensor) -> Tensor:
        """Return the network's input, (N, 3, H, W) float32, of pictures, (N, 3, H, W) RGB in [0, 1]."""
        x = picture.float().flip(1) if self.bgr else picture.float()
        constants = x.new_tensor([self.mean, self.deviation])[:, None, :, None, None]
        return (x * self.scale - constants[0]) / constants[1]


CAFFE = Preprocessing(bgr=True, scale=255.0, mean=(103.939, 116.779, 123.68), deviation=(1.0, 1.0, 1.0))
"""The original release: BGR, 0..255, the training set's mean subtracted."""

TORCHVISION = Preprocessing(bgr=False, scale=1.0, mean=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225))
"""torchvision's retraining: RGB, 0..1, normalised."""

AVERAGE_POOLING_GAIN = 2**0.5
"""Average pooling gives less than max pooling; this keeps the deeper layers' magnitudes.

On three photos at 128 px the norms of relu2_1 ... relu5_1 came to 0.7 - 1.2 times those with max pooling.
Differs: crowsonkb/style-transfer-pytorch takes 2, which on the same photos came to 1.5 - 3.5.
"""


class VGG19(nn.Module):
    """VGG-19's convolutions, frozen.

    weights: `convB_I.weight` (O, I, 3, 3) and `convB_I.bias` (O,) for all 16 convolutions, and nothing else;
        raises WeightsError if a name or a shape is not as it should be.
    preprocessing: what these weights want of a picture.
    pooling: "max" as trained, or "average" (Gatys et al. 2016, section 2, prefer it).
    name: which weights they are, for the records of what is trained with them.
    """

    def __init__(
        self, weights: Mapping[str, Tensor], preprocessing: Preprocessing, *, pooling: Pooling = "max", name: str = ""
    ) -> None:
        super().__init__()
        if pooling not in get_args(Pooling):
            raise InvalidOption(f"pooling is max or average, not {pooling!r}")
        self.preprocessing, self.pooling, self.name = preprocessing, pooling, name
        self.convolutions = nn.ModuleDict()
        inputs = 3
        for layer in CONVOLUTION_LAYERS:
            outputs = CONVOLUTIONS[block_of(layer) - 1][int(layer[6]) - 1]
            convolution = skip_init(nn.Conv2d, inputs, outputs, 3, padding=1)  # type: ignore[no-untyped-call]
            self.convolutions[layer], inputs = convolution, outputs
        self._load(weights)
        self.requires_grad_(False).eval()
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def _load(self, weights: Mapping[str, Tensor]) -> None:
        own = self.convolutions.state_dict()
        faults = [f"{name} is missing" for name in own if name not in weights]
        faults += [f"{name} is one too many" for name in weights if name not in own]
        faults += [
            f"{name} has the shape {tuple(weights[name].shape)}, not {tuple(value.shape)}"
            for name, value in own.items()
            if name in weights and weights[name].shape != value.shape
        ]
        if faults:
            raise WeightsError(f"these are not the weights of VGG-19: {faults[0]}")
        self.convolutions.load_state_dict(dict(weights))

    def forward(self, picture: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Return the named layers' maps.

        picture: (N, 3, H, W) float, RGB in [0, 1], at least 2^(block-1) px on each side, 16 for block 5.
        layers: names out of LAYERS; raises InvalidOption for another.
        Returns {name: (N, C, H / 2^(block-1), W / 2^(block-1))} of the weights' dtype or, inside autocast, of its;
            computes no layer beyond the last that is asked for.
        """
        unknown = [layer for layer in layers if layer not in LAYERS]
        if unknown:
            raise InvalidOption(f"VGG-19 has no layer {unknown[0]!r}; its layers are conv1_1, relu1_1, ... relu5_4")
        features: dict[str, Tensor] = {}
        weights = next(self.parameters())
        x = self.preprocessing(picture).to(weights.dtype).contiguous(memory_format=torch.channels_last)
        for layer in LAYERS[: max(map(LAYERS.index, layers), default=-1) + 1]:
            x = self._step(layer, x, spare=f"conv{layer[4:]}" not in layers)
            if layer in layers:
                features[layer] = x
        return features

    def _step(self, layer: str, x: Tensor, *, spare: bool) -> Tensor:
        """Return a layer's map of the one before; spare: whether a ReLU may overwrite that."""
        if layer.startswith("relu"):
            return F.relu(x, inplace=spare)
        if layer.endswith("_1") and layer != "conv1_1":
            x = F.max_pool2d(x, 2) if self.pooling == "max" else F.avg_pool2d(x, 2) * AVERAGE_POOLING_GAIN
        convolved: Tensor = self.convolutions[layer](x)
        return convolved
