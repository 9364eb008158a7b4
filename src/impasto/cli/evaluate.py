"""`impasto evaluate`: how near pictures come to their photos and paintings, beside what is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from impasto.cli.command import Command
from impasto.cli.options import options_of
from impasto.cli.progress import Progress
from impasto.errors import InvalidOption
from impasto.evaluation.config import EvaluateConfig
from impasto.extras import needing

__all__ = ["evaluate"]


@click.command(
    cls=Command,
    examples="""
    # The bundled network, beside the photos themselves and Gatys' method
    impasto evaluate --photos photos/ --paintings paintings/ --pairs 8 -o report/
    # A style of your own, without Gatys' method, which takes minutes a pair
    impasto evaluate my.style --photos photos/ --paintings painting.jpg --gatys 0
    # Another program's pictures
    impasto evaluate theirs=their-pictures/ --photos photos/ --paintings paintings/ --gatys 0
    # One picture
    impasto evaluate painted.jpg --photos photo.jpg --paintings painting.jpg --gatys 0
    """,
)
@click.argument("subjects", nargs=-1, metavar="[[NAME=]SUBJECT]...")
@click.option("--photos", multiple=True, metavar="...", help="Photo, or a folder of them; may be repeated.")
@click.option("--paintings", multiple=True, metavar="...", help="Painting, or a folder of them; may be repeated.")
@click.option(
    "--video", "films", multiple=True, metavar="FILM", help="Judge how steady films are; may be repeated, see above."
)
@click.option("-o", "--output", metavar="FOLDER", help="Folder of the report; with Gatys' pictures and a sheet.")
@options_of(EvaluateConfig)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(
    subjects: tuple[str, ...],
    photos: tuple[str, ...],
    paintings: tuple[str, ...],
    films: tuple[str, ...],
    output: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Judge paintings by VGG-19's content and style distances, their structure and their colours.

    SUBJECT is a style, a finished run or its network, or the pictures of any program: a folder of PAINTING/PHOTO,
    PHOTO-PAINTING or PHOTO files, or one picture.  Without any the bundled styles are judged.  Beside them stand the
    photos themselves and Gatys' method, which takes minutes a pair: --gatys 0 leaves it out, --pairs takes fewer.

    With --video the warping error of films in each SUBJECT, a style, stands beside that of painting frame by frame.
    Photos given too are made into films that pan, zoom and turn; paintings show whether sharpness was lost.
    """
    from impasto.batch.jobs import find

    config = EvaluateConfig(**{name: value for name, value in options.items() if value is not None})
    found = [[str(file) for file in find(each)] if each else [] for each in (photos, paintings)]
    with needing("evaluate", "evaluating"):
        if films:
            _judge_films(subjects, films, found[0], found[1], config, output, as_json)
        else:
            _judge_pictures(subjects, found[0], found[1], config, output, as_json)


def _judge_pictures(
    subjects: Sequence[str],
    photos: list[str],
    paintings: list[str],
    config: EvaluateConfig,
    output: str | None,
    as_json: bool,
) -> None:
    from impasto.atomic import make_folder
    from impasto.evaluation import report
    from impasto.evaluation.evaluate import evaluate as evaluated

    for files, option in ((photos, "--photos"), (paintings, "--paintings")):
        if not files:
            raise InvalidOption(f"give {option}, files or a folder, or --video to judge films")
    folder = None if output is None else make_folder(Path(output))
    with Progress() as progress:
        found = evaluated(subjects, photos, paintings, config, folder=folder, follow=_shown(progress))
    _print(report.json_of(found) if as_json else report.markdown_of(found), as_json, found.notices)
    if folder is not None:
        _say(report.write_report(found, folder))


def _judge_films(
    subjects: Sequence[str],
    films: Sequence[str],
    photos: list[str],
    paintings: list[str],
    config: EvaluateConfig,
    output: str | None,
    as_json: bool,
) -> None:
    from impasto.atomic import make_folder
    from impasto.evaluation import steadiness

    folder = None if output is None else make_folder(Path(output))
    with Progress() as progress:
        clips = steadiness.clips_of(films, photos, config)
        found = steadiness.evaluate_films(subjects, clips, paintings, config, follow=_shown(progress))
    text = steadiness.json_of_films(found) if as_json else steadiness.markdown_of_films(found)
    _print(text, as_json, found.notices)
    if folder is not None:
        _say(steadiness.write_films(found, folder))


def _shown(progress: Progress) -> Callable[[float, str], None]:
    progress.begin()
    return lambda over, what: progress.show(over, what, f"{over:.0%}")


def _print(text: str, as_json: bool, notices: Sequence[str]) -> None:
    for notice in notices:
        click.echo(f"impasto: {notice}", err=True)
    click.echo(text, nl=as_json)


def _say(written: Sequence[Path]) -> None:
    for file in written:
        click.echo(file, err=True)
