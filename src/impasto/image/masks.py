"""Masks: where a photo is painted, from a file or an array, and how softly it ends."""

from __future__ import annotations

import math
import os
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import InvalidOption
from impasto.image.decode import DEFAULT_MAX_PIXELS
from impasto.image.files import Source, read
from impasto.image.picture import Picture, described, luma, row_strips, to_float

__all__ = ["Mask", "feather", "read_mask", "resize_mask"]

_FAINTEST = 1.01 / 255
_FAINT = 0.1
_SAME_PROPORTIONS = 0.01


class Mask(NamedTuple):
    """Where to paint.

    weights: (H, W) float32 in [0, 1], 1 is painted.  notices: sentences for the user about what was done to it.
    """

    weights: NDArray[np.float32]
    notices: tuple[str, ...] = ()


def read_mask(
    source: Source, size: tuple[int, int], name: str = "the mask", *, max_pixels: int = DEFAULT_MAX_PIXELS
) -> Mask:
    """Return a mask of this (height, width): white is painted, black is not, grey partly.

    source: a file or whatever else `read` takes, or an array (H, W) or (H, W, 3), bool, uint8, uint16 or
    float in [0, 1]. Of colours their lightness counts, which alpha, where there is one, multiplies. White is
    the most that the type holds: 16-bit masks keep their fine steps, and nothing is stretched by guess, so a
    mask of other values is refused if it is all but black and mentioned if it is faint.

    A mask of another size is resized, which a notice says; also if that changes its proportions by more than
    1 %.  name: what errors and notices call the mask; a file's path is added.  max_pixels: as for `read`.

    Raises UnreadablePicture and PictureTooLarge as `read` does, and InvalidOption for other arrays and for
    masks in which nothing is white.
    """
    if isinstance(source, str | os.PathLike):
        name = f"{name} {os.fspath(source)}"
    values, notices = _values(source, name, max_pixels)
    brightest = float(values.max())
    _check_not_empty(brightest, name)
    if brightest < _FAINT:
        notices = (*notices, f"{name} is nowhere lighter than {brightest:.1%} of white, so the painting is faint")
    if values.shape == tuple(size):
        return Mask(values, notices)
    return Mask(resize_mask(values, size), (*notices, _resize_notice(values.shape, size, name)))


def feather(mask: NDArray[np.float32], radius: float) -> NDArray[np.float32]:
    """Return the mask with edges that go from black to white within about `radius` pixels on either side.

    mask: (H, W) float32 in [0, 1], which the result is too. radius: in px; 0 gives the mask itself. What is
    farther from an edge than `radius` (and the 3 px of a fraction's rounding) stays exactly as it is. Beyond
    its border the mask goes on as its outermost pixels do. The time does not depend on the radius.

    Raises InvalidOption for other arrays and for a radius that is negative or not finite.
    Source: three box filters are nearly a Gaussian (Wells 1986, "Efficient synthesis of Gaussian filters by
    cascaded uniform filters"), here of sigma radius / 3; fractions as in Gwosdek et al. 2011, "Theoretical
    foundations of Gaussian convolution by extended box filtering".
    """
    if mask.ndim != 2 or mask.dtype != np.float32 or not mask.size:
        raise InvalidOption(f"a mask to feather must be (H, W) float32, got {described(mask)}")
    if not (math.isfinite(radius) and radius >= 0):
        raise InvalidOption(f"the feather must be 0 or more pixels, got {radius}")
    if radius == 0:
        return mask
    across = _smoothed_rows(mask, radius / 3)
    return np.ascontiguousarray(_smoothed_rows(across.T, radius / 3).T)


def resize_mask(values: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Return a mask, (H, W) float32 in [0, 1], at (height, width).

    Bilinear, because Lanczos would paint rings around every edge.
    """
    resized = Image.fromarray(values).resize(size[::-1], Image.Resampling.BILINEAR)
    weights: NDArray[np.float32] = np.clip(np.asarray(resized), 0, 1)
    return weights


def _values(source: Source, name: str, max_pixels: int) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Return the mask in its own size, and what reading it had to say."""
    if isinstance(source, np.ndarray) and (source.dtype == np.bool_ or np.issubdtype(source.dtype, np.floating)):
        return _from_fractions(source, name), ()
    try:
        picture = read(source, max_pixels=max_pixels, name=name)
    except InvalidOption as error:
        if isinstance(source, np.ndarray):
            raise _wrong_array(source, name) from error
        raise
    return _weights(picture), picture.notices


def _from_fractions(values: NDArray[Any], name: str) -> NDArray[np.float32]:
    """Return a bool or float array as weights."""
    if not values.size or not (values.ndim == 2 or (values.ndim == 3 and values.shape[2] == 3)):
        raise _wrong_array(values, name)
    if not ((values >= 0) & (values <= 1)).all():  # false for NaN too
        raise InvalidOption(f"{name} has floats outside 0 to 1; divide them by what white is, or give integers")
    fractions: NDArray[np.float32] = values.astype(np.float32)
    return fractions if values.ndim == 2 else luma(fractions)


def _wrong_array(values: NDArray[Any], name: str) -> InvalidOption:
    return InvalidOption(
        f"{name} must be (H, W) or (H, W, 3), bool, uint8, uint16 or float in 0 to 1, got {described(values)}"
    )


def _weights(picture: Picture) -> NDArray[np.float32]:
    """Return a picture's lightness times its alpha, strip by strip."""
    weights = np.empty(picture.size, np.float32)
    for rows in row_strips(*picture.size):
        weights[rows] = luma(to_float(picture.pixels[rows]))
        if picture.alpha is not None:
            weights[rows] *= to_float(picture.alpha[rows])
    return weights


def _check_not_empty(brightest: float, name: str) -> None:
    if brightest == 0:
        raise InvalidOption(f"{name} is empty (all black), so nothing would be painted; make white what is to be")
    if brightest <= _FAINTEST:
        raise InvalidOption(
            f"{name} is all but black (at most {brightest:.2%} of white), so nothing would be painted; "
            "scale its values so that white is 255 (of 8 bits) or 65535 (of 16)"
        )


def _resize_notice(has: tuple[int, ...], size: tuple[int, int], name: str) -> str:
    (own_height, own_width), (height, width) = has, size
    stretch = (own_width * height) / (own_height * width)
    how = "resized" if abs(math.log(stretch)) <= math.log1p(_SAME_PROPORTIONS) else "stretched to other proportions"
    return f"{name} has {own_width} x {own_height} pixels, the photo {width} x {height}; it was {how}"


def _smoothed_rows(mask: NDArray[np.float32], half_width: float) -> NDArray[np.float32]:
    """Return the mask after three box filters along its rows, strip by strip."""
    smoothed = np.empty_like(mask, order="C")
    for rows in row_strips(*mask.shape):
        strip = mask[rows].astype(np.float64)
        for _ in range(3):
            strip = _boxed(strip, half_width)
        strip[strip < 1e-9] = 0  # what running sums leave of black; near white rounding to float32 sees to it
        smoothed[rows] = np.minimum(strip, 1)
    return smoothed


def _boxed(strip: NDArray[np.float64], half_width: float) -> NDArray[np.float64]:
    """Return the means of windows that reach `half_width` px left and right of each pixel's centre.

    The outermost pixel of a window counts by its fraction; the outermost pixels of a row go on for ever.
    """
    width = strip.shape[1]
    whole = math.floor(half_width)
    places = np.arange(width)
    first, last = strip[:, :1], strip[:, -1:]
    sums = np.concatenate([np.zeros_like(first), np.cumsum(strip, axis=1)], axis=1)
    window = sums[:, np.minimum(places + whole + 1, width)]
    window -= sums[:, np.maximum(places - whole, 0)]
    window += np.maximum(whole - places, 0) * first
    window += np.maximum(places + whole - (width - 1), 0) * last
    ends = strip[:, np.maximum(places - whole - 1, 0)] + strip[:, np.minimum(places + whole + 1, width - 1)]
    window += (half_width - whole) * ends
    window /= 2 * half_width + 1
    return window
