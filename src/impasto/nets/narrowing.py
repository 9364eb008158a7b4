"""A smaller network out of a trained one: the channels that matter most stay, with their weights and styles.

Of blocks, the first stay: each refines what those before it made, so the first are missed most.

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
from impasto.nets.norm import Affine, StyledNorm
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
def narrow(wide: PaintingNet, vectors: Tensor, small: PaintingNet) -> Tensor:
    """Give `small` what matters most of `wide`, and return its style vectors, (S, P) float32.

    wide: trained; vectors: (S, Q) float32, its styles; small: with as many doublings and nowhere with more blocks or
    channels, whose weights are replaced.  Where nothing is lost, both paint the same.
    Raises InvalidOption for networks that are not such.
    """
    if not (isinstance(wide, StyleNet) and isinstance(small, StyleNet)):
        raise InvalidOption("only networks of the family impasto can be narrowed")
    all_layers, own = _layers(wide), _layers(small)
    staying = [index for index, layer in enumerate(all_layers) if layer.block <= small.shape.blocks]
    layers = [all_layers[index] for index in staying]
    pairs = list(zip(layers, own, strict=False))
    as_deep = len(layers) == len(own) and wide.shape.fold == small.shape.fold
    if not as_deep or any(mine.norm.channels > whole.norm.channels for whole, mine in pairs):
        raise InvalidOption(
            "a network can be narrowed to one of as many doublings, nowhere with more blocks or channels"
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
    return torch.cat(
        [share[..., kept[whole.outputs]].flatten(1) for share, (whole, _) in zip(shares, pairs, strict=True)], 1
    )


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
