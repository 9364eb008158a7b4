"""The pictures that a run names: paintings to learn and photos to preview."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from impasto.errors import InvalidOption
from impasto.image import fit, read, resize, to_eight_bits, with_mask
from impasto.model import IDENTITY

__all__ = ["load_paintings", "load_picture", "load_previews", "style_names"]

NARROWEST = 32  # px; VGG-19's fifth block halves pictures four times
PREVIEW_SIZE = 384  # px of the long side


def style_names(paintings: Sequence[str]) -> list[str]:
    """Return the paintings' names without folder and suffix.

    Raises InvalidOption if two are the same but for capitals, or one is the identity's.
    """
    names = [Path(painting).stem for painting in paintings]
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            raise InvalidOption(f"--style: two paintings are called {name!r}; rename one")
        seen.add(name.casefold())
    if IDENTITY in seen:
        raise InvalidOption(f"--style: {IDENTITY!r} is what the photo itself is called; rename the painting")
    return names


def load_picture(path: str, long_side: int) -> Tensor:
    """Return a picture file, scaled to a long side in px, as (1, 3, H, W) float32 RGB in [0, 1].

    What is transparent lies on white.  Raises PictureError.
    """
    picture = read(path)
    pixels = to_eight_bits(picture.pixels)
    if picture.alpha is not None:
        pixels = with_mask(np.full_like(pixels, 255), pixels, to_eight_bits(picture.alpha))
    pixels = resize(pixels, fit(picture.size, long_side))
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255


def load_paintings(paths: Sequence[str], long_side: int) -> list[Tensor]:
    """Return paintings as `load_picture` does; raises PictureError, and InvalidOption for one that is too narrow."""
    paintings = [load_picture(path, long_side) for path in paths]
    for path, painting in zip(paths, paintings, strict=True):
        if min(painting.shape[2:]) < NARROWEST:
            raise InvalidOption(
                f"--style: {path} is only {min(painting.shape[2:])} px narrow at --style-size {long_side}, "
                f"less than {NARROWEST}; crop it or raise --style-size"
            )
    return paintings


def load_previews(paths: Sequence[str], stride: int) -> list[tuple[str, Tensor]]:
    """Return names and pictures, (1, 3, H, W) float32 RGB in [0, 1], of photos to preview; raises PictureError.

    H and W are made multiples of the network's stride, and at least twice it.
    """
    return [(Path(path).stem, _whole_strides(load_picture(path, PREVIEW_SIZE), stride)) for path in paths]


def _whole_strides(picture: Tensor, stride: int) -> Tensor:
    """Crop a picture to multiples of the stride; repeat the edge of one that is smaller than two of them."""
    height, width = picture.shape[2:]
    down, across = (max(0, 2 * stride - side) for side in (height, width))
    picture = nn.functional.pad(picture, (0, across, 0, down), mode="replicate")
    height, width = (side // stride * stride for side in picture.shape[2:])
    return picture[:, :, :height, :width]
