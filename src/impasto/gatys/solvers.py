"""The two solvers: each makes one step after one evaluation, and goes on at another size with what it has learned."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.gatys.config import OptimizeConfig
from impasto.gatys.objective import Evaluation

__all__ = ["Adam", "Lbfgs", "Solver", "resized", "solver"]

Evaluate = Callable[[Tensor], Evaluation]


class Solver(ABC):
    """A picture, (1, 3, H, W) float32 RGB in [0, 1], on its way."""

    picture: Tensor

    @abstractmethod
    def step(self, evaluate: Evaluate) -> Evaluation:
        """Evaluate the picture, then change it, and return the evaluation."""

    @abstractmethod
    def result(self) -> Tensor:
        """Return the picture to show, (1, 3, H, W): the one that the last evaluation is nearest to, or an average."""

    @abstractmethod
    def reweigh(self) -> None:
        """Go on although the loss is another now: losses of before cannot be compared with those to come."""

    @abstractmethod
    def resize(self, size: tuple[int, int], detail: Tensor | None = None) -> None:
        """Go on at another (height, width), with some detail, (1, 3, height, width), added to the picture."""


class Lbfgs(Solver):
    """Limited-memory BFGS, kept to [0, 1], with one evaluation a step.

    Source: Nocedal 1980, "Updating quasi-Newton matrices with limited storage"; Nocedal and Wright 2006, algorithm 7.4.
    Differs: no line search, as in most neural style programs, but a step that makes the loss worse by more than
    `WORSE` is taken back, and a shorter one tried with what it taught; the first guess of the inverse Hessian is no
    multiple of the identity but a *spectrum*, a factor for each spatial frequency and channel, because pictures are
    far stiffer in fine detail than in broad areas; at another size the pairs are resampled.
    """

    FIRST_MOVE = 0.02
    """Mean change of a pixel in the first step."""
    WORSE = 0.15
    SHORTER = 0.5

    def __init__(self, picture: Tensor, history: int) -> None:
        self.picture = picture
        self.pairs: deque[tuple[Tensor, Tensor]] = deque(maxlen=history)
        self.last: tuple[Tensor, Evaluation] | None = None
        self.length = 1.0
        self.best: tuple[float, Tensor] = (float("inf"), picture)

    def step(self, evaluate: Evaluate) -> Evaluation:
        evaluation = evaluate(self.picture)
        if self.last is not None:
            self._learn(*self.last, evaluation)
        if self.last is not None and evaluation.loss > self.last[1].loss * (1 + self.WORSE):
            self.length *= self.SHORTER
        else:
            self.last, self.length = (self.picture, evaluation), min(1.0, self.length / self.SHORTER)
        if evaluation.loss < self.best[0]:
            self.best = evaluation.loss, self.picture
        picture, accepted = self.last
        self.picture = (picture + self.length * self._direction(accepted.gradient)).clamp(0, 1)
        return evaluation

    def result(self) -> Tensor:
        return self.best[1]

    def reweigh(self) -> None:
        self.picture = self.result()
        self.best, self.last, self.length = (float("inf"), self.picture), None, 1.0

    def resize(self, size: tuple[int, int], detail: Tensor | None = None) -> None:
        height, width = self.picture.shape[2:]
        # Losses are means, so that a pixel's gradient falls as the number of pixels rises.
        fewer = height * width / (size[0] * size[1])
        pairs = [(resized(s, size), resized(y, size) * fewer) for s, y in self.pairs]
        self.pairs = deque([pair for pair in pairs if _dot(*pair) > 0], self.pairs.maxlen)
        self.picture = _enlarged(self.result(), size, detail)
        self.best, self.last, self.length = (float("inf"), self.picture), None, 1.0

    def _learn(self, picture: Tensor, before: Evaluation, now: Evaluation) -> None:
        s, y = self.picture - picture, now.gradient - before.gradient
        if _dot(s, y) > 1e-10 * _dot(y, y):
            self.pairs.append((s, y))

    def _direction(self, gradient: Tensor) -> Tensor:
        """Return the move, (1, 3, H, W): the two-loop recursion's."""
        if not self.pairs:
            return -gradient * (self.FIRST_MOVE / float(gradient.abs().mean().clamp_min(1e-30)))
        q, alphas = gradient.clone(), []
        for s, y in reversed(self.pairs):
            alpha = _dot(s, q) / _dot(s, y)
            q -= alpha * y
            alphas.append(alpha)
        q = _Spectrum.of(self.pairs).times(q)
        for (s, y), alpha in zip(self.pairs, reversed(alphas), strict=True):
            q += s * (alpha - _dot(y, q) / _dot(s, y))
        return -q


class _Spectrum:
    """How far to go along a gradient, frequency by frequency: (3, BANDS) factors.

    A factor is the size of the last moves over that of the changes of the gradient that they made, in a band of
    spatial frequencies of one channel: ||s|| / ||y||, which lies between the two step sizes of Barzilai and Borwein
    1988.
    """

    BANDS = 32
    PAIRS = 6
    """So many pairs, the latest, are looked at."""
    WIDEST = 20.0
    """A factor differs at most so many times from that of all frequencies together."""

    def __init__(self, factors: Tensor) -> None:
        self.factors = factors

    @classmethod
    def of(cls, pairs: Sequence[tuple[Tensor, Tensor]]) -> _Spectrum:
        """Return the spectrum of pairs, at least one, the latest last."""
        bands = cls._bands(pairs[-1][0])
        moves, changes = (torch.zeros(3, cls.BANDS, device=bands.device) for _ in range(2))
        for s, y in list(pairs)[-cls.PAIRS :]:
            moves.index_add_(1, bands, torch.fft.rfft2(s[0]).abs().square().flatten(1))
            changes.index_add_(1, bands, torch.fft.rfft2(y[0]).abs().square().flatten(1))
        s, y = pairs[-1]
        all_ = _dot(s, y) / _dot(y, y)
        factors = (moves / changes.clamp_min(1e-30)).sqrt()
        return cls(factors.clamp(all_ / cls.WIDEST, all_ * cls.WIDEST))

    def times(self, values: Tensor) -> Tensor:
        """Return values, (1, 3, H, W), with each frequency multiplied by its factor."""
        bands = self._bands(values)
        spectrum = torch.fft.rfft2(values[0])
        factors = self.factors[:, bands].reshape(spectrum.shape)
        product: Tensor = torch.fft.irfft2(spectrum * factors, s=values.shape[2:])
        return product[None]

    @classmethod
    def _bands(cls, values: Tensor) -> Tensor:
        """Return the band, 0 .. BANDS - 1, of each frequency that rfft2 gives, finer where frequencies are low."""
        height, width = values.shape[2:]
        down = torch.fft.fftfreq(height, device=values.device)[:, None]
        across = torch.fft.rfftfreq(width, device=values.device)
        radius = (2 * torch.hypot(down, across)).sqrt()  # 1 at the highest frequency along an axis
        return (radius * cls.BANDS).long().clamp_max(cls.BANDS - 1).flatten()


class Adam(Solver):
    """Adam, with a running average of its pictures.

    Source: Kingma and Ba 2015, algorithm 1; averaging: Polyak and Juditsky 1992.  Differs: pixels are kept in [0, 1];
    at another size the moments are resampled, and scaled as the gradient is.
    """

    BETA1, BETA2 = 0.9, 0.99

    def __init__(self, picture: Tensor, lr: float, decay: float) -> None:
        self.picture, self.lr, self.decay = picture, lr, decay
        self.mean, self.square = torch.zeros_like(picture), torch.zeros_like(picture)
        self.average, self.weight, self.done = torch.zeros_like(picture), 0.0, 0

    def step(self, evaluate: Evaluate) -> Evaluation:
        evaluation = evaluate(self.picture)
        self.done += 1
        self.mean = self.mean.lerp(evaluation.gradient, 1 - self.BETA1)
        self.square = self.square.lerp(evaluation.gradient.square(), 1 - self.BETA2)
        mean = self.mean / (1 - self.BETA1**self.done)
        deviation = (self.square / (1 - self.BETA2**self.done)).sqrt().clamp_min(1e-20)
        self.picture = (self.picture - self.lr * mean / deviation).clamp(0, 1)
        self.average = self.average.lerp(self.picture, 1 - self.decay)
        self.weight += (1 - self.weight) * (1 - self.decay)
        return evaluation

    def reweigh(self) -> None:
        pass  # its moments forget by themselves

    def result(self) -> Tensor:
        return self.average / self.weight if self.weight else self.picture

    def resize(self, size: tuple[int, int], detail: Tensor | None = None) -> None:
        height, width = self.picture.shape[2:]
        fewer = height * width / (size[0] * size[1])
        self.picture = _enlarged(self.result(), size, detail)
        self.mean = resized(self.mean, size) * fewer
        self.square = resized(self.square, size).clamp_min(0) * fewer**2
        self.average, self.weight = torch.zeros_like(self.picture), 0.0


def solver(picture: Tensor, config: OptimizeConfig) -> Solver:
    """Return the config's solver, at a first picture, (1, 3, H, W)."""
    if config.optimizer == "adam":
        return Adam(picture, config.lr, config.average)
    return Lbfgs(picture, config.history)


def resized(values: Tensor, size: tuple[int, int]) -> Tensor:
    """Return (1, C, H, W) values at another (height, width): bicubic up, every value counting down."""
    if tuple(values.shape[2:]) == tuple(size):
        return values
    return F.interpolate(values, size, mode="bicubic", antialias=True, align_corners=False)


def _enlarged(picture: Tensor, size: tuple[int, int], detail: Tensor | None) -> Tensor:
    larger = resized(picture, size)
    return (larger if detail is None else larger + detail).clamp(0, 1)


def _dot(one: Tensor, other: Tensor) -> float:
    return float((one * other).sum())
