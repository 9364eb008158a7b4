"""What is measured of one painting: distances that VGG-19 sees, structure, colours and, where it is there, LPIPS.

The distances are the relative losses (see `impasto.perceptual.losses`): content at relu4_2 is 0 for the photo itself,
style at relu1_1..5_1 is 0 for the painting itself.  Read them together, and beside the identity's: a copy of the photo
wins on content alone, a copy of the painting on style alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.errors import EngineUnavailable
from impasto.evaluation.quality import pixels_of, tensor_for
from impasto.image import palette_of
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.losses import total_variation

__all__ = ["Judge", "Judgement", "Pair", "Pixels", "palette_distance", "structural_similarity"]

Pixels = NDArray[np.uint8]
"""(H, W, 3) uint8 RGB."""
Lpips = Callable[[Pixels, Pixels], float]


@dataclass(frozen=True)
class Pair:
    """A photo and the painting that it is to be painted like: files."""

    photo: str
    painting: str

    @property
    def names(self) -> tuple[str, str]:
        """The files' names without folder and suffix."""
        return Path(self.photo).stem, Path(self.painting).stem


@dataclass(frozen=True)
class Judgement:
    """What was measured of one picture.

    painter: who painted it; photo, painting: names; content, style: relative distances; variation: total variation, see
    `impasto.perceptual.losses`; ssim: structural similarity of its luma to the photo's; palette: distance of its
    colours from the painting's, in Oklab; lpips: to the photo; worth: iterations of Gatys' method that reach its
    objective.
    """

    painter: str
    photo: str
    painting: str
    content: float
    style: float
    variation: float
    ssim: float
    palette: float
    lpips: float | None = None
    worth: int | None = None

    def objective(self, style_weight: float, tv_weight: float) -> float:
        """Return content + style_weight * style + tv_weight * variation (Johnson et al. 2016, equation 5)."""
        return self.content + style_weight * self.style + tv_weight * self.variation


class Judge:
    """Judges pictures of pairs at one size.

    criterion: with relative losses, on the device to work on, in float32; size: px of the long side; lpips: measures
    two pictures, or None where its weights are absent.
    """

    def __init__(self, criterion: PerceptualCriterion, size: int, lpips: Lpips | None = None) -> None:
        self.criterion, self.size, self.lpips = criterion, size, lpips
        self._styles: dict[str, tuple[dict[str, Tensor], NDArray[np.float32]]] = {}
        self._photo: tuple[str, Pixels, dict[str, Tensor]] | None = None

    def photo(self, pair: Pair) -> Pixels:
        """Return a pair's photo at the size; raises PictureError."""
        return self._looked_at(pair.photo)[0]

    def painting(self, pair: Pair) -> Pixels:
        """Return a pair's painting at the size; raises PictureError."""
        return pixels_of(pair.painting, self.size)

    def __call__(self, painter: str, pair: Pair, painted: Pixels) -> Judgement:
        """Judge a picture, (H, W, 3) uint8, of the size of the pair's photo."""
        photo, content = self._looked_at(pair.photo)
        style, palette = self._style(pair)
        with torch.inference_mode():
            pixels = self._tensor(painted)
            found, variation = self.criterion(pixels, content, style), total_variation(pixels)
        return Judgement(
            painter,
            *pair.names,
            content=float(found.content),
            style=float(found.style),
            variation=float(variation),
            ssim=structural_similarity(photo, painted),
            palette=palette_distance(palette_of(painted), palette),
            lpips=None if self.lpips is None else self.lpips(photo, painted),
        )

    def _looked_at(self, file: str) -> tuple[Pixels, dict[str, Tensor]]:
        """Return a photo's pixels and its content target; the last photo's are kept."""
        if self._photo is None or self._photo[0] != file:
            pixels = pixels_of(file, self.size)
            self._photo = file, pixels, self.criterion.content_target(self._tensor(pixels))
        return self._photo[1:]

    def _style(self, pair: Pair) -> tuple[dict[str, Tensor], NDArray[np.float32]]:
        if pair.painting not in self._styles:
            pixels = self.painting(pair)
            self._styles[pair.painting] = self.criterion.style_target(self._tensor(pixels)), palette_of(pixels)
        return self._styles[pair.painting]

    def _tensor(self, pixels: Pixels) -> Tensor:
        return tensor_for(self.criterion, pixels)


def structural_similarity(photo: Pixels, painted: Pixels) -> float:
    """Return the mean structural similarity of the lumas, 1 for equal pictures; both (H, W, 3) uint8.

    Source: Wang et al. 2004, "Image Quality Assessment", with its Gaussian window; by scikit-image.
    Raises EngineUnavailable if scikit-image is absent.
    """
    try:
        from skimage.color import rgb2gray
        from skimage.metrics import structural_similarity as measured
    except ModuleNotFoundError as error:
        raise EngineUnavailable(f"evaluating needs {error.name}; pip install 'impasto[evaluate]'") from error
    as_published = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return float(measured(rgb2gray(photo), rgb2gray(painted), data_range=1.0, **as_published))  # type: ignore[no-untyped-call]


def palette_distance(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the 2-Wasserstein distance of two palettes (see `impasto.image.palette_of`) as normal distributions.

    0 for equal palettes; black and white are 1 apart.
    Source: Dowson and Landau 1982, "The Frechet distance between multivariate normal distributions", eq. 4.
    """
    means, spreads = zip(*((np.float64(each[0]), np.float64(each[1:])) for each in (one, other)), strict=True)
    common = np.sqrt(np.linalg.eigvals(spreads[0] @ spreads[1]).real.clip(0)).sum()
    squared = np.square(means[0] - means[1]).sum() + np.trace(spreads[0] + spreads[1]) - 2 * common
    return float(np.sqrt(max(0.0, squared)))
