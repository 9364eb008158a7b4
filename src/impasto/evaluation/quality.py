"""Content and style distance of paintings, as VGG-19 sees them.

The distances are the relative losses (see `impasto.perceptual.losses`) at 512 px on the long side: content at relu4_2
is 0 for the photo itself, style at relu1_1..5_1 is 0 for the painting itself.  Read them together, and beside the
identity's: a copy of the photo wins on content alone, a copy of the painting on style alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.image import fit, read, resize, to_eight_bits
from impasto.perceptual.criterion import PerceptualCriterion

__all__ = [
    "LONG_SIDE",
    "Measurement",
    "Summary",
    "measure",
    "pixels_of",
    "spread",
    "summarise",
    "tensor_for",
    "tensor_of",
]

T = TypeVar("T")

LONG_SIDE = 512

Painter = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


@dataclass(frozen=True)
class Measurement:
    """Distances of one painted photo; identity_style is the style distance of the photo itself."""

    photo: str
    style: str
    content_distance: float
    style_distance: float
    identity_style: float


@dataclass(frozen=True)
class Summary:
    """Medians over some measurements; `total` is the median of content + 10 * style."""

    content: float
    style: float
    total: float
    identity_style: float


def measure(
    criterion: PerceptualCriterion,
    painters: Mapping[str, tuple[Painter, str]],
    photos: Sequence[str],
) -> Iterator[Measurement]:
    """Yield the distances of every photo painted in every style.

    criterion: with relative losses; painters: {style: (painter of (H, W, 3) uint8 pixels, file of its painting)};
    photos: files.  Photos and paintings are scaled to a long side of 512 px first.
    """
    targets = {
        name: criterion.style_target(tensor_of(pixels_of(file, LONG_SIDE))) for name, (_, file) in painters.items()
    }
    for photo in photos:
        pixels = pixels_of(photo, LONG_SIDE)
        content, own_style = criterion.content_target(tensor_of(pixels)), criterion.style_target(tensor_of(pixels))
        for name, (painter, _) in painters.items():
            with torch.inference_mode():
                painted = criterion(tensor_of(painter(pixels)), content, targets[name])
            itself = float(criterion.style_distance(own_style, targets[name]))
            yield Measurement(Path(photo).stem, name, float(painted.content), float(painted.style), itself)


def spread(items: Sequence[T], limit: int) -> list[T]:
    """Return at most `limit` of the items, evenly spaced; all for 0."""
    if not limit or limit >= len(items):
        return list(items)
    return [items[index * len(items) // limit] for index in range(limit)]


def summarise(measurements: Sequence[Measurement]) -> Summary:
    """Return the medians over measurements, at least one."""
    return Summary(
        median(m.content_distance for m in measurements),
        median(m.style_distance for m in measurements),
        median(m.content_distance + 10 * m.style_distance for m in measurements),
        median(m.identity_style for m in measurements),
    )


def pixels_of(file: str, long_side: int) -> NDArray[np.uint8]:
    """Return a picture file's pixels, (H, W, 3) uint8, scaled to a long side in px; raises PictureError."""
    pixels = to_eight_bits(read(file).pixels)
    scaled: NDArray[np.uint8] = resize(pixels, fit(pixels.shape[:2], long_side))
    return scaled


def tensor_of(pixels: NDArray[Any]) -> Tensor:
    """Return (H, W, 3) uint8 pixels as (1, 3, H, W) float32 in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None].float() / 255


def tensor_for(criterion: PerceptualCriterion, pixels: NDArray[Any]) -> Tensor:
    """Return pixels as `tensor_of` does, on the criterion's device."""
    return tensor_of(pixels).to(next(criterion.parameters()).device)
