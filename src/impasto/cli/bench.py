"""`impasto bench`: how fast this machine paints, in numbers that can be compared."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from impasto.evaluation.speed import Timing

__all__ = ["bench"]

SIZES = (256, 512, 1024, 2048)


@click.command()
@click.option(
    "--size", "sizes", type=click.IntRange(16, 8192), multiple=True, help="px of a square picture; may be repeated."
)
@click.option("--runs", type=click.IntRange(1, 1000), default=7, help="Runs of each; the median counts.  [7]")
@click.option("--threads", type=click.IntRange(1), help="Cores that each may use.  [all]")
@click.option("--engine", help="Only this engine: openvino, onnxruntime or torch.")
@click.option("--device", default="auto", help="auto, cpu, cuda, or a device that the engine knows.  [auto]")
@click.option("--peers", is_flag=True, help="Beside other programs, which are installed from PyPI for it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def bench(
    sizes: tuple[int, ...], runs: int, threads: int | None, engine: str | None, device: str, peers: bool, as_json: bool
) -> None:
    """Measure how fast this machine paints with the bundled network, in every engine and precision that is there.

    The networks alone are timed, in processes of their own whose runs are interleaved.  GFLOP/s count
    multiplications and additions; the peak is that of a product of two large matrices.
    """
    from impasto.errors import EngineUnavailable
    from impasto.evaluation.machine import heading
    from impasto.evaluation.peers import peers as other_programs
    from impasto.evaluation.speed import painter, peak_operations, present, time_network

    here = [each for each in present(device) if engine in (None, each[0])]
    if not here:
        raise EngineUnavailable(f"no engine {engine or ''} can paint on the device {device} here")
    commands = [*(other_programs() if peers else []), *(painter(*each, device) for each in here)]
    peaks = {precision: peak_operations(precision) for precision in sorted({each for _, each in here})}
    if not as_json:
        click.echo(f"{heading()}\n\n{_peaks(peaks)}\n")
        click.echo("| px | painter | seconds | times as fast | megapixels/s | GFLOP/s | of peak | peak memory, GB |")
        click.echo("| --- | --- | --- | --- | --- | --- | --- | --- |")
    timings: list[Timing] = []
    for size in sizes or SIZES:
        found = time_network(commands, (size, size), runs, threads or 0)
        timings += found
        if not as_json:
            for command, timing in zip(commands, found, strict=True):
                peak = peaks.get(command.facts.get("precision", ""))
                click.echo(_row(timing, found[0].seconds / timing.seconds, peak))
    if as_json:
        click.echo(json.dumps({"machine": heading(), "peaks": peaks, "timings": [asdict(each) for each in timings]}))


def _peaks(peaks: dict[str, float]) -> str:
    return "peak " + ", ".join(f"{precision} {value / 1e9:.0f} GFLOP/s" for precision, value in peaks.items())


def _row(timing: Timing, times: float, peak: float | None) -> str:
    """Return a row; operations are those of the bundled network, so for others they are left out."""
    own = (
        "| |" if peak is None else f"{timing.operations_a_second / 1e9:.0f} | {timing.operations_a_second / peak:.0%} |"
    )
    return (
        f"| {timing.height} | {timing.engine} | {timing.seconds:.4f} | {times:.1f} | "
        f"{timing.pixels_a_second / 1e6:.1f} | {own} {timing.memory / 2**30:.2f} |"
    )
