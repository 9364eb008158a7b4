"""A smaller network out of a trained one: the channels that matter most stay, with their weights and styles.

Of blocks, the first stay: each refines what those before it made, so the first are missed most.  A norm that shall no
longer take moments gets the mean of the scales and shifts that it had on some photos.

Source: Li et al. 2017, "Pruning Filters for Efficient ConvNets", section 3.1: whole channels, by the norms of weights.
Differs: what counts is how strongly the styles let a channel through, and how strongly the next layer listens to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from impasto.errors import InvalidOption
from impasto.nets.base import PaintingNet
from impasto.nets.blocks import Convolution, Normed, Residual, Upsampled
from impasto.nets.norm import EPSILON, Affine, InstanceNorm, Moments, StyledNorm
from impasto.nets.style_net import StyleNet

__all__ = ["narrow"]

PHOTO, TRUNK, PICTURE = "photo", "trunk", "picture"


@dataclass(frozen=True, eq=False)
class _Layer:
    """A convolution, if there is one, and the norm after it; channels that go together have one name.

    block: the number, from 1, of the residual block that it is in, or 0.
    """

    convolution: nn.Conv2d | None
    norm: StyledNorm
    inputs: str
    outputs: str
    block: int = 0


@torch.no_grad()
def narrow(wide: PaintingNet, vectors: Tensor, small: PaintingNet, photos: Tensor) -> Tensor:
    """Give `small` what matters most of `wide`, and return its style vectors, (S, P) float32.

    wide: trained; vectors: (S, Q) float32, its styles; small: with as many doublings and nowhere with more blocks,
    channels or moments, whose weights are replaced; photos: (N, 3, H, W) in [0, 1], for norms that lose their moments.
    Where nothing is lost, both paint the same.
    Raises InvalidOption for networks that are not such.
    """
    if not (isinstance(wide, StyleNet) and isinstance(small, StyleNet)):
        raise InvalidOption("only networks of the family impasto can be narrowed")
    all_layers, own = _layers(wide), _layers(small)
    staying = [index for index, layer in enumerate(all_layers) if layer.block <= small.shape.blocks]
    layers = [all_layers[index] for index in staying]
    pairs = list(zip(layers, own, strict=False))
    as_deep = len(layers) == len(own) and wide.shape.fold == small.shape.fold
    if not as_deep or any(
        mine.norm.channels > whole.norm.channels or mine.norm.parts > whole.norm.parts for whole, mine in pairs
    ):
        raise InvalidOption(
            "a network can be narrowed to one of as many doublings, nowhere with more blocks, channels or moments"
        )
    split = torch.split(vectors, [layer.norm.style_parameters for layer in all_layers], 1)
    shares = [split[index].reshape(len(vectors), all_layers[index].norm.parts, -1) for index in staying]
    kept = {PHOTO: torch.arange(3 * wide.shape.fold**2)}
    for whole, mine in pairs:
        if whole.outputs not in kept:
            score = _scores(whole.outputs, layers, shares)
            kept[whole.outputs] = score.topk(mine.norm.channels).indices.sort().values
    for whole, mine in pairs:
        if whole.convolution is not None and mine.convolution is not None:
            _take_over(whole.convolution, mine.convolution, kept[whole.inputs], kept[whole.outputs])
    if any(mine.norm.parts < whole.norm.parts for whole, mine in pairs):
        lines = _mean_lines(wide, vectors, photos)
        shares = [
            share if mine.norm.parts == whole.norm.parts else lines[whole.norm]
            for share, (whole, mine) in zip(shares, pairs, strict=True)
        ]
    return torch.cat(
        [share[..., kept[whole.outputs]].flatten(1) for share, (whole, _) in zip(shares, pairs, strict=True)], 1
    )


def _mean_lines(net: StyleNet, vectors: Tensor, photos: Tensor) -> dict[StyledNorm, Tensor]:
    """Return the scale and shift that each instance norm had on the mean photo, in each style, (S, 2, C) float32."""
    norms = [layer.norm for layer in _layers(net)]
    split = torch.split(vectors, [norm.style_parameters for norm in norms], 1)
    seen = [net.with_moments(photos, vector[None])[1] for vector in vectors]
    taking = [(norm, share) for norm, share in zip(norms, split, strict=True) if isinstance(norm, InstanceNorm)]
    return {
        norm: torch.stack([_mean_line(*pair) for pair in zip(share, moments, strict=True)])
        for (norm, share), moments in zip(taking, zip(*seen, strict=True), strict=True)
    }


def _mean_line(share: Tensor, moments: Moments) -> Tensor:
    """Return an instance norm's mean scale and shift, (2, C); share: of the style; moments: of each photo."""
    gamma, beta, through = share.reshape(3, -1)
    mean, variance = (each.flatten(1) for each in moments)
    gain = gamma * torch.rsqrt(variance + EPSILON)
    return torch.stack([(gain + through).mean(0), (beta - gain * mean).mean(0)])


def _layers(net: StyleNet) -> list[_Layer]:
    """Return a network's layers in the order in which they read the style vector."""
    layers: list[_Layer] = []
    for number, block in enumerate(net.trunk):
        if isinstance(block, Residual):
            between = f"block {number}"
            layers += [_layer(block.first, TRUNK, between, number), _layer(block.second, between, TRUNK, number)]
        else:
            layers.append(_layer(block, PHOTO, TRUNK))
    layers.append(_Layer(None, net.trunk_norm, TRUNK, TRUNK))
    before = TRUNK
    for number, normed in enumerate(net.decoder):
        layers.append(_layer(normed, before, before := f"decoder {number}"))
    return [*layers, _Layer(net.last.weights, net.skip, before, PICTURE)]


def _layer(normed: nn.Module, inputs: str, outputs: str, block: int = 0) -> _Layer:
    assert isinstance(normed, Normed) and isinstance(normed.norm, StyledNorm)  # noqa: S101 - so a StyleNet is built
    convolution = normed.layer.convolution if isinstance(normed.layer, Upsampled) else normed.layer
    assert isinstance(convolution, Convolution)  # noqa: S101
    return _Layer(convolution.weights, normed.norm, inputs, outputs, block)


def _scores(group: str, layers: list[_Layer], shares: list[Tensor]) -> Tensor:
    """Return how much each channel of a group matters, (C,): as the last norm gives it, and the last layer takes it."""
    giving, share = [each for each in zip(layers, shares, strict=True) if each[0].outputs == group][-1]
    score = share.square().sum(1).mean(0).sqrt()
    if isinstance(giving.norm, Affine) and giving.convolution is not None:  # it does not make maps equally strong
        score = score * giving.convolution.weight.flatten(1).norm(dim=1)
    taking = [layer.convolution for layer in layers if layer.inputs == group and layer.convolution is not None]
    return score * taking[-1].weight.transpose(0, 1).flatten(1).norm(dim=1) if taking else score


def _take_over(wide: nn.Conv2d, small: nn.Conv2d, inputs: Tensor, outputs: Tensor) -> None:
    small.weight.copy_(wide.weight[outputs][:, inputs])
    assert wide.bias is not None and small.bias is not None  # noqa: S101 - a StyleNet's have one
    small.bias.copy_(wide.bias[outputs])
