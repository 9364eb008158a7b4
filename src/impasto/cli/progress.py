"""How far long work is: a bar or lines on standard error, and previews; for any work, and for learning a style."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from impasto.errors import ImpastoError

if TYPE_CHECKING:
    from typing_extensions import Self

    from impasto.runtime.session import Session
    from impasto.training.fit import FitReport, StyleFit

__all__ = ["FitProgress", "Progress"]

SECONDS_BETWEEN_LINES = 10.0
PREVIEW_SIZE = 384  # px of the long side


class Progress:
    """A bar where standard error is a terminal, else a line now and then; one work may follow the other."""

    def __init__(self) -> None:
        self.bar: Any = None
        self.next_line = 0.0
        self.previews = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def begin(self, title: str = "", over: float = 0.0) -> None:
        """Show that some work begins, of which a part, 0..1, was done long ago; what was before it is over."""
        from tqdm import tqdm

        self.end()
        self.next_line = 0.0
        self.bar = tqdm(
            total=1.0,
            initial=over,
            desc=title,
            bar_format="{desc} {percentage:3.0f}% |{bar}| {elapsed}<{remaining} {postfix}",
            disable=not sys.stderr.isatty(),
        )

    def show(self, over: float, losses: str, line: str, *, always: bool = False) -> None:
        """Show the losses after a part of the work, 0..1: beside the bar, or at the end of a line if one is due."""
        if not self.bar.disable:
            self.bar.set_postfix_str(losses, refresh=False)
            self.bar.update(over - self.bar.n)
        elif always or time.perf_counter() >= self.next_line:
            self.next_line = time.perf_counter() + SECONDS_BETWEEN_LINES
            click.echo(f"{line}, {losses}", err=True)

    def say(self, text: str) -> None:
        """Write a line that is not lost in the bar."""
        if self.bar is None or self.bar.disable:
            click.echo(text, err=True)
        else:
            self.bar.write(text, file=sys.stderr)

    def preview(self, write: Callable[[], None]) -> None:
        """Write a preview; where that fails, say so once and go on without: the result is worth more."""
        if not self.previews:
            return
        try:
            write()
        except (ImpastoError, OSError) as error:
            self.say(f"impasto: there are no more previews: {error}")
            self.previews = False

    def end(self) -> None:
        """Leave the bar as it is, on a line of its own."""
        if self.bar is not None:
            self.bar.close()


class FitProgress(Progress):
    """Follows one fit after the other; see `impasto.fitting.Follow`.

    sheet: the file that shows how far a fit is, written whenever it may have become better, or None.
    photo: what it is painted of, a file, or None for one that comes with Impasto.
    """

    def __init__(self, sheet: Path | None = None, photo: str | None = None) -> None:
        super().__init__()
        self.sheet = None if sheet is None else _Sheet(sheet, photo)
        self.shown: StyleFit | None = None

    def __call__(self, running: StyleFit, report: FitReport) -> None:
        """Show a step."""
        if running is not self.shown:
            self.shown = running
            self.begin(running.painting.stem)
        losses = f"content {report.content:.2f}, style {report.style:.3f}"
        self.show(report.over, losses, f"step {report.step}, {report.over:.0%}, {report.seconds:.0f} s")
        sheet = self.sheet
        if report.judged and sheet is not None:
            self.preview(lambda: sheet.write(running))
        if report.over >= 1:
            self.end()


class _Sheet:
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
