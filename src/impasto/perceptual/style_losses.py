"""Style losses by name: what of a layer's features is held against a painting's.

Each is a distance between *statistics*, sums over positions: of one picture they add up tile by tile, of several
paintings they mix by weight, and of a region they count its positions only.  Only `nearest` looks at the positions
themselves.  All are relative, 0 for the painting itself and of the order of 1 for another; all in float32.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from impasto.errors import InvalidOption

__all__ = [
    "STYLE_LOSSES",
    "AbsoluteGram",
    "Gram",
    "Histogram",
    "MeanDeviation",
    "Nearest",
    "StyleLoss",
    "Wasserstein",
    "style_loss",
]

EPSILON = 1e-12
BINS = 128
"""Bins of a channel's histogram, from 0 to its largest value in the painting times `HEADROOM`."""
HEADROOM = 1.25
BANK = 4096
"""Features of a painting, at most, that neighbours are looked for among."""
QUERIES = 4096
"""Features that neighbours are looked for in one go."""


class StyleLoss(ABC):
    """How the features of one layer are compared with a painting's.

    features: (1, C, h, w), any float dtype.  weights: what each position counts, (h, w) or a number for all, of which
    the sum over a whole picture is 1.
    """

    layers: tuple[str, ...] | None = None
    """The only layers that the loss is for, or None for all."""

    @abstractmethod
    def collect(self, features: Tensor, weights: Tensor, target: Tensor) -> Tensor:
        """Return the statistic of a picture, or a tile's part of it, float32; differentiable.

        target: the painting's, as the form of the statistic may depend on it.
        """

    @abstractmethod
    def target(self, features: Sequence[Tensor], weights: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
        """Return what a mix of paintings is held up as, of the given shares, which sum up to 1."""

    @abstractmethod
    def distance(self, statistic: Tensor, target: Tensor) -> Tensor:
        """Return the distance, a float32 scalar, of a picture's statistic to a painting's; differentiable."""


class _Moments(StyleLoss):
    """The statistic is the second moments and the means of the channels, (C, C + 1)."""

    def collect(self, features: Tensor, weights: Tensor, target: Tensor) -> Tensor:
        return _moments(features, weights)

    def target(self, features: Sequence[Tensor], weights: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
        parts = [_moments(map_, weight) * share for map_, weight, share in zip(features, weights, shares, strict=True)]
        return torch.stack(parts).sum(0)


class Gram(_Moments):
    """||G - Gs||^2 / ||Gs||^2 of the Gram matrices.

    Source: Gatys et al. 2016, eq. 3 and 4.  Differs: averaged over positions, and relative to the painting's.
    """

    def distance(self, statistic: Tensor, target: Tensor) -> Tensor:
        ours, theirs = statistic[:, :-1], target[:, :-1]
        return (ours - theirs).square().sum() / theirs.square().sum().clamp_min(EPSILON)


class AbsoluteGram(_Moments):
    """||G - Gs||^2 / (4 C^2).

    Source: Gatys et al. 2015, eq. 4.  Differs: their sums over positions are divided by the number of positions of
    each picture itself, so that the painting may be of another size.
    """

    def distance(self, statistic: Tensor, target: Tensor) -> Tensor:
        return (statistic[:, :-1] - target[:, :-1]).square().sum() / (4 * len(target) ** 2)


class MeanDeviation(_Moments):
    """Squared distance of the channels' means and deviations, relative to the painting's.

    Source: Li et al. 2017, "Demystifying Neural Style Transfer", eq. 12 (BN statistics); Huang and Belongie 2017,
    eq. 13.  Differs: relative.
    """

    def distance(self, statistic: Tensor, target: Tensor) -> Tensor:
        ours, theirs = _mean_and_deviation(statistic), _mean_and_deviation(target)
        return (ours - theirs).square().sum() / theirs.square().sum().clamp_min(EPSILON)


class Wasserstein(_Moments):
    """The squared 2-Wasserstein distance of the Gaussians of equal mean and covariance.

    ||m - ms||^2 + tr S + tr Ss - 2 tr (Ss^1/2 S Ss^1/2)^1/2, relative to ||ms||^2 + tr Ss.
    Source: Olkin and Pukelsheim 1982; for style, Li et al. 2019, "Optimal Transport-Based Style Transfer" (Mroueh 2019
    interpolates so).  Differs: relative; the root by eigenvalues, with a gradient that does not need theirs.
    """

    def target(self, features: Sequence[Tensor], weights: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
        moments = super().target(features, weights, shares)
        return torch.cat([_root(_mean_and_covariance(moments)[1]), moments], 1)  # the root is found once

    def distance(self, statistic: Tensor, target: Tensor) -> Tensor:
        root, moments = target[:, : len(target)], target[:, len(target) :]
        mean, covariance = _mean_and_covariance(statistic)
        mean_target, covariance_target = _mean_and_covariance(moments)
        cross: Tensor = _TraceOfRoot.apply(root @ covariance @ root)  # type: ignore[no-untyped-call]
        trace, trace_target = covariance.diagonal().sum(), covariance_target.diagonal().sum()
        distance = (mean - mean_target).square().sum() + trace + trace_target - 2 * cross
        return distance / (mean_target.square().sum() + trace_target).clamp_min(EPSILON)


class Histogram(StyleLoss):
    """Distance of each channel's distribution of values: of the areas between cumulative histograms.

    The statistic is the channels' histograms, (C, BINS), a value shared out between the two bins that it lies between;
    a painting's has the bins' widths as its last column.  To be used together with `Gram`, which leaves brightness and
    spread free to trade.
    Source: Risser et al. 2017, "Stable and Controllable Neural Texture Synthesis and Style Transfer Using Histogram
    Losses", section 4.1, at their layers.  Differs: the squared difference of cumulative histograms (Cramer's
    distance) instead of the squared distance to remapped values, as it is a sum over positions; relative.
    """

    layers = ("relu1_1", "relu4_1")

    def collect(self, features: Tensor, weights: Tensor, target: Tensor) -> Tensor:
        return _histograms(features, weights, target[:, -1:])

    def target(self, features: Sequence[Tensor], weights: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
        largest = torch.stack([map_.float().flatten(2)[0].amax(1, keepdim=True) for map_ in features]).amax(0)
        widths = (largest * (HEADROOM / (BINS - 1))).clamp_min(1e-6)
        parts = [
            _histograms(map_, weight, widths) * share
            for map_, weight, share in zip(features, weights, shares, strict=True)
        ]
        return torch.cat([torch.stack(parts).sum(0), widths], 1)

    def distance(self, statistic: Tensor, target: Tensor) -> Tensor:
        widths = target[:, -1]
        ours, theirs = statistic.cumsum(1), target[:, :-1].cumsum(1)
        between = (ours - theirs).square().sum(1) * widths
        size = ((1 - theirs).square().sum(1) * widths).sum()  # of a picture whose features are all zero
        return between.sum() / size.clamp_min(EPSILON)


class Nearest(StyleLoss):
    """Mean cosine distance of each feature, less its mean, to the painting's nearest one.

    The statistic of a picture is that distance itself, a scalar; of a painting a bank of features, (M, C).
    Source: Kolkin et al. 2022, "Neural Neighbor Style Transfer", eq. 2; Li and Wand 2016 for patches.  Differs: single
    features of one layer at a time, and at most `BANK` of the painting's, spread evenly.
    """

    layers = ("relu3_1", "relu4_1")

    def collect(self, features: Tensor, weights: Tensor, target: Tensor) -> Tensor:
        flat = features.float().flatten(2)[0].T
        counted = _of_each(weights, flat)
        return torch.stack(
            [
                (_distance_to_nearest(queries, target) * share).sum()
                for queries, share in zip(torch.split(flat, QUERIES), torch.split(counted, QUERIES), strict=True)
            ]
        ).sum()

    def target(self, features: Sequence[Tensor], weights: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
        banks = []
        for map_, weight, share in zip(features, weights, shares, strict=True):
            flat = map_.float().flatten(2)[0].T
            counted = flat if weight.ndim == 0 else flat[weight.flatten() > weight.max() / 2]
            room = max(1, round(BANK * share))
            taken = torch.linspace(0, len(counted) - 1, min(room, len(counted)), device=flat.device).long()
            banks.append(counted[taken])
        bank = torch.cat(banks)
        return torch.cat([bank, bank.mean(0, keepdim=True)])

    def distance(self, statistic: Tensor, target: Tensor) -> Tensor:
        return statistic


STYLE_LOSSES: dict[str, tuple[StyleLoss, ...]] = {
    "absolute-gram": (AbsoluteGram(),),
    "gram": (Gram(),),
    "mean-deviation": (MeanDeviation(),),
    "wasserstein": (Wasserstein(),),
    "histogram": (Gram(), Histogram()),
    "nearest": (MeanDeviation(), Nearest()),
}
"""The losses that each name stands for, which are added."""


def style_loss(name: str) -> tuple[StyleLoss, ...]:
    """Return the losses of a name; raises InvalidOption for an unknown one."""
    if name not in STYLE_LOSSES:
        raise InvalidOption(f"a style loss is one of {', '.join(STYLE_LOSSES)}, got {name!r}")
    return STYLE_LOSSES[name]


def _moments(features: Tensor, weights: Tensor) -> Tensor:
    """Return second moments and, as the last column, means of the channels, (C, C + 1) float32."""
    with torch.autocast(features.device.type, enabled=False):
        flat = features.float().flatten(2)[0]
        if weights.ndim == 0:
            return torch.cat([flat @ flat.T, flat.sum(1, keepdim=True)], 1) * weights
        weighted = flat * weights.flatten()
        return torch.cat([weighted @ flat.T, weighted.sum(1, keepdim=True)], 1)


def _histograms(features: Tensor, weights: Tensor, widths: Tensor) -> Tensor:
    """Return histograms of the channels, (C, BINS) float32, of bins of the given widths, (C, 1)."""
    flat = features.float().flatten(2)[0]
    counted = _of_each(weights, flat.T)
    places = (flat / widths).clamp(0, BINS - 1)
    bins = places.detach().floor().clamp_max(BINS - 2)
    above = (places - bins) * counted
    counts = flat.new_zeros(len(flat), BINS)
    return counts.scatter_add(1, bins.long(), counted - above).scatter_add(1, bins.long() + 1, above)


def _of_each(weights: Tensor, positions: Tensor) -> Tensor:
    """Return what each of N positions, (N, C), counts, (N,), beside them: a number for all may be on any device."""
    return weights.to(positions.device).flatten().expand(len(positions))


def _mean_and_covariance(moments: Tensor) -> tuple[Tensor, Tensor]:
    mean = moments[:, -1]
    return mean, moments[:, :-1] - mean[:, None] * mean


def _mean_and_deviation(moments: Tensor) -> Tensor:
    """Return means and deviations of the channels, (2, C)."""
    mean = moments[:, -1]
    variance = moments[:, :-1].diagonal() - mean.square()
    return torch.stack([mean, variance.clamp_min(1e-8).sqrt()])


def _root(matrix: Tensor) -> Tensor:
    """Return the square root of a symmetric positive matrix that needs no gradient."""
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = (vectors * values.clamp_min(0).sqrt()) @ vectors.T
    return root


class _TraceOfRoot(torch.autograd.Function):
    """The trace of the square root of a symmetric positive matrix; its gradient is half the inverse root."""

    @staticmethod
    def forward(ctx: Any, matrix: Tensor) -> Tensor:
        values, vectors = torch.linalg.eigh((matrix + matrix.T) / 2)
        roots: Tensor = values.clamp_min(0).sqrt()
        ctx.save_for_backward(roots, vectors)
        return roots.sum()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        roots, vectors = ctx.saved_tensors
        smallest = 1e-3 * roots.max().clamp_min(EPSILON)  # directions in which there is next to nothing do not explode
        inverse: Tensor = (vectors / roots.clamp_min(smallest)) @ vectors.T
        return gradients[0] * 0.5 * inverse


def _distance_to_nearest(queries: Tensor, target: Tensor) -> Tensor:
    """Return 1 - cosine of each query, (N, C), and the nearest of a bank, (M + 1, C) with the mean last."""
    bank, mean = target[:-1] - target[-1], target[-1]
    centred = queries - mean
    with torch.no_grad():
        unit = torch.nn.functional.normalize(bank)
        found = unit[(centred @ unit.T).argmax(1)]
    return 1 - torch.nn.functional.cosine_similarity(centred, found, eps=1e-6)
