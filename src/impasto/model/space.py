"""The space that styles of one network span: how far paintings are apart, random styles, walks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InvalidOption
from impasto.model.bundled import Model, StyleInfo, style_paths
from impasto.model.mixture import mix_name
from impasto.model.style import Style, mix, read_style

__all__ = ["nearest", "random_style", "signature_distance", "walk"]

SEEDS = 1 << 128
"""How many random styles there are: as many as the generator has states."""
BLENDED = 2
"""Styles in each of a random style's two mixes."""
BEYOND = 0.4
"""How far a random style's mixes go beyond the styles: weights lie between -0.2 and 1.2, not between 0 and 1."""
SPREAD = 0.6
"""Share of the styles' own deviation that a random style has beside its mixes.

With 1 some paintings were hazy; with 0 most looked like one of the styles in another's colours.
"""


def signature_distance(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Return the mean over layers of |a - b|^2 / |b|^2: 0 for one painting, of the order of 1 for two.

    a, b: (layers, buckets) float32 signatures, b the target's; see `perceptual.signature`.
    Estimates the style distance of `perceptual.losses.relative_style`, averaged over layers.
    """
    ours, target = a.astype(np.float64), b.astype(np.float64)
    ratios = np.square(ours - target).sum(1) / np.maximum(np.square(target).sum(1), 1e-12)
    return float(ratios.mean())


def nearest(signature: NDArray[np.float32], styles: Iterable[StyleInfo]) -> list[tuple[StyleInfo, float]]:
    """Return styles with their distance from a painting, nearest first.

    signature: the painting's, (5, 256) float32.  Styles whose files have no signature are left out.
    Raises ModelError for a damaged file.
    """
    found = [(style, read_style(style.path).signature) for style in styles]
    distances = [(style, signature_distance(own, signature)) for style, own in found if own is not None]
    return sorted(distances, key=lambda pair: pair[1])


def random_style(seed: int, model: Model = "main") -> Style:
    """Return a style of nobody's, `random-SEED`, that a network's styles suggest; the same for the same seed.

    The network's first layers follow one mix of two styles and its last layers another, each a little beyond its two,
    with a smooth passage between; to this comes a draw from the normal distribution of the style vectors, at 0.6 of
    its deviation.  First layers make the strokes and last ones the colours, so the palette, where the bundled styles
    have one, is that of the last layers' two styles.
    seed: from 0 to 2^128 - 1; model: whose styles.  Raises InvalidOption for another seed, or without styles.
    """
    draws = _draws(seed)
    styles = [read_style(path) for path in style_paths(model).values()]
    if not styles:
        raise InvalidOption(f"random:{seed}: there are no styles beside the network {model} to suggest it")
    vectors = np.stack([style.vector for style in styles]).astype(np.float64)
    first, last = _few(draws, len(styles)), _few(draws, len(styles))
    depth = _ease(np.linspace(0, 1, vectors.shape[1]))
    blend = (1 - depth) * (_beyond(first) @ vectors) + depth * (_beyond(last) @ vectors)
    coloured = mix(list(zip(styles, last.tolist(), strict=True)), f"random-{seed}")
    vector = (blend + SPREAD * _deviation(draws, vectors)).astype(np.float32)
    return replace(coloured, vector=vector, signature=None)


def _draws(seed: Any) -> np.random.Generator:
    """Return a source of numbers that are the same for the same seed on every machine; raises InvalidOption."""
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= int(seed) < SEEDS:
        raise InvalidOption("the seed of a random style is a whole number from 0 to 2^128 - 1")
    return np.random.Generator(np.random.PCG64(int(seed)))


def _few(draws: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Return (count,) weights of sum 1, all 0 but a few, which are uniform among those of sum 1.

    Drawn as uniform numbers only, whose stream does not change between versions of numpy.
    """
    chosen = np.argsort(draws.random(count))[:BLENDED]
    heights = -np.log1p(-draws.random(len(chosen)))
    weights = np.zeros(count)
    weights[chosen] = heights / heights.sum()
    return weights


def _beyond(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights of the same sum 1, moved away from equal ones; those that are 0 stay."""
    used = weights > 0
    return np.where(used, (1 + BEYOND) * weights - BEYOND / used.sum(), 0)


def _deviation(draws: np.random.Generator, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a draw, (P,), of mean 0 and of the covariance of the vectors, (styles, P).

    A random combination of the vectors' own deviations has that covariance, without principal components.
    Its factors are uniform: their sum is nearly normal, but without far tails.
    """
    factors = (draws.random(len(vectors)) - 0.5) * np.sqrt(12 / max(len(vectors) - 1, 1))
    deviation: NDArray[np.float64] = factors @ (vectors - vectors.mean(0))
    return deviation


def walk(styles: Sequence[Style], steps: int) -> Iterator[Style]:
    """Return the styles along a closed way through all of the given ones, for animations.

    The way is straight between neighbours, each frame a mix of two, and slows down smoothly at each of them.
    steps: how many styles to return for one round; the first is the first given, and after the last comes the first.
    Raises InvalidOption at once if there are no styles or no steps, and ModelError on the way, naming both, for styles
    of different networks.
    """
    if not styles or steps < 1:
        raise InvalidOption(f"a walk has at least one style and one step, got {len(styles)} and {steps}")
    return (_on_the_way(styles, step, steps) for step in range(steps))


def _on_the_way(styles: Sequence[Style], step: int, steps: int) -> Style:
    leg, rest = divmod(step * len(styles), steps)
    style, following = styles[leg], styles[(leg + 1) % len(styles)]
    if rest == 0 or style is following:
        return style
    share = float(_ease(np.float64(rest / steps)))
    return mix([(style, 1 - share), (following, share)], mix_name([(style.name, 1 - share), (following.name, share)]))


def _ease(x: NDArray[np.float64] | np.float64) -> NDArray[np.float64] | np.float64:
    """Return a smooth step from 0 to 1 for x in [0, 1], level at both ends."""
    return x * x * (3 - 2 * x)
