"""Masks in files as the regions that `impasto.gatys` takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from impasto.gatys.targets import Guide
from impasto.image import feather, read, read_mask, resize_mask
from impasto.optimizing.settings import RegionOf

__all__ = ["guides_of"]

FEATHER = 0.01
"""How soft masks' edges are made, as a part of the picture's long side."""
SAME_PROPORTIONS = 0.03
"""Width over height may differ by this part, as it does where a picture was scaled to whole px."""

Size = tuple[int, int]


def guides_of(
    regions: Sequence[RegionOf],
    shares: Sequence[float],
    photo: Size,
    paintings: Sequence[Size],
    notice: Callable[[str], None],
) -> list[Guide]:
    """Return the rest of the photo, in the first paintings' shares, and each region without what later ones cover.

    photo, paintings: (height, width) of each; the last paintings are the regions' own, in their order.
    notice: called with sentences for the user.
    Raises PictureError and InvalidOption for the masks.
    """

    def weights_in(file: str, size: Size, of: str) -> NDArray[np.float32]:
        height, width = own = read(file).size
        mask = read_mask(file, own)
        for sentence in mask.notices:
            notice(sentence)
        if abs(width / height * size[0] / size[1] - 1) > SAME_PROPORTIONS:
            notice(f"the mask {file} has not the proportions of {of}; it was stretched")
        return feather(resize_mask(mask.weights, size), FEATHER * max(size))

    whole: list[torch.Tensor | None] = [None] * len(paintings)
    if not regions:
        return [Guide(None, tuple(shares), whole)]
    uncovered = np.ones(photo, np.float32)
    guides: list[Guide] = []
    for index, region in reversed(list(enumerate(regions, len(shares)))):
        mask = weights_in(region.mask, photo, "the photo")
        places = list(whole)
        if region.painting_mask:
            places[index] = torch.from_numpy(weights_in(region.painting_mask, paintings[index], region.painting))
        alone = tuple(float(number == index) for number in range(len(paintings)))
        guides.append(Guide(torch.from_numpy(uncovered * mask), alone, places))
        uncovered = uncovered * (1 - mask)
    if shares:
        guides.append(Guide(torch.from_numpy(uncovered), (*shares, *(0.0 for _ in regions)), whole))
    return guides[::-1]
