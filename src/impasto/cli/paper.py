"""`impasto bench --paper`: optimisation against the feed-forward network, as the paper has it and as it is fair."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from impasto.extras import needing

if TYPE_CHECKING:
    from impasto.evaluation.paper import Row, Worth

__all__ = ["compare"]

Each = TypeVar("Each")
SAMPLE = 5
"""Iterations that are timed; the rest is extrapolated."""


def compare(
    photo: str | None,
    painting: str | None,
    style: str | None,
    model: str,
    sizes: tuple[int, ...],
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Say both tables, line by line as they come, and return what is in them.

    photo: a bundled one for None; painting: that of the style, without which the second table is left out; sizes: of
    the second table, 512 px by default.
    Raises as `find_style` and `impasto.image.read` do, and EngineUnavailable where torch is absent.
    """
    with needing("train", "--paper"):
        from impasto.evaluation import paper
        from impasto.perceptual.criterion import PerceptualCriterion
        from impasto.perceptual.paintings import load_painting
        from impasto.perceptual.weights import load_vgg19
    from impasto.evaluation.machine import heading
    from impasto.model import find_style, network_of
    from impasto.model.bundled import PHOTOS
    from impasto.runtime.session import Session

    content = photo or str(PHOTOS / "astronaut.jpg")
    chosen = find_style(style or (Path(painting).stem if painting else "starry-night"), model=model)
    session, criterion = Session.open(network_of(model)), PerceptualCriterion(load_vgg19())
    facts = {"machine": heading(), "photo": Path(content).name, "style": chosen.name, "model": model}
    say(
        f"{facts['machine']}\n{facts['photo']} in {chosen.name}, {model}, {session.engine.name}; optimised in float32\n"
    )
    rows = _said(paper.table(session, chosen, content, criterion, SAMPLE), _seconds(paper.ITERATIONS), say)
    worths: list[Worth] = []
    if painting:
        target = load_painting(painting, 512, "--painting")
        found = (paper.worth(session, chosen, content, target, criterion, size) for size in sizes or (512,))
        worths = _said(found, _iterations(rows), say)
    tables = {"rows": [asdict(row) for row in rows], "worth": [asdict(worth) for worth in worths]}
    return {**facts, "engine": session.engine.name, **tables}


@dataclass(frozen=True)
class _Table(Generic[Each]):
    """A table to be said: what stands above it, the names of its columns, and what a row's cells say."""

    above: str
    columns: Sequence[str]
    cells: Callable[[Each], Sequence[str]]


def _said(found: Iterable[Each], table: _Table[Each], say: Callable[[str], None]) -> list[Each]:
    """Say a table while its rows come, and return these."""
    say(f"{table.above}\n")
    say(f"| {' | '.join(table.columns)} |")
    say("| --- " * len(table.columns) + "|")
    rows = []
    for row in found:
        rows.append(row)
        say(f"| {' | '.join(table.cells(row))} |")
    say("")
    return rows


def _seconds(counts: Sequence[int]) -> _Table[Row]:
    """Return the paper's table, for these numbers of iterations."""

    def cells(row: Row) -> Sequence[str]:
        seconds = [f"{count * row.iteration:.0f}" for count in counts]
        times = " / ".join(f"{count * row.iteration / row.painting:,.0f}" for count in counts)
        return [str(row.size), f"{row.iteration:.2f}", *seconds, f"{row.painting:.4f}", times]

    above = f"Seconds; one iteration is the median of {SAMPLE}, from which the others are extrapolated."
    names = [f"{count} iterations" for count in counts]
    return _Table(above, ["px", "one iteration", *names, "network", "times as fast"], cells)


def _iterations(rows: Sequence[Row]) -> _Table[Worth]:
    """Return the fair table; rows: the other one's, for the seconds that an iteration takes."""
    iteration = {row.size: (row.iteration, row.painting) for row in rows}

    def cells(worth: Worth) -> Sequence[str]:
        beginning = [str(worth.size), f"{worth.identity:.2f}", f"{worth.objective:.2f}"]
        if worth.iterations is None:
            return [*beginning, f"more than {worth.tried}", "", ""]
        if worth.size not in iteration:
            return [*beginning, str(worth.iterations), "", ""]
        one, painting = iteration[worth.size]
        seconds = worth.iterations * one
        return [*beginning, str(worth.iterations), f"{seconds:.0f}", f"{seconds / painting:,.0f}"]

    above = "How many iterations the network's painting is worth: until they reach its content + 10 style + 10 TV."
    columns = ["px", "photo itself", "network's painting", "iterations", "seconds of these", "times as fast"]
    return _Table(above, columns, cells)
