"""`impasto video`: a film in, a painted film out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from impasto.cli.command import Command
from impasto.cli.names import A_NETWORK, ModelName, RegionStyle, StyleName
from impasto.cli.options import options_of
from impasto.cli.progress import FitProgress, Progress
from impasto.cli.stylize import region
from impasto.errors import InvalidOption
from impasto.model import is_on_hub
from impasto.runtime.stylizer import StylizeOptions
from impasto.video.opening import FilmOptions, moment

if TYPE_CHECKING:
    from impasto.video.film import Painted

__all__ = ["styles_over_time", "video"]


@click.command(
    cls=Command,
    examples="""
    # A film, with its sound
    impasto video holiday.mp4 -s starry-night -o painted.mp4
    # From one style to another in ten seconds
    impasto video holiday.mp4 -s udnie@0s -s great-wave@10s -o painted.mp4
    # Fifteen seconds of it, small and soon
    impasto video holiday.mp4 -s the-scream --start 1:30 --end 1:45 --size 640 --model fast -o part.mp4
    # Nine painted frames on a sheet, to choose a style by
    impasto video holiday.mp4 -s udnie --sheet 9 -o sheet.png
    """,
)
@click.argument("film", metavar="IN")
@click.option(
    "-s",
    "--style",
    "styles",
    type=StyleName(),
    multiple=True,
    metavar="STYLE[@TIME]",
    help="As for stylize; several with times, such as -s udnie@0s -s great-wave@10s, change from one to the next.",
)
@click.option(
    "-o", "--output", metavar="OUT", required=True, help="A film file, a folder/ or a pattern such as frames/%05d.png."
)
@click.option("--steady/--no-steady", default=True, help="Strokes move along with the film.  [steady]")
@options_of(FilmOptions)
@options_of(StylizeOptions)
@click.option("--mask", metavar="MASK", help="Paint where MASK, a picture or a film, is white; or subject, background.")
@click.option(
    "--region",
    "regions",
    type=RegionStyle(),
    multiple=True,
    help="Paint a part in a style of its own; MASK may be a film; may be repeated.",
)
@click.option("--subject", type=StyleName(), help="The style of the subject, which is looked for in each frame.")
@click.option("--background", type=StyleName(), help="The style of all but the subject.")
@click.option("--sheet", type=click.IntRange(1, 100), metavar="N", help="Write a sheet of N painted frames instead.")
@click.option("--model", type=ModelName(), help=f"{A_NETWORK}  [the style's, else main]")
@click.option("--engine", default="auto", show_default=True, help="auto, openvino, onnxruntime or torch.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, or a device the engine knows.")
@click.option("--precision", default="auto", show_default=True, help="auto, f32 or bf16.")
def video(
    film: str,
    styles: tuple[str, ...],
    output: str,
    steady: bool,
    regions: tuple[str, ...],
    sheet: int | None,
    **given: Any,
) -> int:
    """Paint a film in a style, or in several.

    IN is a film file, a GIF, or numbered pictures: a folder or a pattern.  Size, times and sound stay as they are.
    Ctrl-C ends early and keeps what is painted.
    """
    from impasto.video.film import paint_film
    from impasto.video.painting import load_styles

    own = {name: given.pop(name) for name in FilmOptions.__dataclass_fields__}
    options = FilmOptions(**{name: value for name, value in own.items() if value is not None})
    chosen = {name: value for name, value in given.items() if value is not None}
    parts = [region(text) for text in regions]
    with FitProgress() as progress:
        stylizer, timeline = load_styles(styles_over_time(styles), regions=parts, follow=progress, **chosen)
    if sheet is not None:
        from impasto.video.sheet import write_sheet

        write_sheet(film, Path(output), stylizer, options, sheet, timeline=timeline)
        click.echo(output)
        return 0
    with _Follow() as follow:
        painted = paint_film(film, output, stylizer, options, timeline=timeline, steady=steady, follow=follow)
    for notice in painted.notices:
        click.echo(f"impasto: {notice}", err=True)
    if painted.interrupted:
        click.echo("impasto: interrupted; what was painted by then is kept", err=True)
    click.echo(f"{output}  {painted.frames} frames  {painted.rate:.1f} frames/s  {painted.seconds:.1f} s")
    return 130 if painted.interrupted else 0


def styles_over_time(named: tuple[str, ...]) -> str | Mapping[float, str] | None:
    """Return the one style, or styles by the seconds that stand behind their last @."""
    if not named:
        return None
    if len(named) == 1 and not _at(named[0]):
        return named[0]
    keys = [(_at(text), text) for text in named]
    if any(at is None for at, _ in keys):
        raise InvalidOption(
            "--style: each of several styles needs its time, as in -s udnie@0s -s great-wave@10s; "
            "a mix is one style, as in -s udnie:0.5+great-wave:0.5"
        )
    times = {float(at[1]): at[0] for at, _ in keys if at is not None}
    if len(times) < len(named):
        raise InvalidOption("--style STYLE@TIME: two styles have the same time")
    return times


def _at(text: str) -> tuple[str, float] | None:
    """Return the style and the seconds of STYLE@TIME, or None for a style alone."""
    style, at, time = text.rpartition("@")
    if not at or Path(text).exists():
        return None
    try:
        seconds = moment(time, f"--style {text}: what follows @")
    except InvalidOption:
        if is_on_hub(style.rpartition("+")[2].strip()):
            return None  # what follows is a state of the repository
        raise
    if seconds is None or not style:
        raise InvalidOption(f"--style is STYLE or STYLE@TIME, such as udnie@10s, got {text!r}")
    return style, float(seconds)


class _Follow(Progress):
    """Shows how far a film is."""

    def __call__(self, painted: Painted) -> None:
        """Show it after a frame."""
        if painted.frames == 1:
            self.begin()
        whole = painted.film.seconds
        over = min(float(painted.until / whole), 1.0) if whole else 0.0
        left = f", {painted.seconds * (1 - over) / over:.0f} s left" if over else ""
        line = f"frame {painted.frames}, {over:.0%}{left}" if whole else f"frame {painted.frames}"
        self.show(over, f"{painted.rate:.1f} frames/s", line, always=over >= 1)
