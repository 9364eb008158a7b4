"""`impasto bench --paper`: optimisation against the feed-forward network, as the paper has it and as it is fair."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from impasto.errors import EngineUnavailable

if TYPE_CHECKING:
    from impasto.evaluation.paper import Row, Worth

__all__ = ["compare"]

SAMPLE = 5
"""Iterations that are timed; the rest is extrapolated."""


def compare(photo: str | None, painting: str | None, style: str | None, model: str, sizes: tuple[int, ...]) -> None:
    """Print both tables.

    photo: a bundled one for None; painting: that of the style, without which the second table is left out; sizes: of
    the second table, 512 px by default.
    Raises as `find_style` and `impasto.image.read` do, and EngineUnavailable where torch is absent.
    """
    try:
        from impasto.evaluation import paper
        from impasto.perceptual.criterion import PerceptualCriterion
        from impasto.perceptual.paintings import load_painting
        from impasto.perceptual.weights import load_vgg19
    except ModuleNotFoundError as error:
        raise EngineUnavailable(f"--paper needs {error.name}; pip install 'impasto[train]'") from error
    from impasto.evaluation.machine import heading
    from impasto.model import find_style, network_of
    from impasto.model.bundled import PHOTOS
    from impasto.runtime.session import Session

    content = photo or str(PHOTOS / "astronaut.jpg")
    chosen = find_style(style or (Path(painting).stem if painting else "starry-night"), model=model)
    session, criterion = Session.open(network_of(model)), PerceptualCriterion(load_vgg19())
    say = click.echo
    say(
        f"{heading()}\n{Path(content).name} in {chosen.name}, {model}, {session.engine.name}; optimisation in float32\n"
    )
    say(f"Seconds; one iteration is the median of {SAMPLE}, from which the others are extrapolated.\n")
    counts = paper.ITERATIONS
    say(f"| px | one iteration | {' | '.join(f'{count} iterations' for count in counts)} | network | times as fast |")
    say("| --- " * (len(counts) + 4) + "|")
    rows: list[Row] = []
    for row in paper.table(session, chosen, content, criterion, SAMPLE):
        rows.append(row)
        seconds = [f"{count * row.iteration:.0f}" for count in counts]
        times = " / ".join(f"{count * row.iteration / row.painting:,.0f}" for count in counts)
        say(f"| {row.size} | {row.iteration:.2f} | {' | '.join(seconds)} | {row.painting:.4f} | {times} |")
    if painting:
        say("\nHow many iterations the network's painting is worth: until they reach its content + 10 style.\n")
        say("| px | photo itself | network's painting | iterations | seconds of these | times as fast |")
        say("| --- | --- | --- | --- | --- | --- |")
        target = load_painting(painting, 512, "--painting")
        for size in sizes or (512,):
            say(_worth_row(paper.worth(session, chosen, content, target, criterion, size), rows))


def _worth_row(worth: Worth, rows: Sequence[Row]) -> str:
    count = worth.iterations
    beginning = f"| {worth.size} | {worth.identity:.2f} | {worth.objective:.2f} |"
    if count is None:
        return f"{beginning} more than {worth.tried} | | |"
    timed = next((row for row in rows if row.size == worth.size), None)
    if timed is None:
        return f"{beginning} {count} | | |"
    seconds = count * timed.iteration
    return f"{beginning} {count} | {seconds:.0f} | {seconds / timed.painting:,.0f} |"
