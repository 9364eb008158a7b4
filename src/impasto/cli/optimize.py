"""`impasto optimize`: one photo, painted by optimising its pixels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from impasto.cli.command import Command
from impasto.cli.options import options_of
from impasto.cli.progress import Progress
from impasto.errors import InvalidOption
from impasto.gatys.config import OptimizeConfig
from impasto.options import read_toml

if TYPE_CHECKING:
    from impasto.gatys.loop import Step
    from impasto.optimizing import RegionOf
    from impasto.optimizing.optimization import Optimization

__all__ = ["optimize"]


@click.command(
    cls=Command,
    examples="""
    # A photo like a painting
    impasto optimize photo.jpg painting.jpg -o painted.png
    # Larger, in five minutes, with pictures on the way
    impasto optimize photo.jpg painting.jpg -o painted.png --size 1024 --budget 5m --preview every=20 previews/
    # Like two paintings at once
    impasto optimize photo.jpg a.jpg b.jpg --weights 0.7,0.3 -o painted.png
    # Six settings on a sheet, to choose from
    impasto optimize photo.jpg painting.jpg --tune 6 -o sheet.png
    # The same again
    impasto optimize --from-settings painted.png -o again.png
    """,
)
@click.argument("photo", required=False)
@click.argument("paintings", nargs=-1, metavar="PAINTING...")
@click.option("-o", "--output", metavar="OUT", help="The picture.  [PHOTO's name with .optimized.png, in this folder]")
@click.option("--config", "recipe", metavar="FILE", help="A recipe (TOML) whose options hold where none is given here.")
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
    recipe: str | None,
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
    if recipe is not None:
        options = {**read_toml(Path(recipe)), **options}
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
        with _Follow(None if preview is None else _Previews(*preview)) as progress:
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
        if self.folder.exists() and not self.folder.is_dir():
            raise InvalidOption(f"--preview is every=N FOLDER, and {folder} is a file")

    def write(self, running: Optimization, step: Step) -> None:
        from impasto.image import write

        if step.number % self.every == 0:
            self.folder.mkdir(parents=True, exist_ok=True)
            write(running.picture(), self.folder / f"{step.number:05d}.png")


class _Follow(Progress):
    """Follows an optimisation; see `impasto.optimizing.Follow`."""

    def __init__(self, pictures: _Previews | None) -> None:
        super().__init__()
        self.pictures, self.scale = pictures, 0

    def __call__(self, running: Optimization, step: Step) -> None:
        """Show a step, and each scale's size before its first."""
        if not self.scale:
            self.begin()
        if step.scale != self.scale:
            self.scale = step.scale
            self.say(f"scale {step.scale} of {step.scales}: {step.size[1]} x {step.size[0]} px, {step.plan}")
        left = step.seconds * (1 - step.over) / max(step.over, 1e-3)
        line = f"step {step.number}, {step.over:.0%}, {left:.0f} s left, loss {step.loss:.4f}"
        self.show(step.over, f"content {step.content:.3f}, style {step.style:.4f}", line, always=step.over >= 1)
        pictures = self.pictures
        if pictures is not None:
            self.preview(lambda: pictures.write(running, step))
