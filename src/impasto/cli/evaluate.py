"""`impasto evaluate`: how near pictures come to their photos and paintings, beside what is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from impasto.cli.options import options_of
from impasto.errors import EngineUnavailable
from impasto.evaluation.config import EvaluateConfig

__all__ = ["evaluate"]


@click.command()
@click.argument("subjects", nargs=-1, metavar="[[NAME=]SUBJECT]...")
@click.option(
    "--photos", multiple=True, required=True, metavar="...", help="Photo, or a folder of them; may be repeated."
)
@click.option(
    "--paintings", multiple=True, required=True, metavar="...", help="Painting, or a folder of them; may be repeated."
)
@click.option("-o", "--output", metavar="FOLDER", help="Folder of the report, its contact sheet and Gatys' pictures.")
@options_of(EvaluateConfig)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(
    subjects: tuple[str, ...],
    photos: tuple[str, ...],
    paintings: tuple[str, ...],
    output: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Judge paintings by VGG-19's content and style distances, their structure and their colours.

    SUBJECT is a style, a finished run or its network, or the pictures of any program: a folder of PAINTING/PHOTO,
    PHOTO-PAINTING or PHOTO files, or one picture.  Without any the bundled styles are judged.  Beside them stand the
    photos themselves and Gatys' method, which takes minutes a pair: --gatys 0 leaves it out, --pairs takes fewer.
    """
    from impasto.atomic import make_folder
    from impasto.batch.jobs import find
    from impasto.cli.progress import Progress

    config = EvaluateConfig(**{name: value for name, value in options.items() if value is not None})
    folder = None if output is None else make_folder(Path(output))
    try:
        from impasto.evaluation import report
        from impasto.evaluation.evaluate import evaluate as evaluated
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("impasto"):
            raise
        raise EngineUnavailable(f"evaluating needs {error.name}; pip install 'impasto[evaluate]'") from error
    photo_files, painting_files = ([str(file) for file in find(each)] for each in (photos, paintings))
    with Progress() as progress:
        progress.begin()
        found = evaluated(
            subjects,
            photo_files,
            painting_files,
            config,
            folder=folder,
            follow=lambda over, what: progress.show(over, what, f"{over:.0%}"),
        )
    for notice in found.notices:
        click.echo(f"impasto: {notice}", err=True)
    click.echo(report.json_of(found) if as_json else report.markdown_of(found), nl=as_json)
    if folder is not None:
        for file in report.write_report(found, folder):
            click.echo(file, err=True)
