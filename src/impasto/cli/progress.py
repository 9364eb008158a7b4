"""How far the learning of a style is: a bar or lines on standard error, and a preview picture."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from impasto.runtime.session import Session
    from impasto.training.fit import FitReport, StyleFit

__all__ = ["FitProgress"]

SECONDS_BETWEEN_LINES = 15.0
PREVIEW_SIZE = 384  # px of the long side


class FitProgress:
    """Follows one fit after the other; see `impasto.fitting.Follow`.

    preview: the file that shows how far a fit is, written whenever it may have become better, or None.
    photo: what it is painted of, a file, or None for one that comes with Impasto.
    """

    def __init__(self, preview: Path | None = None, photo: str | None = None) -> None:
        self.preview = None if preview is None else _Preview(preview, photo)
        self.bar: Any = None
        self.shown: StyleFit | None = None
        self.next_line = 0.0

    def __enter__(self) -> FitProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def __call__(self, running: StyleFit, report: FitReport) -> None:
        """Show a step."""
        if running is not self.shown:
            self._begin(running)
        shown = f"content {report.content:.2f}, style {report.style:.3f}"
        if self.bar.disable:
            if time.perf_counter() >= self.next_line:
                self.next_line = time.perf_counter() + SECONDS_BETWEEN_LINES
                click.echo(f"step {report.step}, {report.over:.0%}, {report.seconds:.0f} s, {shown}", err=True)
        else:
            self.bar.set_postfix_str(shown, refresh=False)
            self.bar.update(report.over - self.bar.n)
        if report.judged and self.preview is not None:
            self._show(self.preview, running)
        if report.over >= 1:
            self._end()

    def _show(self, preview: _Preview, running: StyleFit) -> None:
        """Write the preview; where that fails, say so once and go on: what is learned is worth more."""
        from impasto.errors import ImpastoError

        try:
            preview.write(running)
        except ImpastoError as error:
            click.echo(f"impasto: there are no more previews: {error}", err=True)
            self.preview = None

    def _end(self) -> None:
        if self.bar is not None:
            self.bar.close()

    def _begin(self, running: StyleFit) -> None:
        from tqdm import tqdm

        self._end()  # the clock may have ended the one before between two reports
        self.shown, self.next_line = running, 0.0
        self.bar = tqdm(
            total=1.0,
            desc=running.painting.stem,
            bar_format="{desc} {percentage:3.0f}% |{bar}| {elapsed}<{remaining} {postfix}",
            disable=not sys.stderr.isatty(),
        )


class _Preview:
    """The painting beside a photo that is painted in its style as far as it was learned."""

    def __init__(self, file: Path, photo: str | None) -> None:
        from impasto.image import fit, read, resize, to_eight_bits
        from impasto.model.bundled import PHOTOS  # not from the module that learns: it needs torch

        self.file = file
        self.session: Session | None = None
        pixels = to_eight_bits(read(photo or PHOTOS / "astronaut.jpg").pixels)
        self.pixels = resize(pixels, fit(pixels.shape[:2], PREVIEW_SIZE))

    def write(self, running: StyleFit) -> None:
        """Paint the photo and write the sheet, whole or not at all."""
        from impasto.image import Picture, contact_sheet, fit, read, resize, to_eight_bits, write
        from impasto.runtime.session import Session
        from impasto.runtime.stylizer import Stylizer

        self.session = self.session or Session.open(running.network.with_suffix(".onnx"))
        painting = to_eight_bits(read(running.painting).pixels)
        painted: Any = Stylizer(self.session, running.best)(self.pixels)
        tiles = [
            (running.best.name, resize(painting, fit(painting.shape[:2], PREVIEW_SIZE))),
            (f"{running.course.seconds:.0f} s", painted),
        ]
        write(Picture(contact_sheet(tiles, columns=2)), self.file)
