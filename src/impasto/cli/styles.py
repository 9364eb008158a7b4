"""`impasto styles`: the bundled styles and their credits."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from impasto.errors import InvalidOption

__all__ = ["styles"]


@click.command()
@click.option("--sheet", metavar="PHOTO", help="Paint this photo in every bundled style on one labelled sheet.")
@click.option("-o", "--output", metavar="OUT", help="The sheet's file.  [sheet.png]")
@click.option(
    "--size", type=click.IntRange(min=16), default=384, show_default=True, help="px of a picture's long side."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a style.")
def styles(sheet: str | None, output: str | None, size: int, as_json: bool) -> None:
    """List the bundled styles, or show all of them on one photo."""
    from impasto import api

    if sheet is not None:
        _paint_sheet(sheet, output or "sheet.png", size)
        return
    if output is not None:
        raise InvalidOption("--output goes with --sheet PHOTO")
    known = api.styles()
    width = max((len(style.name) for style in known), default=0)
    for style in known:
        if as_json:
            click.echo(json.dumps({"name": style.name, **asdict(style.credits)}))
        else:
            facts = style.credits
            click.echo(f"{style.name:{width}}  {facts.artist}, {facts.title}, {facts.year} ({facts.licence})")


def _paint_sheet(photo: str, output: str, size: int) -> None:
    from pathlib import Path

    from impasto import api
    from impasto.batch.jobs import plan
    from impasto.image import Picture, contact_sheet, fit, read, resize, to_eight_bits, write

    plan([photo], output, "sheet")
    pixels: Any = to_eight_bits(read(photo).pixels)
    pixels = resize(pixels, fit(pixels.shape[:2], size))
    tiles = [(Path(photo).name, pixels), *((style.name, api.stylize(pixels, style.path)) for style in api.styles())]
    write(Picture(contact_sheet(tiles)), output)
    click.echo(output)
