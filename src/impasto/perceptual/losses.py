"""Losses between VGG-19 features, and of pictures; all in float32, whatever the features' dtype.

Two families.  The relative ones divide by the target's own magnitude: they do not depend on the picture's size,
its range or the weights' scale, and weights between them are of the order of 1 to 10.  The absolute ones are
the papers'.
Every content loss is (features, target) -> (N,), every style loss (gram, target) -> (N,).
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = [
    "absolute_content",
    "absolute_gram",
    "absolute_style",
    "absolute_total_variation",
    "gram",
    "out_of_range",
    "relative_content",
    "relative_style",
    "total_variation",
]


def gram(features: Tensor) -> Tensor:
    """Return how strongly each pair of channels fires together, averaged over positions.

    features: (N, C, H, W), any range.  Returns (N, C, C) float32.
    Source: Gatys et al. 2016, eq. 3.  Differs: divided by H*W, so it does not change with the picture's size.
    """
    with torch.autocast(features.device.type, enabled=False):
        flat = features.float().flatten(2)
        return flat @ flat.transpose(1, 2) / flat.shape[2]


def _ratio(x: Tensor, target: Tensor) -> Tensor:
    """Return ||x - target||^2 / ||target||^2 of each element of a batch, (N, ...) -> (N,) float32."""
    x, target = x.float().flatten(1), target.float().flatten(1)
    return (x - target).square().sum(1) / target.square().sum(1).clamp_min(1e-12)


def relative_content(features: Tensor, target: Tensor) -> Tensor:
    """Return ||F - Fc||^2 / ||Fc||^2: 0 for the photo itself, 1 for features that are all zero.

    features, target: (N, C, H, W).  Returns (N,) float32.
    Source: Gatys et al. 2016, eq. 1.  Differs: relative to the photo's own features.
    """
    return _ratio(features, target)


def relative_style(gram_matrix: Tensor, target: Tensor) -> Tensor:
    """Return ||G - Gs||^2 / ||Gs||^2: 0 for the painting itself.

    gram_matrix, target: (N, C, C) float32.  Returns (N,) float32.
    Source: Gatys et al. 2016, eq. 4.  Differs: relative to the painting's own Gram matrix.
    """
    return _ratio(gram_matrix, target)


def absolute_content(features: Tensor, target: Tensor) -> Tensor:
    """Return ||F - Fc||^2 / (C H W).

    features, target: (N, C, H, W).  Returns (N,) float32.
    Source: Johnson et al. 2016, section 3.2, feature reconstruction loss.
    """
    return (features.float() - target.float()).square().flatten(1).mean(1)


def absolute_gram(features: Tensor) -> Tensor:
    """Return the Gram matrix divided by C*H*W, (N, C, C) float32, of (N, C, H, W) features.

    Source: Johnson et al. 2016, eq. 3.
    """
    return gram(features) / features.shape[1]


def absolute_style(gram_matrix: Tensor, target: Tensor) -> Tensor:
    """Return the squared Frobenius norm ||G - Gs||^2 of `absolute_gram` matrices, (N, C, C) -> (N,) float32.

    Source: Johnson et al. 2016, eq. 4.
    """
    return (gram_matrix.float() - target.float()).square().flatten(1).sum(1)


def total_variation(picture: Tensor) -> Tensor:
    """Return the mean squared difference of neighbouring pixels, both directions added.

    picture: (N, 3, H, W), [0, 1].  Returns (N,) float32.
    Source: Johnson et al. 2016, section 3.2.  Differs: a mean, so it does not change with the picture's size.
    """
    picture = picture.float()
    down, across = picture.diff(dim=2), picture.diff(dim=3)
    return down.square().flatten(1).mean(1) + across.square().flatten(1).mean(1)


def absolute_total_variation(picture: Tensor) -> Tensor:
    """Return the summed squared difference of neighbouring pixels in units of 0..255, (N, 3, H, W) -> (N,) float32.

    Source: Johnson et al. 2016, section 3.2, with the released code's range of pixels.
    """
    picture = picture.float() * 255
    return picture.diff(dim=2).square().flatten(1).sum(1) + picture.diff(dim=3).square().flatten(1).sum(1)


def out_of_range(picture: Tensor) -> Tensor:
    """Return the mean squared distance of the pixels from [0, 1], (N, 3, H, W) -> (N,) float32."""
    picture = picture.float()
    return (picture - picture.clamp(0, 1)).square().flatten(1).mean(1)
