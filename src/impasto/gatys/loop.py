"""The optimisation itself: a generator of steps, coarse to fine.

Source: Gatys et al. 2016, "Image Style Transfer Using Convolutional Neural Networks"; coarse to fine: Gatys et al.
2017, "Controlling Perceptual Factors in Neural Style Transfer", section 6.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TypeVar

import torch
from torch import Tensor

from impasto.errors import InvalidOption, OptimizationError
from impasto.gatys.balance import Balance
from impasto.gatys.config import OptimizeConfig
from impasto.gatys.features import Eye
from impasto.gatys.memory import Plan, is_out_of_memory, plan
from impasto.gatys.objective import Evaluation, Objective
from impasto.gatys.pyramid import NARROWEST, Scale, scales
from impasto.gatys.solvers import Solver, resized, solver
from impasto.gatys.targets import Guide, Painting, Targets
from impasto.image import fit
from impasto.options import seconds_of
from impasto.perceptual.vgg import VGG19

__all__ = ["Problem", "Step", "optimize"]

T = TypeVar("T")

STEPS = 150
"""Steps in all, where neither --steps nor --budget bound them."""


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be painted, as float32 RGB in [0, 1], each in the size that it has.

    photo: (1, 3, H, W), of the result's size; paintings: (1, 3, h, w) each, as large as they are at hand; guides:
    regions, of which the masks have the photo's and the paintings' proportions; start: (1, 3, H, W) to begin with, or
    None for noise; fine: the painting of fine strokes, if any.
    """

    photo: Tensor
    paintings: Sequence[Tensor]
    guides: Sequence[Guide]
    start: Tensor | None
    fine: Tensor | None = None


@dataclass(frozen=True, eq=False)
class Step:
    """What is known after a step.

    number: of the step, from 1; scale, scales: which scale it was at, from 1, of how many; size: its (height, width)
    in px; over: the part of the work that is over, 0..1; seconds: since the beginning; loss, content, style: of the
    evaluation, style_weight, given or what the strength stands for; plan: how memory is used; picture: the best so far,
    (1, 3, H, W) in [0, 1] at this scale's size.
    """

    number: int
    scale: int
    scales: int
    size: tuple[int, int]
    over: float
    seconds: float
    loss: float
    content: float
    style: float
    style_weight: float
    plan: Plan
    picture: Tensor


def optimize(problem: Problem, vgg: VGG19, config: OptimizeConfig) -> Iterator[Step]:
    """Optimise a picture, yielding a report after each step; `Step.picture` is the best so far at any time.

    vgg: on the device to work on, in the precision to work in.
    Raises OptimizationError if the loss is no longer a number or memory does not suffice for the smallest pieces.
    """
    course = scales((problem.photo.shape[2], problem.photo.shape[3]), config.smallest)
    clock = _Clock(course, config)
    balance = Balance(config)
    running = solver(_first(problem, course[0], config), config)
    for index, scale in enumerate(course):
        if clock.ended:
            break
        if index:
            running.resize(scale.size, _detail(problem, course[index - 1].size, scale.size))
        stage = _Stage(problem, scale, vgg, config, balance)
        ended = False
        while not ended:
            evaluation = stage.step(running, clock.number + 1)
            ended = clock.tick(index)
            yield Step(
                clock.number,
                index + 1,
                len(course),
                scale.size,
                clock.over,
                clock.seconds,
                evaluation.loss,
                evaluation.content,
                evaluation.style,
                stage.objective.weights.style,
                stage.plan,
                running.result(),
            )
            if not ended and balance.lead(evaluation, clock.over):
                stage.objective.weights = balance.weights
                running.reweigh()


class _Clock:
    """How far the work has come, by its steps or, where there is a budget, by the time.

    number: of the steps that are done; seconds: since the beginning; over: the part of the work that is over, 0..1.
    """

    def __init__(self, course: Sequence[Scale], config: OptimizeConfig) -> None:
        self.began = time.perf_counter()
        self.budget = seconds_of(config.budget, "--budget") if config.budget else 0.0
        if self.budget:
            shares = [scale.time for scale in course]
        else:
            steps = _steps_of(course, config.steps)
            self.steps = sum(steps)
            shares = [each / self.steps for each in steps]
        self.ends = [min(1.0, sum(shares[: index + 1])) for index in range(len(course) - 1)] + [1.0]
        self.number, self.seconds, self.over = 0, 0.0, 0.0

    @property
    def ended(self) -> bool:
        """Whether the work is over, so that what scales there are still have no steps."""
        return self.over >= 1

    def tick(self, index: int) -> bool:
        """Count a step at the scale of this index, and return whether that scale is over."""
        self.number += 1
        before, self.seconds = self.seconds, time.perf_counter() - self.began
        if self.budget:
            pace = (self.seconds - before) / self.budget
            ended = self.seconds / self.budget + pace > self.ends[index]  # there is no time for one more
            self.over = min(self.ends[index], self.seconds / self.budget)
        else:
            ended = self.number >= round(self.steps * self.ends[index])
            self.over = min(self.ends[index], self.number / self.steps)
        if ended:
            self.over = self.ends[index]
        return ended


def _steps_of(course: Sequence[Scale], steps: Sequence[int]) -> list[int]:
    """Return the steps of each scale, where they are given one by one or in all; at least one, if in all.

    Raises InvalidOption for steps of more or fewer scales than there are.
    """
    if len(steps) == 1:
        count = max(steps[0] or STEPS, len(course))
        shares = accumulate(scale.share for scale in course)
        ends = [max(round(count * share), index) for index, share in enumerate(shares, 1)]
        return [end - begin for begin, end in pairwise([0, *ends])]
    if len(steps) != len(course):
        raise InvalidOption(
            f"--steps has {len(steps)} numbers and there are {len(course)} scales; give one, or one for each"
        )
    return list(steps)


def _first(problem: Problem, scale: Scale, config: OptimizeConfig) -> Tensor:
    """Return the first picture, (1, 3, h, w), of the first scale's size."""
    if problem.start is not None:
        return resized(problem.start, scale.size).clamp(0, 1)
    generator = torch.Generator().manual_seed(config.seed)
    noise = torch.rand((1, 3, *scale.size), generator=generator)
    return noise.to(problem.photo.device)


def _detail(problem: Problem, coarse: tuple[int, int], size: tuple[int, int]) -> Tensor | None:
    """Return what the start has at a (height, width) beyond what is left of it at a coarser one.

    A finer scale then begins with strokes, or with leaves, where a picture that was only enlarged would be blurred.
    """
    if problem.start is None:
        return None
    start = resized(problem.start, size)
    return start - resized(resized(start, coarse), size)


class _Stage:
    """One scale: its objective, which is made anew with smaller pieces where memory did not suffice."""

    def __init__(self, problem: Problem, scale: Scale, vgg: VGG19, config: OptimizeConfig, balance: Balance) -> None:
        self.problem, self.scale, self.vgg, self.config, self.balance = problem, scale, vgg, config, balance
        balance.begin()
        self.photo = resized(problem.photo, scale.size).clamp(0, 1)
        self.layers = tuple(dict.fromkeys((*config.content_layers, *config.style_layers)))
        self.plan = plan(scale.size, self.layers, vgg, config.history, config.max_memory)
        self.objective = self._within_memory(self._made)

    def step(self, running: Solver, number: int) -> Evaluation:
        """Make a step; raises OptimizationError if the loss is no longer a number."""
        evaluation = self._within_memory(lambda: running.step(self._evaluated))
        if not math.isfinite(evaluation.loss) or not bool(evaluation.gradient.isfinite().all()):
            raise OptimizationError(
                f"the loss became {evaluation.loss} at step {number}; lower --lr or --style-weight, or give "
                "--precision f32"
            )
        return evaluation

    def _evaluated(self, picture: Tensor) -> Evaluation:
        return self.objective(picture)

    def _within_memory(self, work: Callable[[], T]) -> T:
        """Return what some work gives, after halving the pieces as often as memory does not suffice for it."""
        while True:
            try:
                return work()
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                self.plan = self.plan.smaller(error)
            self.objective = self._made()

    def _made(self) -> Objective:
        config = self.config
        eye = Eye(self.vgg, self.layers, self.plan.side)
        guides = [guide.at(self.scale.size) for guide in self.problem.guides]
        targets = Targets.of(eye, self.photo, self._paintings(), guides, config)
        return Objective(eye, targets, self.balance.weights, absolute=config.losses == "absolute")

    def _paintings(self) -> list[Painting]:
        """Return the paintings at this scale: always as large beside the picture, but never larger than they are."""
        found = [Painting(self._scaled(pixels)) for pixels in self.problem.paintings]
        if self.problem.fine is not None:
            found.append(Painting(self._scaled(self.problem.fine), fine=True))
        return found

    def _scaled(self, pixels: Tensor) -> Tensor:
        height, width = pixels.shape[2:]
        wanted = min(max(height, width), round(max(self.scale.size) * self.config.stroke))
        least = math.ceil(NARROWEST * max(height, width) / min(height, width))
        return resized(pixels, fit((height, width), max(wanted, least))).clamp(0, 1)
