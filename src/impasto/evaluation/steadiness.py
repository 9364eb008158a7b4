"""Films judged: how much steadier a style paints them than frame by frame, and whether sharpness paid for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import mean, median

from impasto.api import load
from impasto.atomic import write_whole
from impasto.errors import InvalidOption
from impasto.evaluation.config import EvaluateConfig
from impasto.evaluation.evaluate import Follow
from impasto.evaluation.machine import heading
from impasto.evaluation.painters import named
from impasto.evaluation.quality import pixels_of, tensor_for
from impasto.evaluation.temporal import MOTIONS, Clip, Pixels, moving_photo, paint, read_clip, warping_error
from impasto.model import IDENTITY
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.device import open_device
from impasto.perceptual.weights import load_vgg19

__all__ = ["Steadied", "Steadiness", "clips_of", "evaluate_films", "json_of_films", "markdown_of_films", "write_films"]

DEFAULT = ("starry-night", "great-wave", "udnie")
JUDGED = tuple(number / 6 for number in range(1, 7))
"""Where in a film the frames are whose style distance counts."""

Distance = Callable[[Sequence[Pixels]], float]


@dataclass(frozen=True)
class Steadied:
    """A film in a style: warping errors, and mean style distances of some frames or None without the painting."""

    film: str
    style: str
    error_alone: float
    error_steady: float
    style_alone: float | None = None
    style_steady: float | None = None

    @property
    def ratio(self) -> float:
        """The steady film's warping error, as a part of that of frame-by-frame painting."""
        return self.error_steady / self.error_alone

    @property
    def style_ratio(self) -> float | None:
        """The steady film's style distance to that of frame-by-frame painting."""
        return None if not self.style_alone or self.style_steady is None else self.style_steady / self.style_alone


@dataclass
class Steadiness:
    """What came out; notices: sentences for the user."""

    config: EvaluateConfig
    films: list[Steadied] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def clips_of(films: Sequence[str], photos: Sequence[str], config: EvaluateConfig) -> list[Clip]:
    """Return the first frames of films, with estimated motion, and films made of photos, with known motion.

    Raises FilmError, UnreadablePicture and InvalidOption, also for a film of fewer than two frames.
    """
    size, count = (3 * config.size // 4, config.size), config.frames
    clips = [read_clip(film, count, config.size) for film in films]
    short = next((film for film, clip in zip(films, clips, strict=True) if not clip.ways), None)
    if short is not None:
        raise InvalidOption(f"--video: {short} has a single frame, which cannot flicker")
    return clips + [moving_photo(photo, motion, size, count) for photo in photos for motion in MOTIONS]


def evaluate_films(
    styles: Sequence[str],
    clips: Sequence[Clip],
    paintings: Sequence[str],
    config: EvaluateConfig,
    *,
    follow: Follow = lambda over, what: None,
) -> Steadiness:
    """Paint each film in each style, steadily and frame by frame, and measure both.

    styles: as for `impasto.load`, or NAME=STYLE; none means three of the bundled ones; paintings: files, named like
    the styles.
    Raises as `impasto.load` does, and WeightsError for VGG-19 where there are paintings.
    """
    found, names = Steadiness(config), styles or DEFAULT
    criterion = PerceptualCriterion(load_vgg19(config.vgg)).to(open_device(config.device)) if paintings else None
    for number, subject in enumerate(names):
        name, place = named(subject)
        stylizer = load(place)
        style = stylizer.style.name if stylizer.style else IDENTITY
        title = style if place == subject else name
        distance = _distance(criterion, style, paintings)
        if criterion and distance is None:
            found.notices.append(f"--paintings has none called {style}, so its style distances are left out")
        for position, clip in enumerate(clips):
            follow((number + position / len(clips)) / len(names), f"{clip.name} in {title}")
            alone, steady = (paint(clip, stylizer, steady=each) for each in (False, True))
            errors = [warping_error(frames, clip.ways) for frames in (alone, steady)]
            distances = [None if distance is None else distance(frames) for frames in (alone, steady)]
            found.films.append(Steadied(clip.name, title, errors[0], errors[1], *distances))
    return found


def _distance(criterion: PerceptualCriterion | None, style: str, paintings: Sequence[str]) -> Distance | None:
    """Return what measures frames' mean style distance from the painting that is called like the style."""
    file = next((file for file in paintings if Path(file).stem == style), None)
    if criterion is None or file is None:
        return None
    target = criterion.style_target(tensor_for(criterion, pixels_of(file, 512)))

    def distance(frames: Sequence[Pixels]) -> float:
        judged = [frames[round(part * (len(frames) - 1))] for part in JUDGED]
        seen = (criterion.style_target(tensor_for(criterion, frame)) for frame in judged)
        return mean(float(criterion.style_distance(style, target)) for style in seen)

    return distance


def markdown_of_films(found: Steadiness) -> str:
    """Return the text: who measured, a table of films and styles, and means."""
    config, ratios = found.config, [each.ratio for each in found.films]
    lines = [
        heading(),
        f"\n{config.frames} frames at {config.size} px; ratios are to frame-by-frame painting with the same network.\n",
        "| film | style | warping error, frame by frame | steady | ratio | style distance, ratio |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for each in found.films:
        style = "" if each.style_ratio is None else f"{each.style_ratio:.2f}"
        errors = f"{each.error_alone:.5f} | {each.error_steady:.5f}"
        lines.append(f"| {each.film} | {each.style} | {errors} | {each.ratio:.2f} | {style} |")
    lines.append(
        f"\nwarping error: mean ratio {mean(ratios):.2f}, median {median(ratios):.2f}, worst {max(ratios):.2f}"
    )
    if styles := [each.style_ratio for each in found.films if each.style_ratio is not None]:
        lines.append(f"style distance: mean ratio {mean(styles):.2f}, worst {max(styles):.2f}")
    return "\n".join([*lines, *(f"{notice}." for notice in found.notices)]) + "\n"


def json_of_films(found: Steadiness) -> str:
    """Return everything as one JSON object."""
    films = [{**asdict(each), "ratio": each.ratio, "style_ratio": each.style_ratio} for each in found.films]
    return json.dumps({"machine": heading(), "config": asdict(found.config), "films": films, "notices": found.notices})


def write_films(found: Steadiness, folder: Path) -> list[Path]:
    """Write report.md and report.json into a folder; raises UnwritableOutput."""
    texts = {"report.md": markdown_of_films(found), "report.json": json_of_films(found)}
    return [write_whole(folder / name, text.encode()) for name, text in texts.items()]
