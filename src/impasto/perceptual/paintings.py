"""Pictures as VGG-19 takes them, and what is written of a painting into a style's file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.errors import InvalidOption
from impasto.image import Picture, fit, palette_of, read, resize, to_eight_bits, with_mask
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.signature import signature

__all__ = ["NARROWEST", "Sketch", "as_tensor", "load_painting", "load_picture", "sketch_painting"]

NARROWEST = 32  # px; VGG-19's fifth block halves pictures four times
SMALLEST_PAINTING = 64  # px of the short side, as it is in the file
SKETCH_SIZE = 512  # px of the long side that paintings are sketched at


@dataclass(frozen=True, eq=False)
class Sketch:
    """What a style file says of its painting: `palette` and `signature` as in `model.Style`."""

    palette: NDArray[np.float32]
    signature: NDArray[np.float32] | None


def load_picture(path: str, long_side: int) -> Tensor:
    """Return a picture file, scaled to a long side in px, as (1, 3, H, W) float32 RGB in [0, 1].

    What is transparent lies on white.  Raises PictureError.
    """
    picture = read(path)
    return as_tensor(picture, fit(picture.size, long_side))


def load_painting(path: str, long_side: int, option: str = "--style-size") -> Tensor:
    """Return a painting as `load_picture` does.

    long_side: 0 keeps its size.  option: what errors call it.
    Raises PictureError, and InvalidOption for one that is too small for its strokes to be seen.
    """
    picture = read(path)
    height, width = picture.size
    if min(picture.size) < SMALLEST_PAINTING:
        raise InvalidOption(
            f"{path}: this painting has only {width} x {height} px, and a style needs at least {SMALLEST_PAINTING} "
            "each way; name a larger copy"
        )
    painting = as_tensor(picture, fit(picture.size, long_side) if long_side else picture.size)
    if min(painting.shape[2:]) < NARROWEST:
        raise InvalidOption(
            f"{path}: this painting is only {min(painting.shape[2:])} px narrow at {option} {long_side}, "
            f"less than {NARROWEST}; crop it or raise {option}"
        )
    return painting


def as_tensor(picture: Picture, size: tuple[int, int]) -> Tensor:
    """Return a picture, scaled to (height, width), as (1, 3, H, W) float32 RGB in [0, 1]; on white if transparent."""
    pixels = to_eight_bits(picture.pixels)
    if picture.alpha is not None:
        pixels = with_mask(np.full_like(pixels, 255), pixels, to_eight_bits(picture.alpha))
    return torch.from_numpy(resize(pixels, size)).permute(2, 0, 1)[None].float() / 255


def sketch_painting(path: str, criterion: PerceptualCriterion | None) -> Sketch:
    """Return a painting's sketch, all of the same size, so that signatures can be compared.

    criterion: with relative losses, VGG-19's Caffe weights, maximum pooling, and all of STYLE_LAYERS at least; None
    leaves the signature out.
    Raises as `load_painting` does.
    """
    painting = load_painting(path, SKETCH_SIZE)
    palette = palette_of(painting[0].permute(1, 2, 0).contiguous().numpy())
    if criterion is None:
        return Sketch(palette, None)
    device = next(criterion.parameters()).device
    return Sketch(palette, signature(criterion.style_target(painting.to(device))))
