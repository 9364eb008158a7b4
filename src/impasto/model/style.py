"""A style on disk: its vector, facts of its painting and its credits in one small safetensors file, NAME.style."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from impasto.atomic import atomic_write
from impasto.errors import InvalidOption, ModelError

__all__ = [
    "IDENTITY",
    "PALETTE_SHAPE",
    "SIGNATURE_SHAPE",
    "Credits",
    "Style",
    "check_weights",
    "mix",
    "read_style",
    "write_style",
]

IDENTITY = "identity"
FORMAT = "impasto-style-1"
PALETTE_SHAPE = (4, 3)
SIGNATURE_SHAPE = (5, 256)
"""Layers of the perceptual network, and the length of each one's sketch."""
LARGEST = 1 << 26
"""Bytes of a .style file at most; the bundled ones have 20,000, fitted ones some 100,000."""
LONGEST = 200
"""Characters of a name or of a line of credits that are kept."""
_FACTS = {"palette": PALETTE_SHAPE, "signature": SIGNATURE_SHAPE}
_TENSORS = {"vector": np.float32, "mixing": np.float16, "palette": np.float32, "signature": np.float32}


@dataclass(frozen=True)
class Credits:
    """Whose painting a style was learned from."""

    artist: str = ""
    title: str = ""
    year: str = ""
    licence: str = ""


@dataclass(frozen=True, eq=False)
class Style:
    """A style of one network.

    vector: (P,) float32; network: the fingerprint of the network it belongs to.
    mixing: (Q,) float32, how the network's convolutions mix their channels for it, or None: not at all.
    palette: (4, 3) float32, the painting's colours in Oklab: their mean, then the three rows of their covariance.
    signature: (5, 256) float32, a sketch of the painting's Gram matrices; see `perceptual.signature`.
    Palette and signature are None where they are not known; painting does not need them.
    """

    name: str
    vector: NDArray[np.float32]
    network: str
    credits: Credits = field(default_factory=Credits)
    palette: NDArray[np.float32] | None = None
    signature: NDArray[np.float32] | None = None
    mixing: NDArray[np.float32] | None = None


def check_weights(weights: Sequence[float]) -> None:
    """Raise InvalidOption if weights of a mix are none, negative, not finite or all zero."""
    numbers = np.array(weights, np.float64)
    if not np.isfinite(numbers).all() or (numbers < 0).any() or not numbers.any():
        raise InvalidOption(f"weights of a mix are numbers of at least 0, not all 0; got {numbers.tolist()}")


def mix(parts: Sequence[tuple[Style, float]], name: str | None = None) -> Style:
    """Return the weighted mean of styles of one network.

    parts: styles with weights, which are normalised to sum 1.  Palette and signature are mixed likewise, and None if
    any part has none; the mixing, too, and None if no part has any.
    Raises InvalidOption for weights that are negative, not finite or all zero, and ModelError, naming both, for styles
    of different networks.
    """
    check_weights([weight for _, weight in parts])
    styles = [style for style, _ in parts]
    first = styles[0]
    for style in styles:
        if (style.network, style.vector.shape) != (first.network, first.vector.shape):
            raise ModelError(f"{first.name} and {style.name} belong to different networks, so they cannot be mixed")
    weights = np.array([weight for _, weight in parts], np.float64)
    shares = weights / weights.max()  # so that their sum is finite too
    vector = np.average(np.stack([style.vector for style in styles]), axis=0, weights=shares).astype(np.float32)
    return Style(
        name or "+".join(style.name for style in styles),
        vector,
        first.network,
        palette=_mean([style.palette for style in styles], shares),
        signature=_mean([style.signature for style in styles], shares),
        mixing=_mean(_filled([style.mixing for style in styles]), shares),
    )


def _filled(mixings: Sequence[NDArray[np.float32] | None]) -> Sequence[NDArray[np.float32] | None]:
    """Return mixings with zeros, which mix nothing, in place of None, if they are not all None."""
    none = next((np.zeros_like(mixing) for mixing in mixings if mixing is not None), None)
    return [none if mixing is None else mixing for mixing in mixings]


def _mean(facts: Sequence[NDArray[np.float32] | None], shares: NDArray[np.float64]) -> NDArray[np.float32] | None:
    """Return the weighted mean of facts of one shape, or None if one is None."""
    known = [fact for fact in facts if fact is not None]
    if len(known) < len(facts):
        return None
    mean: NDArray[np.float32] = np.average(np.stack(known), axis=0, weights=shares).astype(np.float32)
    return mean


def write_style(style: Style, path: str | os.PathLike[str]) -> None:
    """Write a .style file, whole or not at all."""
    metadata = {"format": FORMAT, "name": style.name, "network": style.network, **asdict(style.credits)}
    values = {key: getattr(style, key) for key in _TENSORS}
    tensors = {key: np.ascontiguousarray(value, _TENSORS[key]) for key, value in values.items() if value is not None}
    with atomic_write(path) as file:
        file.write(save(tensors, metadata))


def read_style(path: str | os.PathLike[str]) -> Style:
    """Return what `write_style` wrote; raises ModelError, naming the file, if it is absent or damaged."""
    name = os.fspath(path)
    metadata, tensors = _read(name)
    vector = tensors.get("vector")
    if metadata.get("format") != FORMAT or vector is None or vector.ndim != 1 or vector.dtype != np.float32:
        raise ModelError(f"{name}: is not a style file of a format that this Impasto reads")
    mixing = tensors.get("mixing")
    if mixing is not None and (mixing.ndim != 1 or mixing.dtype != _TENSORS["mixing"]):
        raise ModelError(f"{name}: is damaged (its mixing is not a row of numbers in float16)")
    for key, value in tensors.items():
        if key in _FACTS and (value.shape != _FACTS[key] or value.dtype != np.float32):
            raise ModelError(f"{name}: is damaged (its {key} is not {_FACTS[key]} numbers in float32)")
        if not np.isfinite(value).all():
            raise ModelError(f"{name}: is damaged (its {key} holds values that are not numbers)")
    credits_ = Credits(**{key: _line(metadata.get(key, "")) for key in ("artist", "title", "year", "licence")})
    facts = {key: tensors.get(key) for key in _FACTS}
    facts["mixing"] = None if mixing is None else mixing.astype(np.float32)
    return Style(_line(metadata.get("name", Path(path).stem)), vector, metadata.get("network", ""), credits_, **facts)


def _line(text: str) -> str:
    """Return what can be shown of a text that a stranger may have written: no line breaks, no codes for a terminal."""
    return "".join(letter for letter in " ".join(text[:LONGEST].split()) if letter.isprintable())


def _read(name: str) -> tuple[Mapping[str, str], dict[str, NDArray[Any]]]:
    """Return the metadata and those tensors of a file that belong to a style; raises ModelError."""
    try:
        if not Path(name).is_file():
            raise ModelError(f"{name}: there is no such style file")
        if Path(name).stat().st_size > LARGEST:
            raise ModelError(f"{name}: has more than {LARGEST >> 20} MB, which no style has")
        with safe_open(name, framework="numpy") as file:
            known = [key for key in _TENSORS if key in file.keys()]  # noqa: SIM118 - not a mapping
            return file.metadata() or {}, {key: file.get_tensor(key) for key in known}
    except (SafetensorError, OSError, ValueError, TypeError, AttributeError) as error:
        # The last two: number types that safetensors knows and numpy does not.
        raise ModelError(f"{name}: is not a style file, or is damaged") from error
