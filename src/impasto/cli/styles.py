"""`impasto styles`: the bundled styles and their credits."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from impasto.cli.command import Command
from impasto.cli.names import ModelName
from impasto.errors import InvalidOption

if TYPE_CHECKING:
    from impasto.model import StyleInfo

__all__ = ["styles"]


@click.command(
    cls=Command,
    examples="""
    # What there is
    impasto styles
    # All of them on one photo
    impasto styles --sheet photo.jpg -o sheet.png
    # Those whose paintings are most like this one
    impasto styles --like painting.jpg
    """,
)
@click.option("--sheet", metavar="PHOTO", help="Paint this photo in every bundled style on one labelled sheet.")
@click.option("--like", metavar="PAINTING", help="List those whose paintings are nearest to this one.")
@click.option("-o", "--output", metavar="OUT", help="The sheet's file.  [sheet.png]")
@click.option(
    "--size", type=click.IntRange(min=16), default=None, help="px of a picture's long side on the sheet.  [384]"
)
@click.option("--model", type=ModelName(), default="main", help="Styles of main, fast or a network's file.  [main]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a style.")
def styles(
    sheet: str | None, like: str | None, output: str | None, size: int | None, model: str, as_json: bool
) -> None:
    """List the bundled styles, show all of them on one photo, or find those like a painting.

    The distance of --like is relative: 0 for the same painting, of the order of 1 for two.
    """
    from impasto import api, fitting

    if sheet is not None and like is not None:
        raise InvalidOption("--sheet and --like are two different questions; ask one")
    if sheet is not None:
        _paint_sheet(sheet, output or "sheet.png", size or 384, model)
        return
    if output is not None or size is not None:
        raise InvalidOption(f"{'--size' if output is None else '--output'} goes with --sheet PHOTO")
    if like is not None:
        _say([(style, {"distance": round(distance, 3)}) for style, distance in fitting.like(like, model)], as_json)
    else:
        _say([(style, {}) for style in api.styles(model)], as_json)


def _say(known: list[tuple[StyleInfo, dict[str, Any]]], as_json: bool) -> None:
    """Print styles with their credits and further facts, one a line."""
    width = max((len(style.name) for style, _ in known), default=0)
    for style, beside in known:
        if as_json:
            click.echo(json.dumps({"name": style.name, **beside, **asdict(style.credits)}))
            continue
        facts = style.credits
        before = "".join(f"{fact:5.3f}  " for fact in beside.values())
        click.echo(f"{before}{style.name:{width}}  {facts.artist}, {facts.title}, {facts.year} ({facts.licence})")


def _paint_sheet(photo: str, output: str, size: int, model: str) -> None:
    from pathlib import Path

    from impasto import api
    from impasto.batch.jobs import plan
    from impasto.image import Picture, contact_sheet, fit, read, resize, to_eight_bits, write
    from impasto.model import network_of, read_style
    from impasto.runtime.session import Session
    from impasto.runtime.stylizer import Stylizer

    jobs = plan([photo], output, "sheet")
    if len(jobs) != 1:
        raise InvalidOption("--sheet takes one photo")
    pixels: Any = to_eight_bits(read(jobs[0].photo).pixels)
    pixels, session = resize(pixels, fit(pixels.shape[:2], size)), Session.open(network_of(model))
    tiles: list[Any] = [(style.name, Stylizer(session, read_style(style.path))(pixels)) for style in api.styles(model)]
    write(Picture(contact_sheet([(Path(photo).name, pixels), *tiles])), jobs[0].output)
    click.echo(jobs[0].output)
