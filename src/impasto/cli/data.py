"""`impasto data`: photos to train on, fetched and checked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from impasto.cli.command import Command
from impasto.cli.options import options_of
from impasto.data.coco import CocoConfig

if TYPE_CHECKING:
    from impasto.cli.progress import Progress
    from impasto.data.checking import Checked

__all__ = ["data"]

SHOWN = 10
"""Names of a kind that are listed; --json has all."""


class _Group(Command, click.Group):
    """A group whose help ends with examples."""


@click.group(
    cls=_Group,
    examples="""
    # The photos that Johnson's paper trained on
    impasto data coco --split train2014 -o coco/
    # What is wrong with some photos of your own
    impasto data check photos/
    """,
)
def data() -> None:
    """Fetch photos to train on, and check them."""


@data.command(
    cls=Command,
    examples="""
    # 5,000 photos in a zip, which training reads in place
    impasto data coco --split val2017 -o coco/
    impasto train --style painting.jpg --data coco/val2017.zip -o runs/mine
    # As a folder of photos
    impasto data coco --split val2017 --unpack -o coco/
    """,
)
@click.option("-o", "--output", metavar="FOLDER", default=".", help="Where the zip or its folder goes.  [here]")
@options_of(CocoConfig)
def coco(output: str, **given: Any) -> None:
    """Fetch the photos of a split of MS-COCO.

    What was interrupted goes on when the same command is given again.  COCO publishes no checksums: the MD5s that are
    compared are those that other programs carry.  The photos are Flickr users', under various licences.
    """
    from impasto.cli.progress import Progress
    from impasto.data.coco import LICENCE, fetch_coco

    config = CocoConfig(**{name: value for name, value in given.items() if value is not None})
    with Progress() as progress:
        path = fetch_coco(config, Path(output), _followed(progress, config.split))
    click.echo(path)
    click.echo(LICENCE, err=True)


@data.command(
    cls=Command,
    examples="""
    # Unreadable, small, grey and repeated photos in a folder
    impasto data check photos/
    # Those of a zip and of some tars, for a program to read
    impasto data check coco/val2017.zip 'shards-{000..009}.tar' --json
    """,
)
@click.argument("sources", nargs=-1, required=True)
@click.option("--size", type=click.IntRange(min=1), default=256, show_default=True, help="px; shorter sides are tiny.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with all names.")
def check(sources: tuple[str, ...], size: int, as_json: bool) -> int:
    """Say what is wrong with photos: the unreadable, tiny, grey and repeated ones.

    SOURCES are what impasto train takes as --data.  Exits with 1 if a photo cannot be read.
    """
    from impasto.cli.progress import Progress
    from impasto.data import open_sources
    from impasto.data.checking import check_photos

    source = open_sources(sources)
    with Progress() as progress:
        follow = _followed(progress, "")
        report = check_photos(source, size, lambda done, of: follow("checking", done, of))
    click.echo(json.dumps(_as_json(report)) if as_json else "\n".join(_lines(report)))
    return 1 if report.unreadable else 0


def _followed(progress: Progress, what: str) -> Callable[[str, int, int], None]:
    """Return what shows how far each of some works is, one after the other."""
    now = ""

    def follow(doing: str, done: int, of: int) -> None:
        nonlocal now
        if doing != now:
            progress.begin(f"{doing} {what}".strip(), done / of)
            now = doing
        progress.show(done / of, _amount(done, of), f"{doing} {what}".strip() + f" {done / of:.0%}")

    return follow


def _amount(done: int, of: int) -> str:
    """Return how much is done, of bytes or, where they are few, of photos."""
    from impasto.memory import in_words

    return f"{in_words(done)} of {in_words(of)}" if of >= 1 << 20 else f"{done:,} of {of:,}"


def _as_json(report: Checked) -> dict[str, Any]:
    sizes = [{"from": first, "to": last, "photos": count} for first, last, count in report.sizes()]
    return {**{name: value for name, value in vars(report).items() if name != "shorts"}, "short_sides": sizes}


def _lines(report: Checked) -> Iterator[str]:
    """Yield the report as lines."""
    yield f"{report.photos:,} photos"
    sizes = [f"{count:,} of {first} to {last} px" for first, last, count in report.sizes()]
    if sizes:
        yield f"short sides: {', '.join(sizes)}"
    for what, names in (
        ("unreadable", [f"{name}: {reason}" for name, reason in report.unreadable.items()]),
        (f"tiny (below {report.size} px)", list(report.tiny)),
        ("grey", list(report.grey)),
        ("groups of the same file", [" = ".join(group) for group in report.same]),
        ("groups that look the same", [" ~ ".join(group) for group in report.near]),
    ):
        yield f"{len(names):,} {what}"
        yield from (f"  {name}" for name in names[:SHOWN])
        if len(names) > SHOWN:
            yield f"  and {len(names) - SHOWN:,} more (--json lists all)"
