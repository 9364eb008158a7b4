"""Gatys' method as the papers run it, to stand beside networks: plain L-BFGS on the same distances, at one size.

`impasto optimize` is faster (coarse to fine, a better first guess of the Hessian, a start from the network's painting);
what is counted here are the iterations that the papers count.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from impasto.atomic import write_whole
from impasto.errors import PictureError
from impasto.evaluation.judge import Judge, Pair, Pixels
from impasto.evaluation.painters import Follow
from impasto.evaluation.quality import tensor_of
from impasto.image import Picture, read, read_settings, to_eight_bits, to_integers, write
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.losses import total_variation

__all__ = ["Gatys", "Iterate", "Recipe", "iterates"]

HISTORY = 100
"""Pairs that L-BFGS remembers, as in jcjohnson/neural-style."""


@dataclass(frozen=True)
class Recipe:
    """What a result depends on, beside its pair: see `EvaluateConfig`."""

    size: int
    style_weight: float = 10.0
    tv_weight: float = 10.0
    start: str = "noise"
    seed: int = 0
    vgg: str = ""
    bf16: bool = False


class Gatys:
    """A row for each number of iterations, all of one run a pair.

    folder: where pictures and curves are kept, and found again, or None.  found: how many pictures were found.
    curves: {pair: objectives after 0, 1, 2 ... iterations}, of the pairs that were painted so far.
    """

    def __init__(
        self, criterion: PerceptualCriterion, iterations: Sequence[int], recipe: Recipe, folder: Path | None = None
    ) -> None:
        self.criterion, self.iterations, self.recipe, self.folder = criterion, tuple(sorted(iterations)), recipe, folder
        self.names = tuple(f"Gatys, {count} iterations" for count in self.iterations)
        self.found = 0
        self.curves: dict[Pair, list[float]] = {}

    def has(self, pair: Pair) -> bool:
        """Return that there is one of every pair."""
        return True

    def paint(self, pair: Pair, judge: Judge, follow: Follow) -> Iterator[tuple[str, Pixels]]:
        """Yield the pictures after so many iterations, or those that were kept of the same pair and recipe."""
        kept = [self._kept(pair, count) for count in self.iterations]
        whole = [pixels for pixels in kept if pixels is not None]
        curve = self._kept_curve(pair)
        if curve is not None and len(whole) == len(kept):
            self.found += len(whole)
            self.curves[pair] = curve
            yield from zip(self.names, whole, strict=True)
        else:
            yield from self._painted(pair, judge, follow)

    def _painted(self, pair: Pair, judge: Judge, follow: Follow) -> Iterator[tuple[str, Pixels]]:
        photo, painting = tensor_of(judge.photo(pair)), tensor_of(judge.painting(pair))
        names = dict(zip(self.iterations, self.names, strict=True))
        most, curve = max(self.iterations), []
        for done, iterate in enumerate(iterates(self.criterion, photo, painting, self.recipe)):
            follow(done / most)
            curve.append(iterate.objective)
            if done in names:
                pixels = _pixels(iterate.picture)
                self._keep(pair, done, pixels)
                yield names[done], pixels
            if done == most:
                self.curves[pair] = curve
                self._keep_curve(pair, curve)
                return

    def worth(self, pair: Pair, objective: float) -> int:
        """Return after how many iterations an objective is reached; the most that were run where it never is.

        Source: Johnson et al. 2016, figure 5.  In the curve VGG-19 ran in bfloat16 where the recipe says so.
        """
        curve = self.curves[pair]
        return next((number for number, value in enumerate(curve) if value <= objective), len(curve) - 1)

    def _kept_curve(self, pair: Pair) -> list[float] | None:
        """Return the curve that was kept, if it is of this pair and recipe."""
        file = self._file(pair, self.iterations[-1], ".json")
        try:
            kept = json.loads(file.read_bytes()) if file is not None and file.is_file() else {}
        except ValueError:  # damaged: it is painted again
            return None
        return kept["curve"] if kept.get("of") == self._settings(pair, self.iterations[-1]) else None

    def _keep_curve(self, pair: Pair, curve: list[float]) -> None:
        most = self.iterations[-1]
        file = self._file(pair, most, ".json")
        if file is not None:
            write_whole(file, json.dumps({"of": self._settings(pair, most), "curve": curve}).encode())

    def _kept(self, pair: Pair, count: int) -> Pixels | None:
        """Return the picture that was kept, if it is of this pair and recipe."""
        file = self._file(pair, count)
        try:
            if file is None or not file.is_file() or read_settings(file) != self._settings(pair, count):
                return None
            pixels: Pixels = read(file).pixels.astype(np.uint8)
        except PictureError:  # damaged: it is painted again
            return None
        return pixels

    def _keep(self, pair: Pair, count: int, pixels: Pixels) -> None:
        file = self._file(pair, count)
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            write(Picture(pixels, settings=self._settings(pair, count)), file)

    def _file(self, pair: Pair, count: int, suffix: str = ".png") -> Path | None:
        photo, painting = pair.names
        return None if self.folder is None else self.folder / f"gatys-{count}" / painting / f"{photo}{suffix}"

    def _settings(self, pair: Pair, count: int) -> str:
        digests = [_digest(file) for file in (pair.photo, pair.painting)]
        return json.dumps({"gatys": count, "clipped": True, "pair": digests, **asdict(self.recipe)})


@dataclass(frozen=True, eq=False)
class Iterate:
    """Where an optimisation is: the picture, (1, 3, H, W) float32, its objective, and seconds of the next iteration."""

    picture: Tensor
    objective: float
    seconds: float


def iterates(criterion: PerceptualCriterion, photo: Tensor, painting: Tensor, recipe: Recipe) -> Iterator[Iterate]:
    """Yield, without end, the picture after 0, 1, 2, ... iterations.

    criterion: with relative losses; photo, painting: (1, 3, H, W) and (1, 3, h, w) float32 RGB in [0, 1].
    The objective is content + style_weight * style + tv_weight * total variation.
    Source: Gatys et al. 2016, section 2, as Johnson et al. 2016 run it (equation 5, section 4.1): the total variation
    takes away the noise that VGG-19 does not see, and pixels are clipped to [0, 1] after each iteration.  L-BFGS is as
    most implementations use it, torch's without line search, so that an iteration is one evaluation and one step.
    """
    device = next(criterion.parameters()).device
    photo, painting = (each.to(device).contiguous() for each in (photo, painting))
    bf16 = torch.autocast(device.type, torch.bfloat16, enabled=recipe.bf16)
    with bf16:
        content, style = criterion.content_target(photo), criterion.style_target(painting)
    picture = (_noise(photo, recipe.seed) if recipe.start == "noise" else photo.clone()).requires_grad_()
    solver = torch.optim.LBFGS([picture], max_iter=1, tolerance_grad=0, tolerance_change=0, history_size=HISTORY)

    def loss() -> Tensor:
        solver.zero_grad()
        with bf16:
            found = criterion(picture, content, style)
        varying = recipe.tv_weight * total_variation(picture)
        total: Tensor = (found.content + recipe.style_weight * found.style + varying).sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    while True:
        before, began = picture.detach().clone(), time.perf_counter()
        value = float(solver.step(loss).detach())  # type: ignore[no-untyped-call] # the loss before the step
        with torch.no_grad():
            picture.clamp_(0, 1)
        yield Iterate(before, value, time.perf_counter() - began)


def _noise(photo: Tensor, seed: int) -> Tensor:
    return torch.rand(tuple(photo.shape), generator=torch.Generator().manual_seed(seed)).to(photo.device)


def _pixels(picture: Tensor) -> Pixels:
    return to_eight_bits(to_integers(np.ascontiguousarray(picture[0].permute(1, 2, 0).cpu().numpy())))


def _digest(file: str) -> str:
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()
