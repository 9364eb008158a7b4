"""How far a run is: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections import deque
from datetime import timedelta
from typing import TextIO

from impasto.training.loop import Report
from impasto.training.state import TrainState

__all__ = ["Progress"]

SHOWN = ("loss", "content", "style", "teacher")
SECONDS_BETWEEN_LINES = 30.0


class Progress:
    """Losses, images/s and the time left: a progress bar, or plain lines where the stream is no terminal.

    done, steps: of the run; stream: standard error by default.
    Of a stream that is no terminal, such as a log, the first, the last and every line that is due get written.
    """

    def __init__(
        self, done: int, steps: int, stream: TextIO | None = None, *, between_lines: float = SECONDS_BETWEEN_LINES
    ) -> None:
        self.stream, self.steps, self.between_lines = stream or sys.stderr, steps, between_lines
        self.recent: deque[tuple[float, int]] = deque([(time.perf_counter(), 0)], maxlen=50)
        self.next_line = time.perf_counter()
        self.bar = None
        if self.stream.isatty():
            from tqdm import tqdm

            self.bar = tqdm(
                initial=done, total=steps, unit="step", file=self.stream, mininterval=0.2, dynamic_ncols=True
            )

    def after_step(self, state: TrainState, report: Report, photos: int) -> None:
        """Move on by one step."""
        self.recent.append((time.perf_counter(), photos))
        losses = {name: f"{report[name]:.3f}" for name in SHOWN if name in report}
        if self.bar is not None:
            self.bar.set_postfix({**losses, "images/s": f"{self._images_a_second():.1f}"}, refresh=False)
            self.bar.update()
        elif time.perf_counter() >= self.next_line or state.step == self.steps:
            self.next_line = time.perf_counter() + self.between_lines
            shown = "".join(f", {name} {value}" for name, value in losses.items())
            left = timedelta(seconds=round((self.steps - state.step) * self._seconds_a_step()))
            line = f"step {state.step} of {self.steps}{shown}, {self._images_a_second():.1f} images/s, {left} left"
            self.stream.write(line + "\n")
            self.stream.flush()

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self.bar is not None:
            self.bar.close()

    def _seconds_a_step(self) -> float:
        return (self.recent[-1][0] - self.recent[0][0]) / (len(self.recent) - 1)

    def _images_a_second(self) -> float:
        photos = sum(count for _, count in list(self.recent)[1:])
        return photos / max(1e-9, self.recent[-1][0] - self.recent[0][0])
