"""What happens beside training: record, TensorBoard, previews, checkpoints.  Progress has a file of its own."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from impasto.atomic import atomic_write
from impasto.errors import TrainingError
from impasto.image import IntegerArray, Picture, contact_sheet, to_integers, write
from impasto.training.artefacts import Finding, findings
from impasto.training.config import TrainConfig
from impasto.training.loop import Report
from impasto.training.state import TrainState

__all__ = ["Checkpoints", "Previews", "Record", "TensorBoard"]

logger = logging.getLogger("impasto.training")


@dataclass
class _Averages:
    """Means of the reports since they were last taken."""

    sums: dict[str, float] = field(default_factory=dict)
    count: int = 0

    def add(self, report: Report) -> None:
        for name, value in report.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        self.count += 1

    def take(self) -> Report:
        means = {name: total / self.count for name, total in self.sums.items()}
        self.sums, self.count = {}, 0
        return means


class Record:
    """RUN/record.jsonl: one JSON object every `every` steps, the means of the terms since the last.

    done: steps that the run has done; lines of later ones, which a run wrote after its last checkpoint and now does
    again, are taken out.  Raises TrainingError if the file cannot be written.
    """

    def __init__(self, run: Path, every: int, done: int) -> None:
        self.path, self.every = run / "record.jsonl", every
        self.averages = _Averages()
        try:
            if self.path.exists():
                self._forget_after(done)
        except OSError as error:
            raise self._unwritable(error) from error

    def after_step(self, state: TrainState, report: Report, photos: int) -> None:
        """Add a line when it is time."""
        self.averages.add(report)
        if state.step % self.every:
            return
        line = {"step": state.step, "seconds": round(state.seconds, 1), **self.averages.take()}
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:
            raise self._unwritable(error) from error

    def close(self) -> None:
        """Nothing is held open."""

    def _forget_after(self, done: int) -> None:
        lines = self.path.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines if (step := _step_of(line)) is not None and step <= done]
        if kept != lines:
            with atomic_write(self.path) as file:
                file.write(b"".join(kept))

    def _unwritable(self, error: OSError) -> TrainingError:
        return TrainingError(f"{self.path} cannot be written ({error.strerror})")


def _step_of(line: bytes) -> int | None:
    """Return the step of a line of the record, or None for one that was cut off."""
    try:
        return int(json.loads(line)["step"]) if line.endswith(b"\n") else None
    except (KeyError, TypeError, ValueError):
        return None


class TensorBoard:
    """RUN/tensorboard: the record's curves, for TensorBoard; `done` is as for the record.

    Raises TrainingError if they cannot be written.
    """

    def __init__(self, run: Path, every: int, done: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.every, self.folder, self.averages = every, run / "tensorboard", _Averages()
        with self._written():
            self.writer = SummaryWriter(str(self.folder), purge_step=done + 1)

    def after_step(self, state: TrainState, report: Report, photos: int) -> None:
        """Add a point to each curve when it is time."""
        self.averages.add(report)
        if state.step % self.every == 0:
            with self._written():
                for name, value in self.averages.take().items():
                    self.writer.add_scalar(f"train/{name}", value, state.step)

    def close(self) -> None:
        """Write what is buffered."""
        with self._written():
            self.writer.close()

    @contextmanager
    def _written(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise TrainingError(f"{self.folder} cannot be written ({error.strerror})") from error


class Previews:
    """RUN/previews/step-NNNNNN.png: fixed photos, one row each, painted in every style with the averaged weights.

    What is found wrong with them (see `impasto.training.artefacts`) is a warning of the logger "impasto.training".
    photos: names and pictures, (1, 3, H, W) float32 RGB in [0, 1], H and W multiples of the network's stride, on its
    device; styles: names, in the order of the model's vectors.
    """

    def __init__(self, run: Path, every: int, photos: Sequence[tuple[str, Tensor]], styles: Sequence[str]) -> None:
        self.folder, self.every = run / "previews", every
        self.photos, self.styles = photos, styles

    def after_step(self, state: TrainState, report: Report, photos: int) -> None:
        """Paint the sheet when it is time; raises UnwritableOutput."""
        if state.step % self.every == 0:
            self.paint(state)

    def paint(self, state: TrainState) -> Path:
        """Write the sheet of this state and return its path; raises UnwritableOutput."""
        tiles: list[tuple[str, Any]] = []
        found: dict[str, list[tuple[float, str, Finding]]] = {}
        for name, photo in self.photos:
            before = _pixels(photo)
            tiles.append((name, before))
            for index, style in enumerate(self.styles):
                painted = _pixels(_painted(state, photo, index))
                tiles.append((style, painted))
                for finding in findings(before, painted):
                    where = f"{name} in the style {style}"
                    found.setdefault(finding.kind, []).append((finding.strength, where, finding))
        self._warn(state.step, found)
        path = self.folder / f"step-{state.step:06d}.png"
        write(Picture(contact_sheet(tiles, columns=len(self.styles) + 1)), path)
        return path

    def _warn(self, step: int, found: dict[str, list[tuple[float, str, Finding]]]) -> None:
        """Say of each kind of fault how many previews have it, where it is worst, and what the cause may be."""
        of = len(self.photos) * len(self.styles)
        for kind, each in found.items():
            strength, where, finding = max(each, key=lambda one: one[0])
            logger.warning(
                "step %d: a %s in %d of %d previews, strongest (%.0f levels) in %s; likely cause: %s",
                *(step, kind, len(each), of, strength, where, finding.cause),
            )

    def close(self) -> None:
        """Nothing is held open."""


@torch.no_grad()
def _painted(state: TrainState, photo: Tensor, style: int) -> Tensor:
    model = state.averaged
    model.eval()
    painted: Tensor = model(photo, torch.tensor([style], device=photo.device))
    model.train()
    return painted


def _pixels(picture: Tensor) -> IntegerArray:
    """Return a (1, 3, H, W) picture in [0, 1] as (H, W, 3) uint8."""
    pixels: IntegerArray = to_integers(np.ascontiguousarray(picture[0].permute(1, 2, 0).float().cpu().numpy()))
    return pixels


class Checkpoints:
    """RUN/checkpoint.pt, every so many steps and when the run ends or is interrupted."""

    def __init__(self, run: Path, config: TrainConfig, state: TrainState) -> None:
        self.run, self.config, self.state = run, config, state
        self.saved = state.step

    def after_step(self, state: TrainState, report: Report, photos: int) -> None:
        """Save when it is time; raises TrainingError if the disk is full."""
        if state.step % self.config.checkpoint_every == 0:
            self._save()

    def close(self) -> None:
        """Save what came after the last checkpoint, unless a step was broken off in its middle."""
        if self.state.whole and self.state.step != self.saved:
            self._save()

    def _save(self) -> None:
        self.state.save(self.run, self.config)
        self.saved = self.state.step
