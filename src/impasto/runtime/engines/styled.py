"""A network's weights in one style, as what the stages of painting in strips compute with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Convolution", "Line", "StyledWeights", "column"]

EPSILON = 1e-5
"""As in `nets.norm`."""

Array = NDArray[np.float32]
Line = tuple[Array, Array]
"""Scale and shift of a norm whose moments are known, (1, C, 1, 1) each."""


class _Numbers:
    """A style's vector and mixing, dealt out in the order of the network's layers."""

    def __init__(self, vector: Array, mixing: Array | None) -> None:
        self.vector, self.mixing, self._read, self._mixed = vector, mixing, 0, 0

    def take(self, parts: int, channels: int) -> Array:
        """Return the next (parts, channels) numbers."""
        share = self.vector[self._read : self._read + parts * channels]
        self._read += parts * channels
        return share.reshape(parts, channels)

    def mixed(self, weight: Array) -> Array:
        """Return a convolution's weights, (O, I, k, k), with their input channels mixed; see `nets.mixing`."""
        if self.mixing is None:
            return weight
        inputs = weight.shape[1]
        matrix = self.mixing[self._mixed : self._mixed + inputs**2].reshape(inputs, inputs)
        self._mixed += inputs**2
        return weight + np.moveaxis(np.tensordot(weight, matrix, ([1], [0])), -1, 1)


@dataclass(frozen=True, eq=False)
class Convolution:
    """weight: (O, I, 3, 3); bias: (1, O, 1, 1)."""

    weight: Array
    bias: Array

    @cached_property
    def upsampling(self) -> Array:
        """The weights, (I, O, 4, 4), of the transposed convolution that replaces upsampling; see `export.graph`."""
        kernel = _phases(_phases(self.weight, 2), 3)
        return np.ascontiguousarray(kernel.swapaxes(0, 1))


def _phases(kernel: Array, axis: int) -> Array:
    before, centre, after = np.moveaxis(kernel, axis, 0)
    return np.stack([after, centre + after, before + centre, before], axis)


class StyledWeights:
    """The weights of a network of the family `impasto`, its styles' vector and mixing applied.

    weights: {name: array} of a safetensors file; vector, mixing: of the style.  Raises KeyError and ValueError for
    those that are not of one network.

    blocks: residual blocks; fold: pixels in each direction that the trunk has one position for; channels: of the trunk;
    inner: within blocks; normed_once: whether blocks take moments after their first convolution only.
    """

    def __init__(self, weights: Mapping[str, Array], vector: Array, mixing: Array | None) -> None:
        self.blocks = sum(name.endswith("first.layer.weights.weight") for name in weights)
        names = ["trunk.0.layer"]
        names += [f"trunk.{block}.{part}.layer" for block in range(1, self.blocks + 1) for part in ("first", "second")]
        names += [*sorted({name.partition(".weights")[0] for name in weights if name.startswith("decoder.")}), "last"]
        numbers = _Numbers(vector, mixing)
        self.convolutions = [
            Convolution(numbers.mixed(weights[f"{name}.weights.weight"]), column(weights[f"{name}.weights.bias"]))
            for name in names
        ]
        self.channels = self.convolutions[0].bias.size
        self.inner = self.convolutions[1].bias.size if self.blocks else self.channels
        self.fold = isqrt(self.convolutions[0].weight.shape[1] // 3)
        self.upsamplings = self.convolutions[2 * self.blocks + 1 : -1]
        decoding = sum(2 * convolution.bias.size for convolution in self.upsamplings) + 3
        normed_twice = 3 * (2 * self.channels + self.blocks * (self.inner + self.channels))
        self.normed_once = vector.size - decoding < normed_twice
        block = (3, self.inner), (2 if self.normed_once else 3, self.channels)
        sizes = (3, self.channels), *block * self.blocks, (3, self.channels)
        self.norms = [numbers.take(parts, channels) for parts, channels in sizes]
        self.affines = [numbers.take(2, convolution.bias.size) for convolution in self.upsamplings]
        self.skip = numbers.take(1, 3)

    @staticmethod
    def know(weights: Mapping[str, Array]) -> bool:
        """Return whether weights are of a network that can be painted in strips."""
        return "trunk.0.layer.weights.weight" in weights

    def line(self, norm: int, mean: NDArray[np.float64], variance: NDArray[np.float64]) -> Line:
        """Return what a norm, by its number in the network, does to maps of these moments, (C,) each."""
        gamma, beta, through = self.norms[norm].astype(np.float64)
        gain = gamma / np.sqrt(variance + EPSILON)
        return column(gain + through), column(beta - gain * mean)


def column(values: NDArray[Any]) -> Array:
    """Return a number for each channel as (1, C, 1, 1) float32."""
    return np.ascontiguousarray(values, np.float32).reshape(1, -1, 1, 1)
