"""Colours of photo and painting: keeping a photo's own, and moving a picture's towards a palette.

All is done in Oklab (Ottosson 2020, "A perceptual color space for image processing"): sRGB is decoded to
linear light, mixed to cone responses l, m, s, and their cube roots are mixed to lightness L and to a and b,
which hold hue and chroma. Equal cube roots are greys, and adding one number to all three changes L alone: so
most of the work is done on the roots, (3, n) float32, and greys stay greys to the last bit.

A colour that sRGB does not have comes back along the line to the grey of its lightness, not by clipping
channels, which would shift hue and lightness.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InvalidOption
from impasto.image.picture import IntegerArray, check_pixels, described, luma, row_strips, to_float, to_integers

__all__ = ["grey_like", "keep_colors", "match_palette", "palette_of"]

_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
"""From linear sRGB to cone responses: M1 of Ottosson 2020 with his sRGB matrix; rows add up to 1."""

_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
"""From the cube roots of the responses to L, a, b: M2 of Ottosson 2020; rows add up to 1, 0 and 0."""

_LINEAR = np.linalg.inv(_CONES)
_ROOTS = np.linalg.inv(_OKLAB)

_CONES_OF_DIFFERENCES = _CONES[:, ::2].astype(np.float32)
_LINEAR_OF_DIFFERENCES = _LINEAR[:, ::2].astype(np.float32)
_LINEAR_OF_RESPONSES = _LINEAR.astype(np.float32)

_TOLERANCE = np.float32(4e-6)
"""Linear light outside [0, 1] by this much is rounding, a fiftieth of an 8-bit step at most."""

_GAMUT_STEPS = 12
_SAMPLE = 1 << 18
_LEAST_VARIANCE = 1e-8
_LEAST_DEVIATION = 1e-3
_MOST_STRETCH = 5.0
"""A grey or flat picture's few colours are mostly noise, which more than this would make into blotches."""


def keep_colors(photo: NDArray[Any], painted: NDArray[Any]) -> NDArray[Any]:
    """Return the painting in the photo's colours: lightness of the one, hue and chroma of the other.

    photo, painted: (H, W, 3) of one dtype: uint8, uint16, or float32 in [0, 1], where others are clipped.
    A new array of that dtype. Chroma is less where sRGB has no such colour of that lightness; black, white
    and what is grey in the photo are grey exactly.

    Raises InvalidOption for other arrays and if the two do not match.
    Source: the luminance-only transfer of Gatys et al. 2016, "Preserving color in neural artistic style
    transfer".  Differs: in Oklab, not in YIQ, and applied to the finished painting.
    """
    check_pixels(photo)
    if photo.shape != painted.shape or photo.dtype != painted.dtype:
        raise InvalidOption(f"photo and painting must match, got {described(photo)} and {described(painted)}")
    kept = np.empty_like(photo)
    for rows in row_strips(*photo.shape[:2]):
        roots = _cube_roots(photo[rows])
        roots -= _lightness(roots)
        kept[rows] = _encoded(_lightness(_cube_roots(painted[rows])), roots, kept[rows])
    return kept


def grey_like(pixels: NDArray[np.float32], photo: IntegerArray) -> NDArray[np.float32]:
    """Return pixels, (H, W, 3) float32 in [0, 1], as greys whose luma has the photo's mean and deviation.

    photo: (h, w, 3) uint8 or uint16.
    Source: Gatys et al. 2016, "Preserving Color in Neural Artistic Style Transfer", eq. 10.
    """
    own, wanted = luma(pixels), luma(to_float(photo))
    matched = (own - own.mean()) * (wanted.std() / max(float(own.std()), _LEAST_DEVIATION)) + wanted.mean()
    return np.repeat(np.clip(matched, 0, 1)[..., None], 3, axis=2).astype(np.float32)


def palette_of(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Return what colours a picture has, (4, 3) float32 in Oklab: the mean L, a, b and their covariance below.

    pixels: (H, W, 3) uint8, uint16, or float32 in [0, 1]. Of large pictures every second, third ... pixel
    of every second, third ... row is taken, so that there are at most about a quarter of a million.

    Raises InvalidOption for other arrays.
    """
    check_pixels(pixels)
    height, width, _ = pixels.shape
    step = 1
    while -(-height // step) * -(-width // step) > _SAMPLE:
        step += 1
    colours = _OKLAB @ _cube_roots(pixels[::step, ::step]).astype(np.float64)
    mean = colours.mean(axis=1)
    colours -= mean[:, None]
    covariance = colours @ colours.T / colours.shape[1]
    return np.vstack([mean, covariance]).astype(np.float32)


def match_palette(pixels: NDArray[Any], palette: NDArray[Any]) -> NDArray[Any]:
    """Return the pixels recoloured so that the mean and covariance of their colours are the palette's.

    pixels: as for `palette_of`.  palette: what that gives for another picture.  A new array of the pixels'
    dtype. The match is exact but for colours that sRGB does not have, and for pictures so flat or grey that
    a direction of colour would have to be stretched more than fivefold: it is stretched fivefold.

    Raises InvalidOption for other arrays.
    Source: the linear Monge-Kantorovich map of Pitie & Kokaram 2007, "The linear Monge-Kantorovitch linear
    colour mapping for example-based colour transfer", eq. 4.  Differs: in Oklab; the stretch has a limit.
    """
    check_pixels(pixels)
    _check_palette(palette)
    own, wanted = palette_of(pixels).astype(np.float64), palette.astype(np.float64)
    stretch = _transport(own[1:], wanted[1:])
    # All in one: roots to Oklab, the map there, and back to roots.
    matrix = (_ROOTS @ stretch @ _OKLAB).astype(np.float32)
    offset = (_ROOTS @ (wanted[0] - stretch @ own[0])).astype(np.float32)[:, None]
    matched = np.empty_like(pixels)
    for rows in row_strips(*pixels.shape[:2]):
        roots = matrix @ _cube_roots(pixels[rows])
        roots += offset
        lightness = _lightness(roots)
        roots -= lightness
        matched[rows] = _encoded(np.clip(lightness, 0, 1), roots, matched[rows])
    return matched


def _check_palette(palette: NDArray[Any]) -> None:
    if palette.shape != (4, 3) or not np.issubdtype(palette.dtype, np.floating):
        raise InvalidOption(f"a palette must be (4, 3) floats as palette_of gives them, got {described(palette)}")
    covariance = palette[1:]
    if not np.isfinite(palette).all() or not np.allclose(covariance, covariance.T, atol=1e-6):
        raise InvalidOption("a palette must be a mean and a symmetric covariance, all finite; use palette_of")


def _transport(own: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the symmetric T, (3, 3), with T own T = wanted, which moves a Gaussian's colours least."""
    least = _LEAST_VARIANCE * np.eye(3)
    root = _power(own + least, 0.5)
    inverse = _power(own + least, -0.5)
    values, vectors = np.linalg.eigh(inverse @ _power(root @ (wanted + least) @ root, 0.5) @ inverse)
    limited: NDArray[np.float64] = (vectors * np.clip(values, 0, _MOST_STRETCH)) @ vectors.T
    return limited


def _power(matrix: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """Return a power of a symmetric positive matrix."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    power: NDArray[np.float64] = (vectors * np.maximum(values, 1e-12) ** exponent) @ vectors.T
    return power


def _cube_roots(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Return the cube roots of l, m, s, (3, n), of pixels (h, w, 3); exactly equal ones for greys."""
    linear = _decoded(pixels)
    green = linear[1].copy()
    linear -= green
    responses: NDArray[np.float32] = _CONES_OF_DIFFERENCES @ linear[::2]
    responses += green
    np.cbrt(responses, out=responses)
    return responses


def _lightness(roots: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return L, (n,), of cube roots (3, n): exactly their common value where they are equal."""
    long, middle, short = roots
    weight_long, _, weight_short = _OKLAB[0].astype(np.float32)
    lightness: NDArray[np.float32] = middle + weight_long * (long - middle) + weight_short * (short - middle)
    return lightness


def _encoded(lightness: NDArray[np.float32], chroma: NDArray[np.float32], like: NDArray[Any]) -> NDArray[Any]:
    """Return pixels of the shape and dtype of `like`, the colours brought into sRGB.

    lightness: (n,) in [0, 1].  chroma: cube roots less their lightness, (3, n); changed.
    """
    linear = _linear(lightness + chroma)
    outside = np.flatnonzero((linear.min(axis=0) < -_TOLERANCE) | (linear.max(axis=0) > 1 + _TOLERANCE))
    if outside.size:
        light, far = lightness[outside], np.ascontiguousarray(chroma[:, outside])
        linear[:, outside] = _linear(light + _share_inside(light, far) * far)
    np.clip(linear, 0, 1, out=linear)
    height, width, _ = like.shape
    encoded: NDArray[Any] = _from_linear(linear, like.dtype).reshape(3, height, width).transpose(1, 2, 0)
    return encoded


def _linear(roots: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return linear sRGB, (3, n), of cube roots: exactly equal channels where the roots are equal."""
    responses = roots * roots
    responses *= roots
    middle = responses[1].copy()
    responses -= middle
    linear: NDArray[np.float32] = _LINEAR_OF_DIFFERENCES @ responses[::2]
    linear += middle
    return linear


def _share_inside(lightness: NDArray[np.float32], chroma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the largest share of each colour's chroma, (n,) in [0, 1], that sRGB has at its lightness.

    Each channel is a cubic in the share, and all of [0, share] lies inside. By the Illinois method (Dowell &
    Jarratt 1971) on how far the farthest channel is outside; the end that is inside is returned.
    """
    cubic = _channel_polynomials(lightness, chroma)
    inside, outside = np.zeros_like(lightness), np.ones_like(lightness)
    below, above = _excess(cubic, inside), _excess(cubic, outside)
    for _ in range(_GAMUT_STEPS):
        share = inside + (outside - inside) * (below / np.minimum(below - above, -np.finfo(np.float32).tiny))
        excess = _excess(cubic, share)
        is_inside = excess <= 0
        # The value at an end that stays is halved: else that end could stay for ever.
        above = np.where(is_inside, above / 2, excess)
        below = np.where(is_inside, excess, below / 2)
        inside = np.where(is_inside, share, inside)
        outside = np.where(is_inside, outside, share)
    return inside


def _channel_polynomials(
    lightness: NDArray[np.float32], chroma: NDArray[np.float32]
) -> tuple[NDArray[np.float32], ...]:
    """Return the coefficients, constant first, of each linear channel as a polynomial in the share of chroma."""
    square = chroma * chroma
    return (
        lightness**3,
        3 * lightness * lightness * (_LINEAR_OF_RESPONSES @ chroma),
        3 * lightness * (_LINEAR_OF_RESPONSES @ square),
        _LINEAR_OF_RESPONSES @ (square * chroma),
    )


def _excess(cubic: tuple[NDArray[np.float32], ...], share: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how far the farthest channel is outside [0, 1], (n,): negative inside."""
    constant, first, second, third = cubic
    channels = ((third * share + second) * share + first) * share + constant
    excess: NDArray[np.float32] = np.maximum(-channels.min(axis=0), channels.max(axis=0) - 1)
    return excess


def _decoded(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Return linear light, (3, n), of sRGB pixels (h, w, 3); floats outside [0, 1] are clipped, NaN is 0."""
    planes = np.ascontiguousarray(pixels.reshape(-1, 3).T)
    if planes.dtype == np.uint8:
        light: NDArray[np.float32] = _LIGHT_OF_BYTE[planes]
        return light
    if planes.dtype == np.uint16:
        return _light_of(to_float(planes))
    return _light_of(np.fmin(np.fmax(planes, 0), 1))


def _from_linear(linear: NDArray[np.float32], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return sRGB values of linear light in [0, 1], any shape."""
    if dtype == np.uint8:
        values: NDArray[Any] = _BYTE_OF_LIGHT[(linear * np.float32(65535) + np.float32(0.5)).astype(np.uint16)]
        return values
    values = _value_of(linear)
    return to_integers(values, np.uint16) if dtype == np.uint16 else values


def _light_of(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return linear light of sRGB values, both in [0, 1] (IEC 61966-2-1)."""
    light: NDArray[np.float32] = ((values + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    return np.where(values <= np.float32(0.04045), values / np.float32(12.92), light)


def _value_of(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return sRGB values of linear light, both in [0, 1] (IEC 61966-2-1)."""
    value: NDArray[np.float32] = np.float32(1.055) * light ** np.float32(1 / 2.4) - np.float32(0.055)
    return np.where(light <= np.float32(0.0031308), light * np.float32(12.92), value)


_LIGHT_OF_BYTE: NDArray[np.float32] = _light_of(np.linspace(0, 1, 256, dtype=np.float32))
_BYTE_OF_LIGHT = np.round(_value_of(np.linspace(0, 1, 65536, dtype=np.float32)) * 255).astype(np.uint8)
"""A step of this table is a twentieth of an 8-bit level at most."""
