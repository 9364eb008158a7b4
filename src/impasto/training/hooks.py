"""What happens beside training: progress, record, TensorBoard, previews, checkpoints."""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import torch
from torch import Tensor

from impasto.image import Picture, contact_sheet, to_integers, write
from impasto.training.config import TrainConfig
from impasto.training.state import TrainState

__all__ = ["Checkpoints", "Progress", "Previews", "Record", "TensorBoard"]

Report = dict[str, float]


class Progress:
    """A progress bar with losses, images/s and the time left; plain lines when it is not a terminal."""

    def __init__(self, done: int, steps: int, stream: TextIO | None = None) -> None:
        from tqdm import tqdm

        stream = stream or sys.stderr
        every = 0.2 if stream.isatty() else 30.0
        self.bar = tqdm(initial=done, total=steps, unit="step", file=stream, mininterval=every, maxinterval=every,
                        ascii=not stream.isatty(), dynamic_ncols=stream.isatty())
        self.recent: deque[tuple[float, int]] = deque(maxlen=50)

    def after_step(self, state: TrainState, report: Report, photos: int) -> None:  # noqa: ARG002
        """Move on by one step."""
        self.recent.append((time.perf_counter(), photos))
        shown = {name: f"{report[name]:.3f}" for name in ("loss", "content", "style")}
        if len(self.recent) > 1:
            seconds = self.recent[-1][0] - self.recent[0][0]
            shown["images/s"] = f"{sum(count for _, count in list(self.recent)[1:]) / seconds:.1f}"
        self.bar.set_postfix(shown, refresh=False)
        self.bar.update()

    def close(self) -> None:
        """Leave the bar as it stands."""
        self.bar.close()


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
    """RUN/record.jsonl: one JSON object every `every` steps, the means of the terms since the last."""

    def __init__(self, run: Path, every: int) -> None:
        self.path, self.every = run / "record.jsonl", every
        self.averages = _Averages()

    def after_step(self, state: TrainState, report: Report, photos: int) -> None:  # noqa: ARG002
        """Add a line when it is time."""
        self.averages.add(report)
        if state.step % self.every == 0:
            line = {"step": state.step, "seconds": round(state.seconds, 1), **self.averages.take()}
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    def close(self) -> None:
        """Nothing is held open."""


class TensorBoard:
    """RUN/tensorboard: the record's curves, for TensorBoard."""

    def __init__(self, run: Path, every: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.every, self.writer = every, SummaryWriter(str(run / "tensorboard"))  # type: ignore[no-untyped-call]
        self.averages = _Averages()

    def after_step(self, state: TrainState, report: Report, photos: int) -> None:  # noqa: ARG002
        """Add a point to each curve when it is time."""
        self.averages.add(report)
        if state.step % self.every == 0:
            for name, value in self.averages.take().items():
                self.writer.add_scalar(f"train/{name}", value, state.step)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Write what is buffered."""
        self.writer.close()  # type: ignore[no-untyped-call]


class Previews:
    """RUN/previews/step-NNNNNN.png: fixed photos, one row each, painted in every style with the averaged weights."""

    def __init__(self, run: Path, every: int, photos: Sequence[tuple[str, Tensor]], styles: Sequence[str]) -> None:
        self.folder, self.every = run / "previews", every
        self.photos, self.styles = photos, styles
        self.folder.mkdir(exist_ok=True)

    def after_step(self, state: TrainState, report: Report, photos: int) -> None:  # noqa: ARG002
        """Paint the sheet when it is time."""
        if state.step % self.every == 0:
            self.paint(state)

    def paint(self, state: TrainState) -> Path:
        """Write the sheet of this state and return its path."""
        tiles = []
        for name, photo in self.photos:
            tiles.append((name, _pixels(photo)))
            for index, style in enumerate(self.styles):
                tiles.append((style, _pixels(_painted(state, photo, index))))
        path = self.folder / f"step-{state.step:06d}.png"
        write(Picture(contact_sheet(tiles, columns=len(self.styles) + 1)), path)
        return path

    def close(self) -> None:
        """Nothing is held open."""


@torch.no_grad()
def _painted(state: TrainState, photo: Tensor, style: int) -> Tensor:
    model = state.averaged
    model.eval()
    painted: Tensor = model(photo, torch.tensor([style], device=photo.device))
    model.train()
    return painted


def _pixels(picture: Tensor) -> Any:
    return to_integers(np.ascontiguousarray(picture[0].permute(1, 2, 0).float().cpu().numpy()))


class Checkpoints:
    """RUN/checkpoint.pt, every `every` steps and when the run ends or is interrupted."""

    def __init__(self, run: Path, config: TrainConfig) -> None:
        self.run, self.config = run, config
        self.state: TrainState | None = None

    def after_step(self, state: TrainState, report: Report, photos: int) -> None:  # noqa: ARG002
        """Save when it is time."""
        self.state = state
        if state.step % self.config.checkpoint_every == 0:
            self.state.save(self.run, self.config)
            self.state = None

    def close(self) -> None:
        """Save what came after the last checkpoint."""
        if self.state is not None:
            self.state.save(self.run, self.config)
