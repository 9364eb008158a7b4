"""How much faster than optimisation the feed-forward networks are, and how many of its iterations they are worth.

Source: Johnson et al. 2016, "Perceptual Losses for Real-Time Style Transfer and Super-Resolution", table 1 (seconds)
and figure 5 (objective against iterations).  Differs: the objective is content + 10 style + 10 total variation, all
relative (see `impasto.perceptual.losses`).  The optimisation is that of `impasto.evaluation.gatys`, from white noise,
VGG-19 in float32.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from statistics import median

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.evaluation.gatys import Recipe, iterates
from impasto.image import IntegerArray, Source, read, resize, to_eight_bits, to_float, to_integers
from impasto.model import Style
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.losses import total_variation
from impasto.runtime.session import Session

__all__ = ["ITERATIONS", "SIZES", "STYLE_WEIGHT", "TV_WEIGHT", "Row", "Worth", "descend", "square", "table", "worth"]

SIZES = (256, 512, 1024)
ITERATIONS = (100, 300, 500)
STYLE_WEIGHT, TV_WEIGHT = 10.0, 10.0


@dataclass(frozen=True)
class Row:
    """A row of the paper's table: px of the square picture, seconds of one iteration and of one painting."""

    size: int
    iteration: float
    painting: float


@dataclass(frozen=True)
class Worth:
    """What a painting is worth: its objective, the photo's own, and how many iterations from noise reach it.

    iterations: None if `tried` were not enough.
    """

    size: int
    objective: float
    identity: float
    iterations: int | None
    tried: int


def table(session: Session, style: Style, photo: Source, criterion: PerceptualCriterion, sample: int) -> Iterator[Row]:
    """Yield a row for each of SIZES; an iteration's seconds are the median of a sample of them, a painting's of 7."""
    for size in SIZES:
        pixels = square(photo, size)
        steps = islice(descend(criterion, _tensor(pixels), _tensor(pixels)), sample + 1)
        yield Row(size, median([seconds for _, seconds in steps][1:]), _painting_seconds(session, style, pixels))


def worth(
    session: Session,
    style: Style,
    photo: Source,
    painting: Tensor,
    criterion: PerceptualCriterion,
    size: int,
    most: int = ITERATIONS[-1],
) -> Worth:
    """Return how many iterations a painting is worth at a size.

    painting: (1, 3, H, W) float32 RGB in [0, 1], which the style is of; most: iterations to try.
    """
    pixels = square(photo, size)
    target = _tensor(pixels)
    content, gram = criterion.content_target(target), criterion.style_target(painting)

    def objective(picture: Tensor) -> float:
        with torch.inference_mode():
            found = criterion(picture, content, gram)
            return float(found.content + STYLE_WEIGHT * found.style + TV_WEIGHT * total_variation(picture))

    painted = session.paint(to_float(pixels), style)
    goal = objective(_tensor(to_integers(painted)))
    reached = None
    for done, (value, _) in enumerate(islice(descend(criterion, target, painting), most + 1)):
        if value <= goal:
            reached = done
            break
    return Worth(size, goal, objective(target), reached, most)


def descend(
    criterion: PerceptualCriterion, photo: Tensor, painting: Tensor, seed: int = 0
) -> Iterator[tuple[float, float]]:
    """Yield, without end, the objective after 0, 1, 2, ... iterations from noise, and the seconds of the next one.

    photo, painting: (1, 3, H, W) float32 RGB in [0, 1].
    """
    recipe = Recipe(photo.shape[3], style_weight=STYLE_WEIGHT, tv_weight=TV_WEIGHT, seed=seed)
    for iterate in iterates(criterion, photo, painting, recipe):
        yield iterate.objective, iterate.seconds


def square(photo: Source, size: int) -> NDArray[np.uint8]:
    """Return the middle of a photo, (size, size, 3) uint8."""
    pixels = to_eight_bits(read(photo).pixels)
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    scaled: NDArray[np.uint8] = resize(pixels[top : top + side, left : left + side], (size, size))
    return scaled


def _painting_seconds(session: Session, style: Style, pixels: NDArray[np.uint8], runs: int = 7) -> float:
    photo, seconds = to_float(pixels), []
    for _ in range(runs + 1):
        began = time.perf_counter()
        session.paint(photo, style)
        seconds.append(time.perf_counter() - began)
    return median(seconds[1:])


def _tensor(pixels: IntegerArray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None].float() / 255
