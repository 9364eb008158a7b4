"""The pictures that a run names: paintings to learn and photos to preview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from impasto.errors import InvalidOption
from impasto.image import Picture, fit, palette_of, read, resize, to_eight_bits, with_mask
from impasto.model import IDENTITY
from impasto.perceptual.criterion import STYLE_LAYERS, PerceptualCriterion
from impasto.perceptual.signature import signature
from impasto.training.config import FitConfig, TrainConfig

__all__ = ["Sketch", "is_standard", "load_paintings", "load_picture", "load_previews", "sketch_painting", "style_names"]

NARROWEST = 32  # px; VGG-19's fifth block halves pictures four times
SMALLEST_PAINTING = 64  # px of the short side, as it is in the file
SKETCH_SIZE = 512  # px of the long side that paintings are sketched at
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
    return _scaled(read(path), long_side)


def _scaled(picture: Picture, long_side: int) -> Tensor:
    pixels = to_eight_bits(picture.pixels)
    if picture.alpha is not None:
        pixels = with_mask(np.full_like(pixels, 255), pixels, to_eight_bits(picture.alpha))
    pixels = resize(pixels, fit(picture.size, long_side))
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255


def load_paintings(paths: Sequence[str], long_side: int) -> list[Tensor]:
    """Return paintings as `load_picture` does.

    Raises PictureError, and InvalidOption for one that is too small for its strokes to be seen.
    """
    return [_load_painting(path, long_side) for path in paths]


def _load_painting(path: str, long_side: int) -> Tensor:
    picture = read(path)
    height, width = picture.size
    if min(picture.size) < SMALLEST_PAINTING:
        raise InvalidOption(
            f"{path}: this painting has only {width} x {height} px, and a style needs at least {SMALLEST_PAINTING} "
            "each way; name a larger copy"
        )
    painting = _scaled(picture, long_side)
    if min(painting.shape[2:]) < NARROWEST:
        raise InvalidOption(
            f"{path}: this painting is only {min(painting.shape[2:])} px narrow at --style-size {long_side}, "
            f"less than {NARROWEST}; crop it or raise --style-size"
        )
    return painting


@dataclass(frozen=True, eq=False)
class Sketch:
    """What a style file says of its painting: `palette` and `signature` as in `model.Style`."""

    palette: NDArray[np.float32]
    signature: NDArray[np.float32] | None


def sketch_painting(path: str, criterion: PerceptualCriterion | None) -> Sketch:
    """Return a painting's sketch, all of the same size, so that signatures can be compared.

    criterion: the one that signatures are made with, see `is_standard`; None leaves the signature out.
    Raises as `load_paintings` does.
    """
    (painting,) = load_paintings([path], SKETCH_SIZE)
    palette = palette_of(painting[0].permute(1, 2, 0).contiguous().numpy())
    if criterion is None:
        return Sketch(palette, None)
    device = next(criterion.parameters()).device
    return Sketch(palette, signature(criterion.style_target(painting.to(device))))


def is_standard(config: TrainConfig | FitConfig) -> bool:
    """Return whether signatures are made with a run's criterion.

    That is: VGG-19's Caffe weights, maximum pooling, relative losses, and all of STYLE_LAYERS at least.
    """
    if config.vgg != "caffe":
        return False
    if isinstance(config, FitConfig):
        return True
    relative = config.losses == "relative" and config.pooling == "max"
    return relative and set(STYLE_LAYERS) <= set(config.style_layers)


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
