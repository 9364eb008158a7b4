"""`impasto batch`: a collection of photos in, of paintings out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from impasto.batch.config import BatchOptions
from impasto.cli.command import Command
from impasto.cli.names import A_NETWORK, ModelName, StyleName
from impasto.cli.options import options_of
from impasto.cli.progress import FitProgress, Progress
from impasto.runtime.regions import FOUND
from impasto.runtime.stylizer import StylizeOptions

if TYPE_CHECKING:
    from impasto.batch.progress import Progress as Painted
    from impasto.batch.recipe import Recipe

__all__ = ["batch"]


@click.command(
    cls=Command,
    examples="""
    # A bucket into a folder
    impasto batch s3://bucket/photos paintings/ -s starry-night
    # A table with a path, and perhaps a style, in each row
    impasto batch photos.csv paintings/ -s great-wave --workers 2
    # The third of ten parts, on ten machines
    impasto batch photos/ paintings/ -s udnie --shard 3/10
    # On a Ray cluster, from tars into tars
    impasto batch 'shards/*.tar' painted/ -s udnie --ray
    """,
)
@click.argument("source", metavar="SRC")
@click.argument("output", metavar="DST")
@click.option("-s", "--style", type=StyleName(), help="As for stylize; rows of a table may have styles of their own.")
@options_of(BatchOptions)
@options_of(StylizeOptions)
@click.option("--mask", type=click.Choice(list(FOUND)), help="Where to paint each photo.")
@click.option("--subject", metavar="STYLE", help="The style of each photo's subject, which is looked for.")
@click.option("--background", metavar="STYLE", help="The style of all but the subject.")
@click.option(
    "--ray",
    is_flag=False,
    flag_value="auto",
    metavar="[HOST:PORT]",
    help="Paint on a Ray cluster: that one, or the one that this machine belongs to.",
)
@click.option("--model", type=ModelName(), help=f"{A_NETWORK}  [the style's, else main]")
@click.option("--engine", default="auto", show_default=True, help="auto, openvino, onnxruntime or torch.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, or a device the engine knows.")
@click.option("--precision", default="auto", show_default=True, help="auto, f32 or bf16.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
def batch(
    source: str,
    output: str,
    ray: str | None,
    as_json: bool,
    engine: str,
    device: str,
    precision: str,
    **given: Any,
) -> int:
    """Paint a collection: on all cores or on a cluster, and on from where it ended.

    SRC and DST are folders or URLs (s3://, gs://, hf://, ...). SRC may also be a table of photos (.csv or .parquet with
    a column path and, if wanted, style, options and output), a tar, or a pattern of photos or tars.  What cannot be
    painted is listed in DST/report.jsonl, and the exit code is 1 then.
    """
    from impasto.batch.recipe import Engine
    from impasto.batch.run import batch as paint

    own = {name: given.pop(name) for name in BatchOptions.__dataclass_fields__}
    options = BatchOptions(**{name: value for name, value in own.items() if value is not None})
    choice = Engine(engine, device, precision)
    with FitProgress() as progress, _Follow() as follow:
        resolve = _resolve(given, choice, progress)
        styled = any(given[name] for name in ("style", "subject", "background"))
        recipe = resolve("") if styled else None
        done = paint(source, output, recipe, resolve, options, engine=choice, ray=ray, follow=follow)
    _say(done, output, as_json)
    return 1 if done.failed else 0


def _resolve(given: dict[str, Any], engine: Any, follow: FitProgress) -> Any:
    """Return a function that gives the recipe of a style, and for no name that of the options."""
    from impasto import api
    from impasto.batch.recipe import Recipe

    chosen = {name: value for name, value in given.items() if value is not None}

    def resolve(style: str) -> Recipe:
        named = {**chosen, "style": style} if style else chosen
        where = {"engine": engine.engine, "device": engine.device, "precision": engine.precision}
        return Recipe.of(api.load(**named, **where, follow=follow))

    return resolve


class _Follow(Progress):
    """Shows how far a batch is."""

    def __call__(self, progress: Painted) -> None:
        """Show it after a chunk."""
        if self.bar is None:
            self.begin()
        part, left = progress.part, progress.seconds_left
        line = [f"{progress.painted:,} photos"]
        line += [] if part is None else [f"{part:.0%}"]
        line += [] if left is None else [f"{_time(left)} left"]
        facts = [f"{progress.rate:.1f} photos/s"]
        facts += [f"{len(progress.failed):,} failed"] if progress.failed else []
        self.show(part or 0.0, ", ".join(facts), ", ".join(line), always=part == 1)


def _time(seconds: float) -> str:
    """Return seconds as 12 s, 12 min or 1.2 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _photos(count: int) -> str:
    return f"{count:,} photo{'s' if count != 1 else ''}"


def _say(done: Painted, output: str, as_json: bool) -> None:
    """Print what became of the collection."""
    earlier = done.painted - done.painted_now
    if as_json:
        facts = {"output": output, "painted": done.painted, "earlier": earlier, "failed": len(done.failed)}
        click.echo(json.dumps(facts | {"seconds": round(done.seconds, 3), "report": done.report or None}))
        return
    before = f", {earlier:,} of them earlier" if earlier else ""
    click.echo(f"{output}  {_photos(done.painted)} painted{before}  {done.rate:.1f} photos/s  {done.seconds:.1f} s")
    if done.failed:
        click.echo(f"impasto: {_photos(len(done.failed))} could not be painted; {done.report} says why", err=True)
    elif done.report:
        click.echo(f"impasto: {done.report} has notices", err=True)
