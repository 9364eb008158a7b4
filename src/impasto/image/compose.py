"""Putting a painting back on its photo: strength, masks, alpha and metadata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InvalidOption
from impasto.image.picture import (
    IntegerArray,
    Picture,
    described,
    row_strips,
    to_eight_bits,
    to_float,
    to_integers,
)
from impasto.image.resize import resize

__all__ = ["blend", "repaint", "with_layers", "with_mask"]


def blend(photo: NDArray[Any], painted: NDArray[Any], strength: float) -> NDArray[Any]:
    """Return the photo at strength 0, the painting at 1, both exactly, and a mixture between.

    photo, painted: (H, W, 3) of one dtype: uint8, uint16, or float32 in [0, 1]. A new array of that dtype.

    Raises InvalidOption if strength is outside [0, 1] or the two do not match.
    """
    if not 0 <= strength <= 1:
        raise InvalidOption(f"the strength must be 0 to 1, got {strength}")
    return _mixed(photo, painted, np.full((1, 1), strength, np.float32))


def with_mask(photo: NDArray[Any], painted: NDArray[Any], mask: NDArray[Any]) -> NDArray[Any]:
    """Return the painting where the mask is white, the photo where it is black, both exactly.

    photo, painted: as for `blend`.  mask: (H, W), bool, uint8, uint16, or float in [0, 1].

    Raises InvalidOption if shapes or dtypes do not match.
    """
    if mask.shape != photo.shape[:2]:
        raise InvalidOption(f"the mask must be {photo.shape[:2]}, got {described(mask)}")
    weights = to_float(mask) if mask.dtype in (np.uint8, np.uint16) else mask.astype(np.float32)
    return _mixed(photo, painted, weights)


def with_layers(ground: NDArray[Any], layers: Sequence[tuple[NDArray[Any], NDArray[np.float32]]]) -> NDArray[Any]:
    """Return the ground with paintings on it, later ones above earlier ones.

    ground, paintings: as for `blend`.  Their masks, (H, W) float32 in [0, 1], are shares of each pixel: the uppermost
    layer takes its share, the next of what is left as much as its own says, and the ground has the rest.  So where
    two masks with soft edges make up the whole, as a thing and all around it, nothing below shines through.

    Raises InvalidOption if shapes or dtypes do not match.
    """
    left = np.ones(ground.shape[:2], np.float32)
    shares: list[tuple[NDArray[Any], NDArray[np.float32]]] = []
    for painted, mask in reversed(layers):
        _check_alike(ground, painted)
        share = np.minimum(mask, left)
        left -= share
        shares.append((painted, share))
    mixed = np.empty_like(ground)
    for rows in row_strips(*ground.shape[:2]):
        strip = _as_float(ground[rows]) * left[rows, :, None]
        for painted, share in shares:
            strip += _as_float(painted[rows]) * share[rows, :, None]
        mixed[rows] = strip if ground.dtype == np.float32 else to_integers(strip, ground.dtype.type)
    return mixed


def repaint(picture: Picture, pixels: IntegerArray) -> Picture:
    """Return the picture with other pixels, (H, W, 3) uint8 or uint16 of any size.

    Its alpha follows in size and depth; EXIF, dpi and notices stay.
    """
    alpha = picture.alpha
    if alpha is not None:
        alpha = resize(alpha, pixels.shape[:2])
        if alpha.dtype != pixels.dtype:
            alpha = to_eight_bits(alpha) if pixels.dtype == np.uint8 else alpha.astype(np.uint16) * 257
    return replace(picture, pixels=pixels, alpha=alpha)


def _mixed(photo: NDArray[Any], painted: NDArray[Any], weights: NDArray[np.float32]) -> NDArray[Any]:
    """Return (1 - weights) * photo + weights * painted, strip by strip; weights: (H, W) or (1, 1)."""
    _check_alike(photo, painted)
    mixed = np.empty_like(photo)
    weights = np.broadcast_to(weights, photo.shape[:2])
    for rows in row_strips(*photo.shape[:2]):
        mixed[rows] = _mixed_strip(photo[rows], painted[rows], weights[rows, :, None])
    return mixed


def _check_alike(photo: NDArray[Any], painted: NDArray[Any]) -> None:
    if photo.shape != painted.shape or photo.dtype != painted.dtype:
        raise InvalidOption(f"photo and painting must match, got {described(photo)} and {described(painted)}")


def _as_float(pixels: NDArray[Any]) -> NDArray[np.float32]:
    return pixels if pixels.dtype == np.float32 else to_float(pixels)


def _mixed_strip(photo: NDArray[Any], painted: NDArray[Any], weights: NDArray[np.float32]) -> NDArray[Any]:
    if photo.dtype in (np.uint8, np.uint16):
        mixture = _mixed_strip(to_float(photo), to_float(painted), weights)
        return to_integers(mixture, photo.dtype.type)
    weighted: NDArray[Any] = (1 - weights) * photo + weights * painted
    return weighted
