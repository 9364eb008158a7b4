"""Learning a new style for a finished network from one painting: its vector and its mixing, the network frozen.

Source: Dumoulin et al. 2017, "A Learned Representation for Artistic Style", section 3.3.
Differs: beside the norms' numbers a style learns how convolutions mix their channels (see `nets.mixing`); the course of
the learning rate follows the time that was given, not a number of steps; the start is the best of the styles that the
network knows; and what is kept is the average that was best on some crops of the photos.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.data import open_sources, photo_batches
from impasto.errors import InvalidOption, TrainingError
from impasto.model import Manifest, Style, signature_distance
from impasto.model.bundled import PHOTOS
from impasto.nets.base import PaintingNet
from impasto.options import seconds_of
from impasto.perceptual import losses
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.device import open_device, wants_bf16
from impasto.perceptual.paintings import load_painting, sketch_painting
from impasto.perceptual.weights import load_vgg19
from impasto.runtime.engines.torch_engine import load_net
from impasto.training.config import FitConfig, TrainConfig, check_sizes
from impasto.training.distributed import World
from impasto.training.loop import undo_rounding
from impasto.training.pictures import is_standard

__all__ = ["FitReport", "StyleFit", "signature_of"]

FOR_JUDGEMENT = 3
"""Crops, of the largest size, to judge by; always the same ones."""
JUDGEMENTS = 12
"""How often the average is judged in the course of a fit."""
CANDIDATES = 5
"""How many of the nearest known styles are tried as a start."""
BATCHES = 16
"""Batches of a phase that come round, with a new one in place of one of them each time: photos are looked at once."""
SCALE = (1.0, 1.6)
"""Short side of a photo before the crop, in crops: few photos give more different crops when the range is wide."""


@dataclass(frozen=True)
class FitReport:
    """A step: how many were done, the part of the fit that is over (0..1), seconds, and the batch's mean distances."""

    step: int
    over: float
    seconds: float
    content: float
    style: float
    judged: bool
    """Whether the average was judged after this step, so that the best may have changed."""


@dataclass
class _Course:
    """How far a fit has come: by its steps if they are counted, else by the clock."""

    steps: int
    budget: float
    began: float
    done: int = 0

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.began

    @property
    def over(self) -> float:
        """The part that is over, 0..1."""
        return min(1.0, self.done / self.steps if self.steps else self.seconds / self.budget)


@dataclass(frozen=True, eq=False)
class _Learned:
    """What a style consists of: vector, (1, P) float32, and mixing, (1, Q) float32, of which Q may be 0."""

    vector: Tensor
    mixing: Tensor

    @classmethod
    def of(cls, style: Style, net: PaintingNet, device: torch.device) -> _Learned:
        """Return a style's numbers on a device."""
        mixing = np.zeros(net.mixing_parameters, np.float32) if style.mixing is None else style.mixing
        return cls(*(torch.from_numpy(numbers)[None].to(device) for numbers in (style.vector, mixing)))

    def clone(self) -> _Learned:
        """Return a copy that does not change with this."""
        return _Learned(self.vector.detach().clone(), self.mixing.detach().clone())

    def lerp_(self, other: _Learned, share: float) -> None:
        """Move by a share of the way to the other."""
        self.vector.lerp_(other.vector.detach(), share)
        self.mixing.lerp_(other.mixing.detach(), share)


@dataclass(frozen=True, eq=False)
class _Batch:
    """Photos, (N, 3, S, S) float32 in [0, 1], and {layer: features} of them."""

    photos: Tensor
    content: dict[str, Tensor]


class StyleFit:
    """One fit; `steps` runs it, and `best` is what it has reached, also after an interruption.

    painting: a picture file; network: a network's .onnx or .safetensors file; known: styles of that network to start
    from, at least none.
    Raises PictureError for the painting, InvalidOption if it is too small or the network has no style vectors,
    ModelError, DataError, WeightsError and EngineUnavailable.
    """

    def __init__(
        self, painting: Path, network: Path, known: Sequence[Style] = (), config: FitConfig | None = None
    ) -> None:
        self.painting, self.network = painting, network
        self.config = config = config or FitConfig()
        began = time.perf_counter()
        self.net, self.manifest = _frozen(network)
        check_sizes(config.size, self.net.stride)
        pixels = load_painting(str(painting), config.style_size)
        self.source = open_sources(config.photos or [str(PHOTOS)])
        self.device = open_device(config.device)
        self.bf16 = wants_bf16(self.device, config.precision)
        self.net.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.criterion = PerceptualCriterion(load_vgg19(config.vgg)).to(self.device)
        self.target = self.criterion.style_target(pixels.to(self.device))
        self.course = _Course(config.steps, seconds_of(config.budget, "--budget"), began)
        self._crops = self._crops_to_judge()
        self._sketch = sketch_painting(str(painting), self.criterion if is_standard(config) else None)
        start = self._start([style for style in known if style.network == self.manifest.fingerprint])
        self.best_loss, self._best = self._judge(start), start.clone()
        self.average, self._judged_at = start.clone(), 0
        self.learned = start.clone()
        self.learned.vector.requires_grad_()
        self.learned.mixing.requires_grad_()

    @property
    def best(self) -> Style:
        """The style as far as it was learned: the average that was best when it was judged, which may be now."""
        self._keep_if_best()
        vector, mixing = (numbers.cpu()[0] for numbers in (self._best.vector, self._best.mixing))
        return Style(
            self.painting.stem,
            vector.numpy(),
            self.manifest.fingerprint,
            palette=self._sketch.palette,
            signature=self._sketch.signature,
            mixing=mixing.half().float().numpy() if len(mixing) else None,  # as it is kept in files
        )

    def steps(self) -> Iterator[FitReport]:
        """Learn until the time or the steps are over, yielding a report after each step.

        Raises TrainingError if the loss is no longer a number, DataError if photos cannot be read; `best` stays.
        """
        learned = self.learned
        optimizer = torch.optim.Adam([{"params": [learned.vector]}, {"params": [learned.mixing]}])
        judged, phases = 0, self.config.phases()
        for phase, (size, batch_size) in enumerate(phases, 1):
            for batch in self._photos(size, batch_size, self.config.seed + phase):
                if self.course.over >= phase / len(phases):
                    break
                content, style = self._step(optimizer, batch)
                due = int(self.course.over * JUDGEMENTS)
                if due > judged:
                    self._keep_if_best()
                yield FitReport(self.course.done, self.course.over, self.course.seconds, content, style, due > judged)
                judged = due

    def _photos(self, size: int, batch_size: int, seed: int) -> Iterator[_Batch]:
        """Yield BATCHES batches of crops, and then again and again all of them but one, which is a new one."""
        known: list[_Batch] = []
        with closing(self._batches(size, batch_size, seed, SCALE)) as batches:
            for number, crops in enumerate(batches):
                fresh = self._seen(undo_rounding(crops, number, World()).to(self.device))
                if number < BATCHES:
                    known.append(fresh)
                    yield fresh
                else:
                    known[number % BATCHES] = fresh
                    yield from known

    def _seen(self, photos: Tensor) -> _Batch:
        """Return photos, (N, 3, S, S) in [0, 1], with what their content is."""
        photos = photos.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            return _Batch(photos, self.criterion.content_target(photos))

    def _step(self, optimizer: torch.optim.Optimizer, batch: _Batch) -> tuple[float, float]:
        done, over = self.course.done, self.course.over
        share = min(1.0, (done + 1) / 10) * 0.5 * (1 + math.cos(math.pi * over))
        for group, rate in zip(optimizer.param_groups, (self.config.lr, self.config.mixing_lr), strict=True):
            group["lr"] = rate * share
        loss, content, style = self._loss(self.learned, batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if not math.isfinite(value := float(loss.detach())):
            raise TrainingError(f"the loss became {value} at step {done + 1}; lower --lr or --style-weight")
        optimizer.step()
        self.average.lerp_(self.learned, 1 - min(self.config.ema, (1 + done) / (10 + done)))
        self.course.done += 1
        return float(content), float(style)

    def _loss(self, learned: _Learned, batch: _Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Return loss, mean content and mean style distance, float32 scalars."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            painted = self.net(batch.photos, learned.vector, learned.mixing).float()
            distances = self.criterion(painted, batch.content, self.target)
        content, style = distances.content.mean(), distances.style.mean()
        beside = self.config.tv_weight * losses.total_variation(
            painted
        ) + TrainConfig.range_weight * losses.out_of_range(painted)
        loss = self.config.content_weight * content + self.config.style_weight * style + beside.mean()
        return loss, content.detach(), style.detach()

    def _keep_if_best(self) -> None:
        if self._judged_at == self.course.done:
            return
        self._judged_at = self.course.done
        loss = self._judge(self.average)
        if loss < self.best_loss:
            self.best_loss, self._best = loss, self.average.clone()

    @torch.no_grad()
    def _judge(self, learned: _Learned) -> float:
        return float(self._loss(learned, self._crops)[0])

    @torch.no_grad()
    def _start(self, known: Sequence[Style]) -> _Learned:
        """Return what to start from: of the known styles whose paintings are like this, the best."""
        styles = self._nearest(known) or [Style("new", self.net.new_style().numpy(), self.manifest.fingerprint)]
        return min((_Learned.of(style, self.net, self.device) for style in styles), key=self._judge)

    def _nearest(self, known: Sequence[Style]) -> list[Style]:
        """Return the styles whose paintings are most like this one, and those of which that is not known."""
        target = self._sketch.signature
        distances = [
            0.0 if style.signature is None or target is None else signature_distance(style.signature, target)
            for style in known
        ]
        return [known[index] for index in np.argsort(distances, kind="stable")[:CANDIDATES]]

    def _batches(
        self, size: int, batch_size: int, seed: int, scale: tuple[float, float]
    ) -> Generator[Tensor, None, None]:
        """Yield crops of the photos without end, (N, 3, size, size) uint8."""
        return photo_batches(
            self.source, size=size, batch_size=batch_size, seed=seed, workers=0, scale=scale, blank=0.0
        )

    def _crops_to_judge(self) -> _Batch:
        """Return the crops to judge by, FOR_JUDGEMENT of them."""
        with closing(self._batches(max(self.config.size), FOR_JUDGEMENT, self.config.seed, (1.0, 1.0))) as batches:
            return self._seen((next(batches) / 255).to(self.device))


def signature_of(painting: Path) -> NDArray[np.float32]:
    """Return a painting's signature (see `perceptual.signature`).

    Raises PictureError, InvalidOption for a painting that is too small, and WeightsError.
    """
    found = sketch_painting(str(painting), PerceptualCriterion(load_vgg19())).signature
    assert found is not None  # noqa: S101 - with a criterion there is one
    return found


def _frozen(network: Path) -> tuple[PaintingNet, Manifest]:
    """Return a network that learns nothing more, and its manifest; raises ModelError and InvalidOption."""
    net, metadata = load_net(network.with_suffix(".safetensors"))
    if not net.style_parameters:
        raise InvalidOption(f"{network}: has its one style in its weights and cannot learn another; see impasto train")
    return net.requires_grad_(False), Manifest.from_metadata(metadata, str(network))
