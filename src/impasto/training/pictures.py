"""The names of the paintings that a run learns, and the photos that it previews."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor, nn

from impasto.errors import InvalidOption
from impasto.model import IDENTITY
from impasto.perceptual.criterion import STYLE_LAYERS
from impasto.perceptual.paintings import load_picture
from impasto.training.config import FitConfig, TrainConfig

__all__ = ["is_standard", "load_previews", "style_names"]

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
