"""Learning a style from a painting: the doors to `impasto.training.fit`, which is imported only when it is used."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.atomic import check_folder
from impasto.errors import (
    InvalidOption,
    ModelError,
    TrainingError,
    UnreadablePicture,
    UnwritableOutput,
)
from impasto.extras import needing
from impasto.model import (
    Manifest,
    Model,
    Style,
    StyleInfo,
    bundled_styles,
    is_style_file,
    nearest,
    network_of,
    read_style,
    styles_beside,
    write_style,
)

if TYPE_CHECKING:
    from impasto.training.fit import FitReport, StyleFit

__all__ = ["Follow", "fit", "fitted", "kept_fit", "like", "open_fit"]

Follow = Callable[["StyleFit", "FitReport"], None]
"""Called after each step of a fit."""


def fit(
    painting: str | Path,
    output: str | Path | None = None,
    *,
    model: Model = "main",
    follow: Follow | None = None,
    **options: Any,
) -> Style:
    """Learn a painting's style for a network and return it; needs impasto[train].

    output: the .style file to write.  model: a bundled network or a network's file.
    follow: called after each step.  Interrupted by Ctrl-C it ends with the best so far.
    options: see `impasto.training.config.FitConfig`.
    Raises PictureError for the painting or the output, InvalidOption, ModelError, DataError, EngineUnavailable and
    TrainingError.
    """
    if output is not None:
        _check_output(Path(output))
    running = open_fit(painting, model=model, **options)
    try:
        _run(running, follow)
    except KeyboardInterrupt:
        if not running.course.done:
            raise
    if output is not None:
        _write(running.best, Path(output))
    return running.best


def fitted(painting: Path, model: Model = "main", follow: Follow | None = None) -> Style:
    """Return a painting's style from the user's cache, or learn it as `fit` does and keep it there.

    Interrupted, it keeps nothing.
    """
    kept = _cached(painting, model)
    if kept.exists():
        with suppress(ModelError):  # a damaged file in the cache is no loss: it is made anew
            return replace(read_style(kept), name=painting.stem)
    running = open_fit(painting, model=model)
    _run(running, follow)
    with suppress(OSError):  # a cache that cannot be written costs time, not the style
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_style(running.best, kept)
    return running.best


def kept_fit(painting: Path, model: Model = "main") -> Path | None:
    """Return the file in the user's cache with a painting's style, or None if it was not fitted yet.

    Raises UnreadablePicture.
    """
    kept = _cached(painting, model)
    return kept if kept.exists() else None


def open_fit(painting: str | Path, *, model: Model = "main", **options: Any) -> StyleFit:
    """Return a fit that is ready to run, to follow step by step; arguments and errors as for `fit`."""
    from impasto.training.config import FitConfig

    config, file = FitConfig(**options), network_of(model)
    opened: StyleFit = _training().StyleFit(Path(painting), file, styles_beside(file), config)
    return opened


def like(painting: str | Path, model: Model = "main") -> list[tuple[StyleInfo, float]]:
    """Return the bundled styles with the distances of their paintings from this one, nearest first.

    A distance estimates the relative style distance: 0 for the same painting, of the order of 1 for two.
    Needs impasto[train].  Raises PictureError, InvalidOption for a painting that is too small, EngineUnavailable.
    """
    return nearest(_training().signature_of(Path(painting)), bundled_styles(model))


def _run(running: StyleFit, follow: Follow | None) -> None:
    for report in running.steps():
        if follow is not None:
            follow(running, report)
    if not running.course.done:
        raise TrainingError(f"no step was done in {running.config.budget}; give a longer --budget")


def _training() -> Any:
    """Return the module that learns styles; raises EngineUnavailable if what it needs is not installed."""
    with needing("train", "learning a style"):
        from impasto.training import fit as module
    return module


def _cached(painting: Path, model: Model) -> Path:
    """Return where the style is kept that a network learns of this painting, by the contents of both and the way."""
    from platformdirs import user_cache_path

    from impasto.training.config import FitConfig

    try:
        digest = hashlib.sha256(painting.read_bytes())
    except OSError as error:
        raise UnreadablePicture(str(painting), (error.strerror or "cannot be read").lower()) from error
    fingerprint = Manifest.read(network_of(model).with_suffix(".safetensors")).fingerprint
    digest.update(repr((fingerprint, FitConfig())).encode())
    return user_cache_path("impasto") / "styles" / f"{digest.hexdigest()[:32]}.style"


def _check_output(output: Path) -> None:
    """Raise before the work what would be in the way of writing after it."""
    if not is_style_file(output.name):
        raise InvalidOption(f"--output: {output} must end in .style")
    check_folder(output)


def _write(style: Style, output: Path) -> None:
    try:
        write_style(style, output)
    except OSError as error:
        raise UnwritableOutput(str(output), error.strerror or "cannot be written") from error
