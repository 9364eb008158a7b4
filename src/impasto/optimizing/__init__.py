"""Optimising one picture: the door to `impasto.gatys`, which is imported only when it is used.

optimize("photo.jpg", ["painting.jpg"], "painted.png")              # or, step by step:
running = open_optimization("photo.jpg", ["painting.jpg"], budget="30s")
for step in running.steps():
    print(step.content, step.style)
impasto.image.write(running.picture(), "painted.png")
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from impasto.errors import OptimizationError
from impasto.extras import needing
from impasto.image import Picture, contact_sheet, to_eight_bits, write
from impasto.optimizing.settings import RegionOf, Settings

if TYPE_CHECKING:
    from impasto.gatys.loop import Step
    from impasto.optimizing.optimization import Optimization

__all__ = ["Follow", "RegionOf", "Settings", "open_optimization", "optimize", "tune"]

TUNED_SIZE, TUNED_STEPS = 256, 25
TUNED_STROKES = (0.7, 1.4)

Files: TypeAlias = "str | Path | Sequence[str | Path]"
Follow: TypeAlias = "Callable[[Optimization, Step], None]"
"""Called after each step."""


def optimize(
    photo: str | Path,
    paintings: Files,
    output: str | Path | None = None,
    *,
    regions: Sequence[RegionOf] = (),
    follow: Follow | None = None,
    **options: Any,
) -> Picture:
    """Paint a photo like paintings by optimising its pixels, and return it; needs impasto[train].

    photo: a file; paintings: one file or several; regions: parts with a painting of their own; output: the file to
    write; a PNG carries the settings; follow: called after each step; options: see
    `impasto.gatys.config.OptimizeConfig`.
    Interrupted by Ctrl-C, or where it cannot go on, it ends with the best so far, if there is any.
    Raises PictureError, InvalidOption, ModelError, WeightsError, EngineUnavailable and OptimizationError.
    """
    running = open_optimization(photo, paintings, regions=regions, **options)
    if output is not None:
        running.check_output(Path(output))
    picture = _run(running, follow)
    if output is not None:
        write(picture, output)
    return picture


def _run(running: Optimization, follow: Follow | None = None) -> Picture:
    """Return what an optimisation comes to, or the best until it was interrupted or could not go on."""
    try:
        for step in running.steps():
            if follow is not None:
                follow(running, step)
    except (KeyboardInterrupt, OptimizationError) as error:
        if running.last is None:
            raise
        if isinstance(error, OptimizationError):
            running.notices.append(f"{error}; this is the best until then")
    return running.picture()


def open_optimization(
    photo: str | Path, paintings: Files, *, regions: Sequence[RegionOf] = (), **options: Any
) -> Optimization:
    """Return an optimisation that is ready to run; arguments and errors as for `optimize`."""
    with needing("train", "optimising"):
        from impasto.gatys.config import OptimizeConfig
        from impasto.optimizing.optimization import Optimization
    files = [paintings] if isinstance(paintings, (str, Path)) else list(paintings)
    return Optimization(str(photo), [str(file) for file in files], regions, OptimizeConfig.of(**options))


def tune(
    photo: str | Path,
    paintings: Files,
    output: str | Path,
    *,
    count: int = 6,
    regions: Sequence[RegionOf] = (),
    follow: Callable[[str, int, int], None] | None = None,
    **options: Any,
) -> None:
    """Write a sheet of the same pair at 256 px in `count` settings: strengths across, sizes of strokes down.

    follow: called before each with its name, its number and `count`.  The rest as for `optimize`.
    """
    bound = {} if "budget" in options else {"steps": TUNED_STEPS}
    given = {"size": TUNED_SIZE, **bound, **options}
    columns = -(-count // len(TUNED_STROKES))
    strengths = [0.5] if columns == 1 else [0.2 + 0.6 * column / (columns - 1) for column in range(columns)]
    settings = [(stroke, strength) for stroke in TUNED_STROKES for strength in strengths][:count]
    tiles: list[tuple[str, NDArray[np.uint8]]] = []
    for number, (stroke, strength) in enumerate(settings, 1):
        name = f"strength {strength:.2g}, stroke {stroke:g}"
        setting = {**given, "stroke": stroke, "style_strength": strength}
        running = open_optimization(photo, paintings, regions=regions, **setting)
        running.check_output(Path(output))
        if follow is not None:
            follow(name, number, count)
        tiles.append((name, to_eight_bits(_run(running).pixels)))
    write(Picture(contact_sheet(tiles, columns=columns)), output)
