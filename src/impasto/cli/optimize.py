"""`impasto optimize`: one photo, painted by optimising its pixels."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from impasto.cli.options import options_of
from impasto.errors import ImpastoError, InvalidOption
from impasto.gatys.config import OptimizeConfig

if TYPE_CHECKING:
    from impasto.gatys.loop import Step
    from impasto.optimizing import RegionOf
    from impasto.optimizing.optimization import Optimization

__all__ = ["optimize"]

SECONDS_BETWEEN_LINES = 10.0


@click.command()
@click.argument("photo", required=False)
@click.argument("paintings", nargs=-1, metavar="PAINTING...")
@click.option("-o", "--output", metavar="OUT", help="The picture.  [PHOTO's name with .optimized.png, in this folder]")
@options_of(OptimizeConfig)
@click.option(
    "--region",
    "regions",
    multiple=True,
    metavar="MASK=PAINTING[@MASK]",
    help="Paint what is white in MASK like PAINTING, or like what is white in its own mask; may be repeated.",
)
@click.option(
    "--preview", nargs=2, metavar="every=N FOLDER", help="Write the picture so far into FOLDER every N steps."
)
@click.option("--tune", type=click.IntRange(2, 24), metavar="N", help="Write a sheet of N settings at 256 px instead.")
@click.option("--from-settings", "again", metavar="FILE", help="Repeat what made FILE, a PNG of this command.")
def optimize(
    photo: str | None,
    paintings: tuple[str, ...],
    output: str | None,
    regions: tuple[str, ...],
    preview: tuple[str, str] | None,
    tune: int | None,
    again: str | None,
    **given: Any,
) -> None:
    """Paint PHOTO like PAINTING, or like a mix of several, by optimising its pixels under VGG-19.

    Slower than stylize, and finer.  Ctrl-C ends it with the best so far.  A PNG carries its
    settings.
    """
    from impasto import optimizing

    options = {name: value for name, value in given.items() if value is not None}
    if again is not None:
        if photo is not None or regions or options or tune or output is None:
            raise InvalidOption("--from-settings FILE takes -o OUT and nothing else: all else is in FILE")
        settings = optimizing.Settings.of(again)
        photo, paintings, parts = settings.photo, settings.paintings, list(settings.regions)
        options = dict(settings.options)
    elif photo is None:
        raise InvalidOption("there is nothing to paint: name a photo and a painting")
    else:
        parts = [_region(text) for text in regions]
    target = Path(output) if output is not None else Path(f"{Path(photo).stem}.optimized.png")
    if tune is not None:
        optimizing.tune(photo, paintings, target, count=tune, regions=parts, follow=_said, **options)
    else:
        with _Progress(None if preview is None else _Previews(*preview)) as progress:
            running = optimizing.optimize(photo, paintings, target, regions=parts, follow=progress, **options)
        for notice in running.notices:
            click.echo(f"impasto: {notice}", err=True)
    click.echo(target)


def _region(text: str) -> RegionOf:
    """Return mask, painting and painting's mask of MASK=PAINTING[@MASK]; the last = and @ count."""
    from impasto.optimizing import RegionOf

    mask, equals, rest = text.rpartition("=")
    painting, at, part = rest.rpartition("@") if "@" in rest and not Path(rest).exists() else (rest, "", "")
    if not (equals and mask and painting) or (at and not part):
        raise InvalidOption(f"--region is MASK=PAINTING or MASK=PAINTING@MASK, got {text!r}")
    return RegionOf(mask, painting, part or None)


def _said(name: str, number: int, count: int) -> None:
    click.echo(f"{number} of {count}: {name}", err=True)


class _Previews:
    """Writes the picture so far into a folder; told to as `every=N FOLDER`."""

    def __init__(self, every: str, folder: str) -> None:
        word, _, number = every.partition("=")
        if word != "every" or not number.isdecimal() or not int(number):
            raise InvalidOption(f"--preview is every=N FOLDER, such as --preview every=20 out/, got {every!r}")
        self.every, self.folder = int(number), Path(folder)

    def write(self, running: Optimization, step: Step) -> None:
        from impasto.image import write

        if step.number % self.every == 0:
            self.folder.mkdir(parents=True, exist_ok=True)
            write(running.picture(), self.folder / f"{step.number:05d}.png")


class _Progress:
    """Losses and time left: a bar on a terminal, lines where standard error is no terminal."""

    def __init__(self, previews: _Previews | None) -> None:
        self.previews, self.next_line, self.scale = previews, 0.0, 0
        self.bar: Any = None
        self.line: Callable[[str], None] = lambda text: click.echo(text, err=True)

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def __call__(self, running: Optimization, step: Step) -> None:
        """Show a step."""
        if self.bar is None:
            self.bar = self._begun()
        if step.scale != self.scale:
            self.scale = step.scale
            self.line(f"scale {step.scale} of {step.scales}: {step.size[1]} x {step.size[0]} px, {step.plan}")
        shown = f"content {step.content:.3f}, style {step.style:.4f}"
        if self.bar.disable:
            if time.perf_counter() >= self.next_line or step.over >= 1:
                self.next_line = time.perf_counter() + SECONDS_BETWEEN_LINES
                left = step.seconds * (1 - step.over) / max(step.over, 1e-3)
                self.line(f"step {step.number}, {step.over:.0%}, {left:.0f} s left, loss {step.loss:.4f}, {shown}")
        else:
            self.bar.set_postfix_str(shown, refresh=False)
            self.bar.update(step.over - self.bar.n)
        self._preview(running, step)

    def _preview(self, running: Optimization, step: Step) -> None:
        """Write a preview; where that fails, say so once and go on: the result is worth more."""
        if self.previews is None:
            return
        try:
            self.previews.write(running, step)
        except (ImpastoError, OSError) as error:
            self.line(f"impasto: there are no more previews: {error}")
            self.previews = None

    def _begun(self) -> Any:
        from tqdm import tqdm

        bar: Any = tqdm(
            total=1.0,
            bar_format="{percentage:3.0f}% |{bar}| {elapsed}<{remaining} {postfix}",
            disable=not sys.stderr.isatty(),
        )
        if not bar.disable:
            self.line = bar.write
        return bar
