"""`impasto bench`: how fast this machine paints, in numbers that can be compared."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from impasto.cli.command import Command
from impasto.cli.names import ModelName, StyleName
from impasto.errors import EngineUnavailable, InvalidOption

if TYPE_CHECKING:
    from impasto.evaluation.speed import Timing

__all__ = ["bench"]

SIZES = (256, 512, 1024, 2048, 4096)


@click.command(
    cls=Command,
    examples="""
    # Everything that is here, 256 to 4096 px
    impasto bench
    # One size, beside other programs
    impasto bench --size 1024 --peers
    # One network in one engine, as JSON
    impasto bench --model fast --engine openvino --size 512 --json
    # Johnson et al. 2016, table 1
    impasto bench --paper --painting starry-night.jpg --style starry-night
    """,
)
@click.option(
    "--size", "sizes", type=click.IntRange(16, 8192), multiple=True, help="px of a square picture; may be repeated."
)
@click.option("--runs", type=click.IntRange(1, 1000), default=7, help="Runs of each; the median counts.  [7]")
@click.option("--threads", type=click.IntRange(1), help="Cores that each may use.  [all]")
@click.option(
    "--model",
    "models",
    type=ModelName(),
    multiple=True,
    help="main, fast or a network's file; may be repeated.  [both]",
)
@click.option("--engine", help="Only this engine: openvino, onnxruntime or torch.")
@click.option("--device", default="auto", help="auto, cpu, cuda, or a device that the engine knows.  [auto]")
@click.option("--peers", is_flag=True, help="Beside other programs, which are installed from PyPI for it.")
@click.option(
    "--paper", is_flag=True, help="Instead, Johnson et al. 2016, table 1: against the optimisation of Gatys et al."
)
@click.option(
    "--painting", metavar="FILE", help="With --paper: the style's painting, to count iterations to equal loss."
)
@click.option("--style", type=StyleName(), help="With --paper: the style.  [the painting's name, or starry-night]")
@click.option("--photo", metavar="FILE", help="With --paper: the photo.  [one that comes with Impasto]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def bench(
    sizes: tuple[int, ...],
    runs: int,
    threads: int | None,
    models: tuple[str, ...],
    engine: str | None,
    device: str,
    peers: bool,
    paper: bool,
    painting: str | None,
    style: str | None,
    photo: str | None,
    as_json: bool,
) -> None:
    """Measure how fast this machine paints with the bundled networks, in every engine and precision that is there.

    The networks alone are timed, in processes of their own whose runs are interleaved.  GFLOP/s count
    multiplications and additions; the peak is that of a product of two large matrices, timed beside them.
    """
    if paper:
        from impasto.cli.paper import compare

        say = _nothing if as_json else click.echo
        found = [compare(photo, painting, style, model, sizes, say) for model in models or ("main",)]
        if as_json:
            click.echo(json.dumps({"comparisons": found}))
        return
    if painting or style or photo:
        raise InvalidOption("--painting, --style and --photo go with --paper")
    _time(sizes or SIZES, runs, threads or 0, models, engine, device, peers, as_json)


def _time(
    sizes: Sequence[int],
    runs: int,
    threads: int,
    models: Sequence[str],
    engine: str | None,
    device: str,
    peers: bool,
    as_json: bool,
) -> None:
    """Time the networks in all that is here, and print a table of each size, or one object."""
    from impasto.evaluation.machine import heading
    from impasto.evaluation.peers import peers as other_programs
    from impasto.evaluation.speed import painter, peak, present, time_network
    from impasto.model import MODELS

    here = [each for each in present(device) if engine in (None, each[0])]
    if not here:
        raise EngineUnavailable(f"no engine {engine or ''} can paint on the device {device} here")
    others = other_programs() if peers else []
    ours = [painter(*each, device, model) for model in models or MODELS for each in here]
    if not as_json:
        click.echo(heading())
    found: list[dict[str, Any]] = []
    for size in sizes:
        painters = [command for command in (*others, *ours) if size <= command.largest]
        products = {precision: peak(precision, (size, size), device) for _, precision in sorted(here)}
        commands = [*painters, *products.values()]
        timed = time_network(commands, (size, size), runs, threads)
        peaks = dict(zip(products, timed[len(painters) :], strict=True))
        known = [peaks.get(command.facts.get("precision", "")) for command in commands]
        rows = [(timing, most) for timing, most in zip(timed, known, strict=True) if timing]
        for timing, most in rows[: -len(peaks)]:
            found.append({**asdict(timing), "peak": most.operations_a_second if most else None})
        if not as_json:
            click.echo(_table(rows, len(rows) - len(ours) - len(peaks)))
            if None in timed:
                click.echo(f"\nanother program could not paint {size} px and was ended", err=True)
    if as_json:
        click.echo(json.dumps({"machine": heading(), "timings": found}))


def _nothing(_: str) -> None:
    """Say nothing."""


def _table(found: Sequence[tuple[Timing, Timing | None]], others: int) -> str:
    """Return the table of one size.

    found: timings, and those of what the machine can do at most, None where operations are not known; others: how
    many of the first are of other programs.
    """
    size = found[0][0].height
    head = [f"{size} x {size} px", "seconds", "megapixels/s", "GFLOP/s", "of peak", "peak memory, GB"]
    head += [f"times as fast as {timing.engine.partition(',')[0]}" for timing, _ in found[:others]]
    rows = [head, ["---"] * len(head)]
    for timing, peak in found:
        rate = timing.operations_a_second
        rows.append(
            [
                timing.engine,
                f"{timing.seconds:.4f}",
                "" if timing is peak else f"{timing.pixels_a_second / 1e6:.1f}",
                f"{rate / 1e9:.0f}" if rate else "",
                f"{rate / peak.operations_a_second:.0%}" if peak else "",
                f"{timing.memory / 2**30:.2f}",
                *("" if timing is peak else f"{other.seconds / timing.seconds:.1f}" for other, _ in found[:others]),
            ]
        )
    return "\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows)
