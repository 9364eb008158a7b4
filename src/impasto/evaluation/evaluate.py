"""An evaluation: every painter's pictures of every pair, judged."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean

from impasto.errors import InvalidOption, WeightsError
from impasto.evaluation.config import EvaluateConfig
from impasto.evaluation.gatys import Gatys, Recipe
from impasto.evaluation.judge import Judge, Judgement, Pair, Pixels
from impasto.evaluation.learned import ArtFid, open_art_features, open_lpips
from impasto.evaluation.painters import Itself, Painter, open_painter
from impasto.evaluation.quality import spread
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.device import open_device, wants_bf16
from impasto.perceptual.weights import load_vgg19

__all__ = ["Evaluation", "Follow", "evaluate"]

DEFAULT = ("main",)
Follow = Callable[[float, str], None]
"""Called with the part that is done, 0..1, and what is being done."""


@dataclass
class Evaluation:
    """What came out.

    rows: names of the painters, in order; judgements: of all pairs; tiles: names and pictures of each pair that the
    contact sheet shows, the painting first; notices: sentences for the user; curves: objectives of Gatys' method after
    0, 1, 2 ... iterations, where it was asked for; art_fids: of rows, where it can be had.
    """

    config: EvaluateConfig
    rows: tuple[str, ...]
    judgements: list[Judgement] = field(default_factory=list)
    tiles: dict[Pair, list[tuple[str, Pixels]]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    curves: dict[Pair, list[float]] = field(default_factory=dict)
    art_fids: dict[str, float] = field(default_factory=dict)


def evaluate(
    subjects: Sequence[str],
    photos: Sequence[str],
    paintings: Sequence[str],
    config: EvaluateConfig,
    *,
    folder: Path | None = None,
    follow: Follow = lambda over, what: None,
) -> Evaluation:
    """Judge subjects, the photos themselves and Gatys' method on the same pairs of photo and painting.

    subjects: see `open_painter`; none means the bundled network; photos, paintings: files; folder: where Gatys'
    pictures are kept, and found again, or None.
    Raises as `open_painter` does, InvalidOption if there is no pair that a subject has, WeightsError for VGG-19,
    EngineUnavailable and PictureError.
    """
    chosen = [open_painter(subject, photos, paintings) for subject in subjects or DEFAULT]
    pairs = _pairs(chosen, photos, paintings, config)
    criterion = PerceptualCriterion(load_vgg19(config.vgg)).to(open_device(config.device))
    gatys = _gatys(criterion, config, folder)
    painters: list[Painter] = [Itself(), *gatys, *chosen]
    rows = tuple(name for painter in painters for name in painter.names)
    if len(set(rows)) < len(rows):
        raise InvalidOption(f"two rows have the same name among {', '.join(rows)}; write NAME=SUBJECT")
    found = Evaluation(config, rows)
    judge = _judge(criterion, config, found)
    art = _art(judge, found)
    shown = set(spread(pairs, config.shown))
    for number, pair in enumerate(pairs):
        if pair in shown:
            found.tiles[pair] = [("the painting", judge.painting(pair))]
        judgements = _judge_pair(painters, pair, judge, art, found, _part(follow, number, len(pairs)))
        found.judgements += [_with_worth(each, pair, gatys, config) for each in judgements]
    if art is not None:
        found.art_fids = _art_fids(art, found)
    for painter in gatys:
        found.curves |= painter.curves
        if painter.found:
            found.notices.append(f"{painter.found} pictures of Gatys' method were in the output folder already")
    return found


def _with_worth(judged: Judgement, pair: Pair, gatys: Sequence[Gatys], config: EvaluateConfig) -> Judgement:
    """Return a judgement with the iterations of Gatys' method that it is worth, if that was run."""
    objective = judged.objective(config.style_weight, config.tv_weight)
    return replace(judged, worth=gatys[0].worth(pair, objective)) if gatys else judged


def _gatys(criterion: PerceptualCriterion, config: EvaluateConfig, folder: Path | None) -> list[Gatys]:
    """Return Gatys' method, if it is asked for."""
    if not config.iterations:
        return []
    bf16 = wants_bf16(next(criterion.parameters()).device, config.precision)
    recipe = Recipe(
        config.size,
        style_weight=config.style_weight,
        tv_weight=config.tv_weight,
        start=config.gatys_start,
        seed=config.seed,
        vgg=criterion.vgg.name,
        bf16=bf16,
    )
    return [Gatys(criterion, config.iterations, recipe, folder)]


def _part(follow: Follow, number: int, of: int) -> Follow:
    """Return what follows one of so many parts."""
    return lambda over, what: follow((number + over) / of, what)


def _within(follow: Follow, what: str) -> Callable[[float], None]:
    """Return what follows one thing that is done."""
    return lambda over: follow(over, what)


def _judge(criterion: PerceptualCriterion, config: EvaluateConfig, found: Evaluation) -> Judge:
    try:
        return Judge(criterion, config.size, open_lpips())
    except WeightsError as error:
        found.notices.append(f"LPIPS is left out: {error}")
        return Judge(criterion, config.size)


def _art(judge: Judge, found: Evaluation) -> ArtFid | None:
    """Return what collects pictures for ArtFID, of which LPIPS is a part."""
    if judge.lpips is None:
        return None
    try:
        return ArtFid(open_art_features())
    except WeightsError as error:
        found.notices.append(f"ArtFID is left out: {error}")
        return None


def _art_fids(art: ArtFid, found: Evaluation) -> dict[str, float]:
    """Return the ArtFID of each row that has one."""
    fids = {}
    for row in found.rows:
        lpips = [each.lpips or 0.0 for each in found.judgements if each.painter == row]
        if lpips and (fid := art.of(row, mean(lpips))) is not None:
            fids[row] = fid
    return fids


def _judge_pair(
    painters: Sequence[Painter], pair: Pair, judge: Judge, art: ArtFid | None, found: Evaluation, follow: Follow
) -> list[Judgement]:
    """Return the judgements of all pictures of a pair, and keep those pictures that the contact sheet shows."""
    judgements = []
    for painter in painters:
        if not painter.has(pair):
            continue
        what = f"{painter.names[0]}: {' like '.join(pair.names)}"
        for name, picture in painter.paint(pair, judge, _within(follow, what)):
            judgements.append(judge(name, pair, picture))
            if art is not None:
                art.look(name, picture, pair.painting, judge.painting(pair))
            if pair in found.tiles:
                found.tiles[pair].append((name, picture))
    follow(1.0, " like ".join(pair.names))
    return judgements


def _pairs(
    painters: Sequence[Painter], photos: Sequence[str], paintings: Sequence[str], config: EvaluateConfig
) -> list[Pair]:
    """Return the pairs that a painter has, at most so many, photo by photo."""
    for files, option in ((photos, "--photos"), (paintings, "--paintings")):
        stems = [Path(file).stem for file in files]
        if len(set(stems)) < len(stems):
            twice = next(stem for stem in stems if stems.count(stem) > 1)
            raise InvalidOption(f"{option}: two pictures are called {twice!r}; rename one")
    every = [Pair(photo, painting) for photo in photos for painting in paintings]
    pairs = [pair for pair in every if any(painter.has(pair) for painter in painters)]
    if not pairs:
        names = ", ".join(name for painter in painters for name in painter.names)
        raise InvalidOption(
            f"--paintings: {names} has no picture or style of any of them; the painting's file is named like the style"
        )
    return _evenly(pairs, config.pairs or len(pairs), config.seed)


def _evenly(pairs: Sequence[Pair], limit: int, seed: int) -> list[Pair]:
    """Return at most so many pairs, in their order, in which each photo and each painting comes about as often."""
    left, used = list(pairs), Counter[str]()
    random.Random(seed).shuffle(left)  # noqa: S311 - no secret
    chosen: set[Pair] = set()
    while left and len(chosen) < limit < len(pairs):
        rarest = min(left, key=lambda pair: used[pair.photo] + used[pair.painting])
        left.remove(rarest)
        used.update((rarest.photo, rarest.painting))
        chosen.add(rarest)
    return [pair for pair in pairs if pair in chosen] if chosen else list(pairs)
