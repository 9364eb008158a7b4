"""Whether a picture holds a regular grid, as a network that works at a fraction of its size may leave one."""

import itertools

import torch

FLOOR = 1e-8
"""Power of noise with a standard deviation of 1e-4, far below one step of 8 bits; less than this counts as nothing."""


def power(pictures):
    """Return the spectrum of (N, C, H, W) pictures in [0, 1], averaged over pictures and channels: (H, W) float64.

    Scaled so that white noise of standard deviation s has a mean power of s^2 at every frequency.  A Hann window
    keeps the jump from one border of the picture to the other out of it.
    """
    pictures = pictures.double()
    h, w = pictures.shape[2:]
    window = torch.hann_window(h, dtype=torch.double)[:, None] * torch.hann_window(w, dtype=torch.double)
    centred = pictures - pictures.mean((2, 3), keepdim=True)
    return (torch.fft.fft2(centred * window).abs().square() / window.square().sum()).mean((0, 1))


def grid_excess(pictures, period=4):
    """Return how far the power at a grid's frequencies stands out from the frequencies around, at the worst of them.

    pictures: (N, C, H, W) in [0, 1], H and W multiples of `period`, the grid's size in px, and at least 16 times it.
    About 1 where there is no grid and for flat pictures; grows with the square of the grid's contrast.
    """
    spectrum = power(pictures) + FLOOR
    h, w = spectrum.shape
    multiples = itertools.product(range(0, h, h // period), range(0, w, w // period))
    return max(_excess(spectrum, row, column) for row, column in multiples if (row, column) != (0, 0))


def _excess(spectrum, row, column, near=1, far=6):
    """Return the mean power within `near` bins of a frequency over the median power from there to `far` bins."""
    around = spectrum.roll((far - row, far - column), (0, 1))[: 2 * far + 1, : 2 * far + 1]
    offset = torch.arange(-far, far + 1).abs()
    distance = torch.maximum(offset[:, None], offset[None])
    return float(around[distance <= near].mean() / around[distance > near].median())
