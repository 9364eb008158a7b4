"""A painting's signature: its Gram matrices, sketched into so few numbers that a style file can carry them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from impasto.errors import InvalidOption
from impasto.model.style import SIGNATURE_SHAPE
from impasto.perceptual.criterion import STYLE_LAYERS

__all__ = ["signature"]

BUCKET_BITS = 8
"""Bits of a hash that choose one of the 256 buckets of a layer."""


def signature(grams: Mapping[str, Tensor]) -> NDArray[np.float32]:
    """Return a count sketch of each style layer's Gram matrix, (5, 256) float32.

    grams: {layer: (1, C, C)} for all of STYLE_LAYERS at least, as `PerceptualCriterion.style_target` gives them for
    relative losses.  Raises InvalidOption if a layer is missing.
    The squared distance of two sketches estimates that of the matrices, without bias, with a standard deviation of at
    most sqrt(2 / 256) = 9 % a layer.
    Source: Charikar et al. 2002, Weinberger et al. 2009, section 2.  Differs: the hash is splitmix64, so that
    sketches of all machines and versions compare, and matrices are symmetric, so only their upper halves count.
    """
    missing = [layer for layer in STYLE_LAYERS if layer not in grams]
    if missing:
        raise InvalidOption(f"a signature needs the Gram matrix of {missing[0]}, one of the style layers")
    sketches = [_sketch(grams[layer][0], number) for number, layer in enumerate(STYLE_LAYERS)]
    return np.stack(sketches).astype(np.float32)


def _sketch(gram: Tensor, layer: int) -> NDArray[np.float64]:
    """Return the sums of a symmetric matrix's values, (C, C), with random signs, in 256 buckets, (256,)."""
    matrix = gram.detach().cpu().double().numpy()
    rows, columns = np.triu_indices(len(matrix))
    values = matrix[rows, columns] * np.where(rows == columns, 1.0, np.sqrt(2))  # so that the norm is the matrix's
    hashes = _hash(rows * len(matrix) + columns, layer)
    buckets = (hashes >> np.uint64(64 - BUCKET_BITS)).astype(np.int64)
    signs = 1.0 - 2.0 * (hashes & np.uint64(1)).astype(np.float64)
    sketch: NDArray[np.float64] = np.bincount(buckets, values * signs, SIGNATURE_SHAPE[1]).astype(np.float64)
    return sketch


def _hash(indices: NDArray[np.int64], layer: int) -> NDArray[np.uint64]:
    """Return splitmix64 of indices into a layer's matrix, each below 2^32, as uint64.

    That is the number of this index, counted from layer * 2^32, in the stream of splitmix64 with the seed 0.
    Source: Steele et al. 2014, "Fast splittable pseudorandom number generators", with Stafford's mix 13.
    """
    z: NDArray[np.uint64] = indices.astype(np.uint64) + np.uint64((layer << 32) + 1)
    z = z * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z
