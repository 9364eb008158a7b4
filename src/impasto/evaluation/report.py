"""An evaluation as Markdown, JSON, CSV and a contact sheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import median

from impasto.atomic import atomic_write
from impasto.errors import UnwritableOutput
from impasto.evaluation.bootstrap import interval
from impasto.evaluation.config import EvaluateConfig
from impasto.evaluation.evaluate import Evaluation
from impasto.evaluation.judge import Judgement
from impasto.evaluation.machine import heading
from impasto.image import Picture, contact_sheet, fit, resize, write

__all__ = ["Row", "csv_of", "json_of", "markdown_of", "summary", "write_report"]

SHEET_SIDE = 320  # px of the long side of the contact sheet's pictures


@dataclass(frozen=True)
class Measure:
    """A column of medians: its name, its digits after the point, and a picture's value, which may be absent."""

    name: str
    digits: int
    of: Callable[[Judgement], float | None]


def measures(config: EvaluateConfig) -> tuple[Measure, ...]:
    """Return the columns; the third is the objective."""
    weights = config.style_weight, config.tv_weight
    return (
        Measure("content", 2, lambda found: found.content),
        Measure("style", 3, lambda found: found.style),
        Measure("objective", 2, lambda found: found.objective(*weights)),
        Measure("SSIM", 2, lambda found: found.ssim),
        Measure("palette", 3, lambda found: found.palette),
        Measure("LPIPS", 2, lambda found: found.lpips),
        Measure("worth", 0, lambda found: found.worth),
    )


@dataclass(frozen=True)
class Row:
    """A painter's pictures together.

    pairs: how many; medians: {measure: median}; intervals: {measure: (low, high) of 95 %, or None for one picture}.
    """

    painter: str
    pairs: int
    medians: dict[str, float]
    intervals: dict[str, tuple[float, float] | None]


def summary(found: Evaluation) -> list[Row]:
    """Return a row for each painter that has pictures, in their order."""
    return [_row(name, of, found) for name in found.rows if (of := _by(found, name))]


def _by(found: Evaluation, painter: str, painting: str | None = None) -> list[Judgement]:
    return [each for each in found.judgements if each.painter == painter and painting in (None, each.painting)]


def _row(name: str, of: Sequence[Judgement], found: Evaluation) -> Row:
    config = found.config
    photos, paintings = [each.photo for each in of], [each.painting for each in of]
    medians, intervals = {}, {}
    for measure in measures(config):
        values = [value for each in of if (value := measure.of(each)) is not None]
        if values:
            medians[measure.name] = median(values)
            intervals[measure.name] = interval(values, photos, paintings, resamples=config.resamples, seed=config.seed)
    if name in found.art_fids:  # of all its pictures together
        medians["ArtFID"], intervals["ArtFID"] = found.art_fids[name], None
    return Row(name, len(of), medians, intervals)


def markdown_of(found: Evaluation) -> str:
    """Return the report's text: who made it, a table of all painters, and one by paintings if there are several."""
    config, rows = found.config, summary(found)
    photos, paintings = ({getattr(each, name) for each in found.judgements} for name in ("photo", "painting"))
    counts = f"{rows[0].pairs} pairs of {len(photos)} photos and {len(paintings)} paintings at {config.size} px"
    parts = [
        heading(),
        f"{counts}: medians and, in brackets, where they lie with 95 %.",
        _table(rows, config),
    ]
    if len(paintings) > 1:
        parts.append(_by_painting(found, sorted(paintings)))
    return "\n\n".join([*parts, *(f"{notice}." for notice in found.notices)]) + "\n"


def _table(rows: Sequence[Row], config: EvaluateConfig) -> str:
    digits = {measure.name: measure.digits for measure in measures(config)} | {"ArtFID": 1}
    columns = [name for name in digits if name in rows[0].medians]
    lines = [f"| | pairs | {' | '.join(columns)} |", "| --- " * (len(columns) + 2) + "|"]
    for row in rows:
        cells = [
            _cell(row.medians[name], row.intervals[name], digits[name]) if name in row.medians else ""
            for name in columns
        ]
        lines.append(f"| {row.painter} | {row.pairs} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(value: float, within: tuple[float, float] | None, digits: int) -> str:
    bounds = "" if within is None else f" ({within[0]:.{digits}f}-{within[1]:.{digits}f})"
    return f"{value:.{digits}f}{bounds}"


def _by_painting(found: Evaluation, paintings: Sequence[str]) -> str:
    """Return a table of content and style of each painting by each painter."""
    columns = measures(found.config)[:3]
    lines = [f"| painting | | {' | '.join(column.name for column in columns)} |", "| --- " * (len(columns) + 2) + "|"]
    for painting in paintings:
        for name in found.rows:
            of = _by(found, name, painting)
            if of:
                cells = [
                    f"{median(float(column.of(each) or 0) for each in of):.{column.digits}f}" for column in columns
                ]
                lines.append(f"| {painting} | {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def json_of(found: Evaluation) -> str:
    """Return everything as one JSON object."""
    return json.dumps(
        {
            "machine": heading(),
            "config": asdict(found.config),
            "rows": [asdict(row) for row in summary(found)],
            "judgements": [asdict(each) for each in found.judgements],
            "curves": [{"pair": pair.names, "objectives": curve} for pair, curve in found.curves.items()],
            "notices": found.notices,
        }
    )


def csv_of(found: Evaluation) -> str:
    """Return every judgement as a line under the names of its facts."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Judgement)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(each) for each in found.judgements)
    return text.getvalue()


def write_report(found: Evaluation, folder: Path) -> list[Path]:
    """Write report.md, report.json, report.csv and sheet.jpg into a folder; raises UnwritableOutput."""
    texts = {"report.md": markdown_of(found), "report.json": json_of(found), "report.csv": csv_of(found)}
    try:
        for name, text in texts.items():
            with atomic_write(folder / name) as file:
                file.write(text.encode())
    except OSError as error:
        raise UnwritableOutput(str(folder), str(error.strerror)) from error
    write(_sheet(found), folder / "sheet.jpg", quality=88)
    return [folder / name for name in (*texts, "sheet.jpg")]


def _sheet(found: Evaluation) -> Picture:
    """Return a row of pictures for each pair that is shown: the painting, the photo, and what the painters made."""
    names = ("the painting", *found.rows)
    tiles = []
    for made in (dict(tiles) for tiles in found.tiles.values()):
        size = fit(made["the photo itself"].shape[:2], SHEET_SIDE)
        for name in names:
            picture = made.get(name)
            blank = resize(made["the photo itself"], size) * 0 + 255
            small = blank if picture is None else resize(picture, fit(picture.shape[:2], SHEET_SIDE))
            tiles.append((name if picture is not None else f"{name}: none", small))
    return Picture(contact_sheet(tiles, columns=len(names)))
