"""`impasto stylize`: photos in, paintings out."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from impasto.cli.command import Command
from impasto.cli.names import A_NETWORK, ModelName, RegionStyle, StyleName
from impasto.cli.options import options_of
from impasto.cli.progress import FitProgress
from impasto.errors import InvalidOption
from impasto.runtime.stylizer import StylizeOptions

__all__ = ["region", "stylize"]


@click.command(
    cls=Command,
    examples="""
    # A painting beside the photo, of its size
    impasto stylize photo.jpg -s starry-night
    # A folder of photos into another; the second time only those that are new
    impasto stylize photos/ -s great-wave -o paintings/ --skip-existing
    # Two styles mixed, large strokes, in the photo's colours
    impasto stylize photo.jpg -s starry-night:0.7+great-wave:0.3 --stroke 0.8 --color keep
    # The subject in one style, all else in another
    impasto stylize photo.jpg --subject udnie --background water-lilies-1906
    # From one program to the next
    cat photo.jpg | impasto stylize - -s random:7 -o - > painted.png
    """,
)
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@click.option(
    "-s",
    "--style",
    type=StyleName(),
    help="A bundled style (see impasto styles), a .style file, a painting (learned at its first use), random:SEED, "
    "a mix such as starry-night:0.7+great-wave:0.3, or a network file.",
)
@click.option(
    "-o", "--output", metavar="OUT", help="File or folder of the paintings, - for stdout; else beside the photos."
)
@options_of(StylizeOptions)
@click.option(
    "--mask", metavar="MASK", help="Paint where MASK is white: a picture, or alpha, subject or background of the photo."
)
@click.option(
    "--region",
    "regions",
    type=RegionStyle(),
    multiple=True,
    help="Paint a part in a style of its own; may be repeated.",
)
@click.option("--subject", type=StyleName(), help="The style of the photo's subject, which is looked for.")
@click.option("--background", type=StyleName(), help="The style of all but the subject.")
@click.option(
    "--save-mask", metavar="FILE", help="Write the subject that is found as a mask, to correct and give as --mask."
)
@click.option("--quality", type=click.IntRange(1, 100), default=95, show_default=True, help="Quality of JPEG and WebP.")
@click.option("--model", type=ModelName(), help=f"{A_NETWORK}  [the style's, else main]")
@click.option("--engine", default="auto", show_default=True, help="auto, openvino, onnxruntime or torch.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, or a device the engine knows.")
@click.option("--precision", default="auto", show_default=True, help="auto, f32 or bf16.")
@click.option(
    "--skip-existing", is_flag=True, help="Leave out photos whose painting is there, as after an interruption."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a picture.")
def stylize(
    photos: tuple[str, ...],
    style: str | None,
    output: str | None,
    quality: int,
    as_json: bool,
    regions: tuple[str, ...],
    save_mask: str | None,
    skip_existing: bool,
    **options: Any,
) -> int:
    """Paint photos in a style, or in several.

    PHOTO is a file, a folder, a pattern, or - for stdin.  A painting has exactly its photo's size and lies beside it
    unless OUT says where.
    """
    from impasto import api
    from impasto.batch.jobs import plan

    piped = "-" in (*photos, output)
    if piped:
        _check_pipe(photos, {"--json": as_json, "--skip-existing": skip_existing})
    parts = [region(text) for text in regions]
    jobs = None if piped else plan(photos, output, _name(style, parts, options))
    if skip_existing and jobs is not None:
        jobs = _still_to_paint(jobs)
    given = {name: value for name, value in options.items() if value is not None}
    with FitProgress() as progress:
        stylizer = api.load(style, regions=parts, follow=progress, **given)
    if save_mask is not None:
        _save_mask(stylizer, jobs, save_mask)
    if jobs is None:
        return _pipe(stylizer, photos[0], output, quality)
    return _files(stylizer, jobs, quality, as_json)


def _check_pipe(photos: tuple[str, ...], flags: dict[str, bool]) -> None:
    """Raise InvalidOption for what cannot be with - for PHOTO or OUT."""
    if len(photos) > 1:
        raise InvalidOption("- (stdin or stdout) is for one photo")
    for flag, is_given in flags.items():
        if is_given:
            raise InvalidOption(f"{flag} is for files; leave it out with - (stdin or stdout)")


def _save_mask(stylizer: Any, jobs: Any, file: str) -> None:
    """Write the mask of one photo's subject, of the painting's size."""
    import numpy as np

    from impasto.batch.jobs import plan
    from impasto.image import Picture, read, to_integers, write

    photos = [str(job.photo) for job in jobs or ()]
    if len(photos) != 1 or Path(file) == jobs[0].output:
        raise InvalidOption("--save-mask takes one photo, which is a file, and a file of its own")
    (job,) = plan(photos, file, "mask")
    photo = read(job.photo, max_pixels=stylizer.options.max_pixels)
    mask: Any = to_integers(stylizer.places(photo, photos[0]).subject)
    write(Picture(np.repeat(mask[..., None], 3, axis=2)), job.output)
    click.echo(job.output, err=True)


def region(text: str) -> tuple[str, str]:
    """Return mask and style of MASK=STYLE; the last = counts, since a file's name may hold one."""
    mask, equals, style = text.rpartition("=")
    if not (equals and mask and style):
        raise InvalidOption(f"--region is MASK=STYLE, such as sky.png=starry-night, got {text!r}")
    return mask, style


def _name(style: str | None, regions: Sequence[tuple[str, str]], options: dict[str, Any]) -> str:
    """Return what stands in the names of paintings for the style: the first that is named."""
    from impasto.model import file_name, mix_name, parse_mix

    named = [style, *(part for _, part in regions), options["subject"], options["background"]]
    first = next(filter(None, named), None)
    if first is None:
        raise InvalidOption("there is nothing to paint: give --style, --region, --subject or --background")
    parts = parse_mix(first)
    names = [(Path(name).stem, weight) for name, weight in parts]
    return mix_name(names) if len(parts) > 1 else file_name(names[0][0])


def _still_to_paint(jobs: list[Any]) -> list[Any]:
    left = [job for job in jobs if not job.output.exists()]
    if len(left) < len(jobs):
        click.echo(f"impasto: {len(jobs) - len(left)} of {len(jobs)} photos are painted already", err=True)
    return left


def _pipe(stylizer: Any, photo: str, output: str | None, quality: int) -> int:
    """Paint one photo from stdin or to stdout, as PNG unless the output's name says else."""
    from impasto.image import read, write

    source: Any = sys.stdin.buffer if photo == "-" else photo
    name = "<stdin>" if photo == "-" else photo
    painted = stylizer.paint(read(source, max_pixels=stylizer.options.max_pixels, name=name), name)
    _notify(painted.notices)
    if output in (None, "-"):
        write(painted, sys.stdout.buffer, format="PNG", quality=quality)
    else:
        write(painted, Path(str(output)), quality=quality)
    return 0


def _files(stylizer: Any, jobs: list[Any], quality: int, as_json: bool) -> int:
    """Paint files with a progress bar, say what became of each, and return the exit code."""
    from impasto.batch.local import paint_all

    failed = 0
    outcomes = paint_all(jobs, stylizer, quality=quality)
    hidden = len(jobs) < 2 or as_json or not sys.stderr.isatty()
    for outcome in outcomes if hidden else _with_bar(outcomes, len(jobs)):
        failed += outcome.error is not None
        _say(outcome, as_json)
        if outcome.error and click.get_current_context().find_root().params["debug"]:
            traceback.print_exception(outcome.error)
    if failed and len(jobs) > 1:
        click.echo(f"impasto: {len(jobs) - failed} of {len(jobs)} photos painted, {failed} could not be", err=True)
    return 1 if failed else 0


def _with_bar(outcomes: Iterable[Any], count: int) -> Iterator[Any]:
    """Yield outcomes beside a progress bar, which stands aside while something is written about one."""
    from tqdm import tqdm

    bar = tqdm(outcomes, total=count, unit="photo")
    for outcome in bar:
        with bar.external_write_mode():
            yield outcome


def _notify(notices: Sequence[str]) -> None:
    for notice in notices:
        click.echo(f"impasto: {notice}", err=True)


def _say(outcome: Any, as_json: bool) -> None:
    _notify(outcome.notices)
    if as_json:
        height, width = outcome.size
        facts = {"photo": str(outcome.job.photo)}
        facts |= (
            {"error": str(outcome.error)}
            if outcome.error
            else {
                "output": str(outcome.job.output),
                "width": width,
                "height": height,
                "seconds": round(outcome.seconds, 3),
            }
        )
        click.echo(json.dumps(facts))
    elif outcome.error:
        click.echo(f"impasto: {outcome.error}", err=True)
    else:
        click.echo(f"{outcome.job.output}  {outcome.size[1]}x{outcome.size[0]}  {outcome.seconds:.2f} s")
