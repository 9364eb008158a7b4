"""Whether a picture has a regular pattern of some pixels, which networks that resample may leave in it."""

from __future__ import annotations

import numpy as np

WINDOW = 64  # px
PATTERNS = [(down, across) for down in (0, 16, 32) for across in (0, 16, 32) if (down, across) != (0, 0)]
"""Where patterns of 4 and 2 px stand out: 0, 1/4 and 1/2 cycles a pixel, in bins of the window."""


def power(picture):
    """Return the mean power over half-overlapping windows and channels, (WINDOW, WINDOW), of an (H, W, C) picture."""
    height, width, _ = picture.shape
    hann = np.hanning(WINDOW)
    total = np.zeros((WINDOW, WINDOW))
    for top in range(0, height - WINDOW + 1, WINDOW // 2):
        for left in range(0, width - WINDOW + 1, WINDOW // 2):
            window = picture[top : top + WINDOW, left : left + WINDOW].astype(np.float64)
            window = (window - window.mean((0, 1))) * np.outer(hann, hann)[..., None]
            total += (np.abs(np.fft.fft2(window, axes=(0, 1))) ** 2).mean(2)
    return total


def pattern(picture):
    """Return how many times its surroundings the power of the strongest pattern of 4 or 2 px is; about 1 if none."""
    spectrum = power(picture)
    return max(_peak(spectrum, *at) for at in PATTERNS)


def _peak(spectrum, down, across):
    around = np.roll(spectrum, (8 - down, 8 - across), (0, 1))[:17, :17]  # the place itself is in the middle
    distance = np.maximum(*np.abs(np.mgrid[-8:9, -8:9]))
    return around[distance <= 1].mean() / np.median(around[distance >= 4])
