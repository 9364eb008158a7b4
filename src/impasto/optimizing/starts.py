"""What an optimisation begins with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto.fitting import kept_fit, like
from impasto.image import read, resize, to_eight_bits, to_float

__all__ = ["find_start", "first_pixels", "is_picture"]

SAME_PAINTING = 0.05
"""Signatures that are not farther apart are of the same painting."""


def find_start(start: str, paintings: Sequence[str], shares: Sequence[float]) -> str:
    """Return what to start from where it is to be found out: a mix of known styles, or "photo" where there is none.

    start: of `OptimizeConfig`; shares: of the first paintings; the others have a region each.
    """
    if start not in ("auto", "network"):
        return start
    known = [_known_style(painting, any_=start == "network") for painting in paintings]
    if None in known:
        return "photo"
    if len(known) == 1:
        return str(known[0])
    weights = [*shares, *(1.0 for _ in known[len(shares) :])]
    return "+".join(f"{name}:{weight:g}" for name, weight in zip(known, weights, strict=True) if weight)


def _known_style(painting: str, *, any_: bool) -> str | None:
    """Return the name of the style that the network knows of a painting, from a fit or bundled.

    any_: whether the bundled style that is most like it will do.
    """
    kept = kept_fit(Path(painting))
    if kept is not None:
        return str(kept)
    (nearest, distance), *_ = like(painting)
    return nearest.name if any_ or distance < SAME_PAINTING else None


def is_picture(start: str) -> bool:
    """Return whether a start is a picture's file."""
    return Path(start).is_file() and not start.endswith(".style")


def first_pixels(
    start: str,
    photo: NDArray[np.uint8],
    paintings: Sequence[NDArray[np.float32]],
    toned: Callable[[NDArray[np.float32]], NDArray[np.float32]],
) -> NDArray[np.float32] | None:
    """Return what to begin with, (H, W, 3) float32 in [0, 1], of the photo's size; None is noise.

    start: as `find_start` returns it; photo: (H, W, 3); paintings: as they are to be seen; toned: gives pixels the
    colours that all are to be seen with.
    Raises PictureError, ModelError and InvalidOption for what a start names.
    """
    if start == "noise":
        return None
    if start == "mean":
        colour = np.mean([painting.mean((0, 1)) for painting in paintings], 0)
        return np.broadcast_to(colour, photo.shape).astype(np.float32)
    return toned(to_float(_named(start, photo)))


def _named(start: str, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width, _ = photo.shape
    if start == "photo":
        return photo
    if is_picture(start):
        return resize(to_eight_bits(read(start).pixels), (height, width))
    from impasto import api

    return np.asarray(api.load(start)(photo))
