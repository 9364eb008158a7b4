"""`impasto fit`: a new style from one painting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from impasto.cli.command import Command
from impasto.cli.names import ModelName
from impasto.cli.options import options_of
from impasto.cli.progress import FitProgress
from impasto.errors import InvalidOption
from impasto.training.config import FitConfig

__all__ = ["fit"]


@click.command(
    cls=Command,
    examples="""
    # Three minutes
    impasto fit painting.jpg -o my.style
    # Longer, with larger strokes, seen on a photo of yours
    impasto fit painting.jpg -o my.style --budget 20m --style-size 768 --preview photo.jpg
    # For the fast network
    impasto fit painting.jpg -o my-fast.style --model fast
    """,
)
@click.argument("painting")
@click.option("-o", "--output", metavar="FILE", help="The .style file.  [PAINTING's name with .style, in this folder]")
@click.option(
    "--model", type=ModelName(), default="main", help="The network to learn it for: main, fast or a file.  [main]"
)
@click.option("--preview", metavar="PHOTO", help="Photo that the preview is painted of.  [one that comes with Impasto]")
@click.option("--no-preview", is_flag=True, help="Write no preview beside the style.")
@options_of(FitConfig)
def fit(painting: str, output: str | None, model: str, preview: str | None, no_preview: bool, **given: Any) -> None:
    """Learn a painting's style for a network.

    The network stays as it is: what is learned is a vector of some kilobytes, a .style file to keep, mix and share.
    FILE.preview.png beside it shows how far it is.  Ctrl-C ends early and keeps the best so far.
    """
    from impasto import fitting

    target = Path(output) if output is not None else Path(f"{Path(painting).stem}.style")
    chosen = {name: value for name, value in given.items() if value is not None}
    sheet = None if no_preview else target.parent / f"{target.stem}.preview.png"
    if no_preview and preview is not None:
        raise InvalidOption("--preview and --no-preview are opposites; give one")
    for source in filter(None, (painting, preview)):
        if sheet is not None and sheet.exists() and Path(source).exists() and sheet.samefile(source):
            raise InvalidOption(f"--output: the preview, {sheet}, would replace {source}; name another file")
    with FitProgress(sheet, preview) as progress:
        fitting.fit(painting, target, model=model, follow=progress, **chosen)
    click.echo(target)
