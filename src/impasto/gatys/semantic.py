"""Regions without masks: kinds of things in a photo, and what of the painting is most like each.

As guides they are Gatys et al. 2017, "Controlling Perceptual Factors in Neural Style Transfer", section 4.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.gatys.targets import Guide
from impasto.perceptual.vgg import VGG19

__all__ = ["paired_regions"]

LAYERS = ("relu3_1", "relu4_1")
SIDE = 384
"""px of the long side that pictures are clustered at."""
TRIED = range(2, 6)
"""Numbers of kinds to choose from."""
ROUNDS = 20
HEIGHT = 0.6
"""How much the height in the picture counts, beside features of deviation 1: skies are above."""
SOFTNESS = 0.15
"""How soft the borders of clusters are."""


@torch.no_grad()
def paired_regions(
    photo: Tensor, paintings: Sequence[Tensor], shares: Sequence[float], vgg: VGG19, kinds: int, seed: int
) -> list[Guide]:
    """Return a region for each of `kinds` clusters of the photo's VGG features, each with its like in each painting.

    photo, paintings: (1, 3, H, W) float32 RGB in [0, 1]; shares: of the paintings in each region's style.
    kinds: 0 takes the number in which the photo's clusters are most distinct.
    Features are made comparable by removing each picture's own means and deviations; a cluster of the photo takes the
    painting's cluster with the nearest centre.
    """
    generator = torch.Generator().manual_seed(seed)
    size = (photo.shape[2], photo.shape[3])
    of_photo = _described(photo, vgg)
    kinds = kinds or _most_distinct(of_photo, seed)
    memberships, centres = _clustered(of_photo, kinds, generator)
    found = []
    for painting in paintings:
        of_painting = _described(painting, vgg)
        theirs, their_centres = _clustered(of_painting, kinds, generator)
        nearest = torch.cdist(centres, their_centres).argmin(1)
        found.append(theirs[nearest])
    return [
        Guide(
            F.interpolate(memberships[None, kind : kind + 1], size, mode="bilinear", align_corners=False)[0, 0],
            tuple(shares),
            [masks[kind] for masks in found],
        )
        for kind in range(kinds)
    ]


def _most_distinct(described: Tensor, seed: int) -> int:
    """Return the number of clusters, of those tried, with the largest mean silhouette.

    Source: Rousseeuw 1987, "Silhouettes"; with distances to the clusters' centres in place of all their points, as in
    Vendramin et al. 2010, "simplified silhouette".
    """
    points = described.flatten(1).T

    def silhouette(kinds: int) -> float:
        _, centres = _clustered(described, kinds, torch.Generator().manual_seed(seed))
        own, other = torch.cdist(points, centres).topk(2, 1, largest=False).values.unbind(1)
        return float(((other - own) / other.clamp_min(1e-12)).mean())

    return max(TRIED, key=silhouette)


def _described(picture: Tensor, vgg: VGG19) -> Tensor:
    """Return what is where on the deepest layer's grid, (D, h, w): whitened features, and the height."""
    scale = min(1.0, SIDE / max(picture.shape[2:]))
    small = F.interpolate(picture, scale_factor=scale, mode="bicubic", antialias=True).clamp(0, 1)
    maps = vgg(small, LAYERS)
    size = maps[LAYERS[-1]].shape[2:]
    parts = []
    for layer in LAYERS:
        map_ = F.adaptive_avg_pool2d(maps[layer].float(), size)[0]
        map_ = F.avg_pool2d(map_[None], 3, 1, 1, count_include_pad=False)[0]
        whitened = (map_ - map_.mean((1, 2), keepdim=True)) / (map_.std((1, 2), keepdim=True) + 1e-3)
        parts.append(whitened / len(map_) ** 0.5)
    heights = torch.linspace(-1, 1, size[0], device=picture.device)[:, None].expand(size)
    return torch.cat([*parts, HEIGHT * heights[None]])


def _clustered(described: Tensor, kinds: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return soft memberships, (kinds, h, w) with sum 1, and centres, (kinds, D), of k-means++ clusters."""
    points = described.flatten(1).T
    centres = _spread_out(points, kinds, generator)
    for _ in range(ROUNDS):
        nearest = torch.cdist(points, centres).argmin(1)
        members = F.one_hot(nearest, kinds).to(points)
        counts = members.sum(0)
        centres = torch.where(counts[:, None] > 0, members.T @ points / counts[:, None].clamp_min(1), centres)
    distances = torch.cdist(points, centres).square()
    soft = torch.softmax(-distances / SOFTNESS, 1)
    return soft.T.reshape(kinds, *described.shape[1:]), centres


def _spread_out(points: Tensor, kinds: int, generator: torch.Generator) -> Tensor:
    """Return first centres, (kinds, D).  Source: Arthur and Vassilvitskii 2007, "k-means++", section 2.2."""
    chosen = [points[int(torch.randint(len(points), (1,), generator=generator))]]
    while len(chosen) < kinds:
        away = torch.cdist(points, torch.stack(chosen)).square().amin(1).cpu() + 1e-12
        chosen.append(points[int(torch.multinomial(away, 1, generator=generator))])
    return torch.stack(chosen)
