"""The main subject of a photo, found without a trained network: saliency, GrabCut and a guided filter."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import EngineUnavailable, InvalidOption
from impasto.image.picture import check_pixels, row_strips, to_eight_bits, to_float, to_integers
from impasto.image.resize import fit, resize

__all__ = ["find_subject"]

_WORKING_SIDE = 512
_SALIENCY_SIDE = 64
_LEAST_CONTRAST = 1.0
"""A photo whose L, a and b all have a smaller standard deviation in CIE Lab is flat: nothing stands out."""

_SPREAD = 0.33
"""Sigma of the centre prior, in sides of the picture."""

_REGIONS = 24
_REGION_REACH = 60.0
"""The long side in units of CIE Lab: how much being near counts against being of like colour."""

_SURELY_INSIDE = 250
_CUT_ROUNDS = 2
_SEED = 20130
_LEAST_PART = 0.15
"""Connected parts are kept that have this share of the largest one's pixels."""

_LARGEST_HOLE = 0.004
_LEAST, _MOST = 0.01, 0.95
_WINDOW = 0.012
"""Half the guided filter's window, in long sides."""

_SMOOTHNESS = 1e-4
_HAZE = 0.1


def find_subject(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Return where the main subject of a photo is, (H, W) float32 in [0, 1], 1 inside and soft at its edge.

    pixels: (H, W, 3) uint8, uint16, or float32 in [0, 1]. The same pixels give the same mask.

    It works from colour and place alone and does not know what things are. It is good at one thing, or a
    group, near the middle, in colours that the border of the photo does not have: a flower, an animal, a car,
    a building before trees. It finds part of the subject, or the wrong thing, where the subject has the
    background's colours or very different ones of its own (a face above a bright dress), fills the photo or
    lies at its border, or is one of many things (streets, shops). In a landscape it takes what stands out,
    perhaps a piece of sky. So look at the mask.

    Raises EngineUnavailable without OpenCV, and InvalidOption for other arrays and where the find covers
    less than 1 % or more than 95 % of the photo.
    Source: first guess by the spectral residual of Hou & Zhang 2007, "Saliency detection: a spectral
    residual approach", the contrast to the border of Zhang et al. 2015, "Minimum barrier salient object
    detection at 80 FPS", and a centre prior; cut by Rother et al. 2004, "GrabCut"; edge by He et al. 2013,
    "Guided image filtering", whose coefficients are enlarged as in He & Sun 2015, "Fast guided filter".
    Differs: the guess is averaged over regions of like colour, so that things hold together.
    """
    check_pixels(pixels)
    cv2 = _opencv()
    small = _small(pixels)
    subject = _whole(cv2, _cut(cv2, small, _saliency(cv2, small)))
    share = float(subject.mean())
    if not _LEAST <= share <= _MOST:
        raise InvalidOption("no subject stands out in this photo; say where it is with --mask or --region")
    return _refined(cv2, subject, small, pixels)


def _opencv() -> ModuleType:
    try:
        import cv2
    except ImportError as error:
        raise EngineUnavailable("finding the subject needs OpenCV; pip install 'impasto[subject]'") from error
    module: ModuleType = cv2
    return module


def _small(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the photo as uint8 with a long side of at most _WORKING_SIDE."""
    height, width, _ = pixels.shape
    small = resize(pixels, fit((height, width), min(max(height, width), _WORKING_SIDE)))
    eight_bits = to_integers(small) if small.dtype == np.float32 else to_eight_bits(small)
    return np.ascontiguousarray(eight_bits, np.uint8)


def _saliency(cv2: ModuleType, small: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return how much each pixel of (h, w, 3) stands out, (h, w) in [0, 1]."""
    height, width, _ = small.shape
    tiny = cv2.resize(small, fit((height, width), _SALIENCY_SIDE)[::-1], interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(tiny.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    if lab.std(axis=(0, 1)).max() < _LEAST_CONTRAST:
        return np.zeros((height, width), np.float32)
    stands_out = _spectral_residual(cv2, lab) + 2 * _border_contrast(cv2, lab)
    stands_out *= _centre_prior(*lab.shape[:2])
    stands_out = (stands_out + 2 * _by_region(cv2, lab, stands_out)) / 3
    large: NDArray[np.float32] = cv2.resize(_stretched(stands_out), (width, height), interpolation=cv2.INTER_LINEAR)
    return large


def _spectral_residual(cv2: ModuleType, lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what the amplitude spectrum has beyond its own average, per channel, added up; (h, w) in [0, 1].

    Source: Hou & Zhang 2007, eqs. 8 to 11.  Differs: in the three channels of CIE Lab, not in grey.
    """
    total = np.zeros(lab.shape[:2])
    for channel in np.moveaxis(lab, -1, 0):
        spectrum = np.fft.fft2(channel)
        amplitude = np.log(np.abs(spectrum) + 1e-3)
        residual = amplitude - cv2.blur(amplitude, (3, 3))
        total += np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))) ** 2
    return _stretched(np.sqrt(cv2.GaussianBlur(total, (0, 0), 2.5)))


def _border_contrast(cv2: ModuleType, lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how unlike the colours of the borders each pixel is, (h, w) in [0, 1].

    Source: Zhang et al. 2015, on background cues: the Mahalanobis distances to the colours of the four borders are
    added up without the greatest, since the subject may touch one of them.
    """
    height, width, _ = lab.shape
    depth = max(1, min(height, width) // 10)
    sides = (lab[:depth], lab[-depth:], lab[:, :depth], lab[:, -depth:])
    distances = np.stack([_stretched(_mahalanobis(lab, side.reshape(-1, 3))) for side in sides])
    return _stretched(distances.sum(axis=0) - distances.max(axis=0))


def _mahalanobis(lab: NDArray[np.float32], colours: NDArray[np.float32]) -> NDArray[np.float64]:
    offset = lab - colours.mean(axis=0)
    inverse = np.linalg.inv(np.cov(colours, rowvar=False, bias=True) + 10 * np.eye(3))
    squares: NDArray[np.float64] = np.einsum("hwi,ij,hwj->hw", offset, inverse, offset)
    return np.sqrt(squares)


def _by_region(cv2: ModuleType, lab: NDArray[np.float32], values: NDArray[Any]) -> NDArray[np.float64]:
    """Return each pixel's value averaged over the region of like colours near it, so that things hold together."""
    height, width, _ = lab.shape
    down, across = np.indices((height, width), np.float32) * (_REGION_REACH / max(height, width))
    features = np.dstack([lab, down, across]).reshape(-1, 5)
    cv2.setRNGSeed(_SEED)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    count = min(_REGIONS, len(features))
    _, labels, _ = cv2.kmeans(features, count, None, stop, 1, cv2.KMEANS_PP_CENTERS)
    regions = labels.ravel()
    totals = np.bincount(regions, values.ravel(), count) / np.maximum(np.bincount(regions, minlength=count), 1)
    averages: NDArray[np.float64] = totals[regions].reshape(height, width)
    return averages


def _centre_prior(height: int, width: int) -> NDArray[np.float64]:
    down = (np.arange(height) + 0.5) / height - 0.5
    across = (np.arange(width) + 0.5) / width - 0.5
    prior: NDArray[np.float64] = np.exp(-(down[:, None] ** 2 + across**2) / (2 * _SPREAD**2))
    return prior


def _stretched(values: NDArray[Any]) -> NDArray[np.float32]:
    """Return the values from 0 for the least to 1 for the 99th percentile."""
    low, high = float(values.min()), float(np.percentile(values, 99))
    return np.clip((values - low) / max(high - low, 1e-6), 0, 1).astype(np.float32)


def _cut(cv2: ModuleType, small: NDArray[np.uint8], guess: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the foreground, (h, w) of 0 and 1, by GrabCut from where the guess is high."""
    levels = (guess * 255).astype(np.uint8)
    threshold, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    inside: NDArray[np.bool_] = levels > threshold
    if not inside.any() or inside.all():
        return inside.astype(np.uint8)  # flat: there are no two kinds of colours to tell apart
    labels = np.where(inside, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[levels > min(_SURELY_INSIDE, threshold * 1.9)] = cv2.GC_FGD
    labels[levels < threshold * 0.4] = cv2.GC_BGD
    cv2.setRNGSeed(_SEED)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(small, labels, None, *models, _CUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
    foreground: NDArray[np.uint8] = labels & 1  # GC_FGD and GC_PR_FGD are odd
    return foreground


def _whole(cv2: ModuleType, cut: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the cut, (h, w) of 0 and 1, without its small parts and small holes."""
    labels, areas = _parts(cv2, cut)
    kept = (areas >= _LEAST_PART * areas.max())[labels] & (cut == 1)
    labels, areas = _parts(cv2, (~kept).astype(np.uint8))
    holes = (areas < _LARGEST_HOLE * cut.size)[labels] & ~kept
    whole: NDArray[np.uint8] = (kept | holes).astype(np.uint8)
    return whole


def _parts(cv2: ModuleType, mask: NDArray[np.uint8]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return which connected part each pixel belongs to, and the parts' areas, that of 0, the rest, as 0."""
    _, labels, numbers, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    areas = numbers[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    return labels, areas


def _refined(
    cv2: ModuleType, subject: NDArray[np.uint8], small: NDArray[np.uint8], pixels: NDArray[Any]
) -> NDArray[np.float32]:
    """Return the cut in the photo's size, its edge moved to the photo's own edges, strip by strip."""
    radius = max(1, round(_WINDOW * max(subject.shape)))
    coefficients = _guided(cv2, to_float(small), subject.astype(np.float32), radius)
    height, width, _ = pixels.shape
    mask = np.empty((height, width), np.float32)
    for rows in row_strips(height, width):
        enlarged = _enlarged(cv2, coefficients, (height, width), rows)
        colours = pixels[rows] if pixels.dtype == np.float32 else to_float(pixels[rows])
        values = np.einsum("hwc,hwc->hw", enlarged[..., :3], colours) + enlarged[..., 3]
        # The filter leaves a haze where colours inside and outside are alike; its ends are cut off.
        mask[rows] = np.clip((values - _HAZE) / (1 - 2 * _HAZE), 0, 1)
    return mask


def _enlarged(cv2: ModuleType, values: NDArray[np.float32], size: tuple[int, int], rows: slice) -> NDArray[np.float32]:
    """Return some rows of what (h, w, 4) values would be, bilinearly resized to (height, width)."""
    height, width = size
    places = (np.arange(rows.start, rows.stop) + 0.5) * len(values) / height - 0.5
    places = np.clip(places, 0, len(values) - 1)
    above = np.floor(places).astype(int)
    share = (places - above)[:, None, None].astype(np.float32)
    lines = values[above] * (1 - share) + values[np.minimum(above + 1, len(values) - 1)] * share
    enlarged: NDArray[np.float32] = cv2.resize(lines, (width, len(lines)), interpolation=cv2.INTER_LINEAR)
    return enlarged


def _guided(cv2: ModuleType, guide: NDArray[np.float32], mask: NDArray[np.float32], radius: int) -> NDArray[np.float32]:
    """Return a and b, (h, w, 4), with which a . colour + b is the filtered mask.

    Source: He et al. 2013, eqs. 19 to 21, for a coloured guide.
    """

    def mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
        averaged: NDArray[np.float32] = cv2.boxFilter(
            values, -1, (2 * radius + 1, 2 * radius + 1), borderType=cv2.BORDER_REPLICATE
        )
        return averaged

    colour, value = mean(guide), mean(mask)
    products = (guide[..., :, None] * guide[..., None, :]).reshape(*mask.shape, 9)
    covariance = mean(products).reshape(*mask.shape, 3, 3) - colour[..., :, None] * colour[..., None, :]
    common = mean(guide * mask[..., None]) - colour * value[..., None]
    slope = np.linalg.solve(covariance + _SMOOTHNESS * np.eye(3, dtype=np.float32), common[..., None])[..., 0]
    offset = value - np.einsum("hwc,hwc->hw", slope, colour)
    return mean(np.dstack([slope, offset]).astype(np.float32))
