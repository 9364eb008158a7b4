"""A style on disk: its vector and its credits in one small safetensors file, NAME.style."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from impasto.atomic import atomic_write
from impasto.errors import InvalidOption, ModelError

__all__ = ["IDENTITY", "Credits", "Style", "mix", "read_style", "write_style"]

IDENTITY = "identity"
FORMAT = "impasto-style-1"


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
    """

    name: str
    vector: NDArray[np.float32]
    network: str
    credits: Credits = field(default_factory=Credits)


def mix(parts: Sequence[tuple[Style, float]], name: str | None = None) -> Style:
    """Return the weighted mean of styles of one network.

    parts: styles with weights, which are normalised to sum 1.  Raises InvalidOption for weights that are negative,
    not finite or all zero, and ModelError, naming both, for styles of different networks.
    """
    weights = np.array([weight for _, weight in parts], np.float64)
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise InvalidOption(f"weights of a mix are numbers of at least 0, not all 0; got {weights.tolist()}")
    first = parts[0][0]
    for style, _ in parts:
        if (style.network, style.vector.shape) != (first.network, first.vector.shape):
            raise ModelError(f"{first.name} and {style.name} belong to different networks, so they cannot be mixed")
    vectors = np.stack([style.vector for style, _ in parts])
    shares = weights / weights.max()  # so that their sum is finite too
    vector = np.average(vectors, axis=0, weights=shares).astype(np.float32)
    return Style(name or "+".join(style.name for style, _ in parts), vector, first.network)


def write_style(style: Style, path: str | os.PathLike[str]) -> None:
    """Write a .style file, whole or not at all."""
    metadata = {"format": FORMAT, "name": style.name, "network": style.network, **asdict(style.credits)}
    with atomic_write(path) as file:
        file.write(save({"vector": np.ascontiguousarray(style.vector, np.float32)}, metadata))


def read_style(path: str | os.PathLike[str]) -> Style:
    """Return what `write_style` wrote; raises ModelError, naming the file, if it is absent or damaged."""
    name = os.fspath(path)
    try:
        if not Path(path).is_file():
            raise ModelError(f"{name}: there is no such style file")
        with safe_open(name, framework="numpy") as file:
            metadata: dict[str, str] = file.metadata() or {}
            vector = file.get_tensor("vector") if "vector" in file.keys() else None  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError, ValueError, TypeError, AttributeError) as error:
        # The last two: number types that safetensors knows and numpy does not.
        raise ModelError(f"{name}: is not a style file, or is damaged") from error
    if metadata.get("format") != FORMAT or vector is None or vector.ndim != 1 or vector.dtype != np.float32:
        raise ModelError(f"{name}: is not a style file of a format that this Impasto reads")
    if not np.isfinite(vector).all():
        raise ModelError(f"{name}: is damaged (its vector holds values that are not numbers)")
    credits_ = Credits(**{key: metadata.get(key, "") for key in ("artist", "title", "year", "licence")})
    return Style(metadata.get("name", Path(path).stem), vector, metadata.get("network", ""), credits_)
