"""How far a network sees and what sizes it takes, computed from its layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

__all__ = ["Resample", "Window", "reach", "stride"]


@dataclass(frozen=True)
class Window:
    """A convolution: kernel size (odd) and stride in samples of its input, padded by kernel // 2 at both ends."""

    kernel: int
    stride: int = 1

    @property
    def scale(self) -> Fraction:
        """Samples of the output for each of the input."""
        return Fraction(1, self.stride)

    def sees(self, low: int, high: int) -> tuple[int, int]:
        """Return the first and last input sample that outputs low..high depend on."""
        pad = self.kernel // 2
        return low * self.stride - pad, high * self.stride - pad + self.kernel - 1


@dataclass(frozen=True)
class Resample:
    """Space to depth, nearest-neighbour upsampling, pixel shuffle or a transposed convolution.

    scale: samples of the output for each of the input, a whole number or one over one.
    kernel: size (odd) of a transposed convolution's kernel, centred on the sample; 0 for all else.
    """

    scale: Fraction
    kernel: int = 0

    def sees(self, low: int, high: int) -> tuple[int, int]:
        """Return the first and last input sample that outputs low..high depend on."""
        if self.scale < 1:
            step = int(1 / self.scale)
            return low * step, high * step + step - 1
        if not self.kernel:
            return floor(low / self.scale), floor(high / self.scale)
        pad = self.kernel // 2  # output o sums the inputs at whole positions from (o - pad) / scale on
        return ceil((low - pad) / self.scale), floor((high + pad) / self.scale)


Step = Window | Resample


def stride(steps: Sequence[Step]) -> int:
    """Return the number of pixels that picture sizes must be a multiple of."""
    scale, least = Fraction(1), Fraction(1)
    for step in steps:
        scale *= step.scale
        least = min(least, scale)
    return int(1 / least)


def reach(steps: Sequence[Step]) -> int:
    """Return how many pixels away, at the most, an input pixel can lie that an output pixel depends on.

    Norms aside: their moments come from the whole picture.  It holds for parts of a picture that begin at
    multiples of the stride.
    """
    farthest = 0
    for phase in range(stride(steps)):
        low = high = phase
        for step in reversed(steps):
            low, high = step.sees(low, high)
        farthest = max(farthest, phase - low, high - phase)
    return farthest
