"""LPIPS and ArtFID, measures with networks of their own, where their packages and weights are on this machine.

Nothing is downloaded: the packages would fetch weights by themselves, so what they would fetch is looked for first.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from impasto.errors import WeightsError
from impasto.evaluation.judge import Lpips, Pixels
from impasto.evaluation.quality import tensor_of

__all__ = ["ArtFid", "frechet_distance", "open_art_features", "open_lpips"]

ALEXNET = "alexnet-owt-7be5be79.pth"
"""torchvision's weights that LPIPS 0.1 looks through, as they are called in torch's cache."""
ART_INCEPTION = "art_inception.pth"
"""ArtFID's Inception-v3 (matthias-wright/art_inception on the Hugging Face Hub)."""

Features = NDArray[np.float64]


def open_lpips() -> Lpips:
    """Return what measures LPIPS (version 0.1, AlexNet) of two (H, W, 3) uint8 pictures; smaller is more alike.

    Source: Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric".
    Raises WeightsError if the package `lpips` or its weights are absent.
    """
    package, _ = _needs("LPIPS", "lpips", ALEXNET)
    network = package.LPIPS(net="alex", verbose=False).eval()

    @torch.inference_mode()
    def measured(one: Pixels, other: Pixels) -> float:
        return float(network(tensor_of(one), tensor_of(other), normalize=True))

    return measured


def open_art_features() -> Callable[[Pixels], Features]:
    """Return what gives the 2,048 features of a (H, W, 3) uint8 picture that ArtFID compares.

    Source: Wright and Ommer 2022, "ArtFID"; the package art-fid's Inception-v3, learned on 250,000 works of art.
    Raises WeightsError if the package `art_fid` or its weights are absent, or are those of another network.
    """
    package, weights = _needs("ArtFID", "art_fid.inception", ART_INCEPTION)
    network = package.Inception3(init_weights=False).eval()
    try:
        known = torch.load(weights, map_location="cpu", weights_only=True)
        missing = network.load_state_dict(known, strict=False).missing_keys  # it has heads of its own
    except Exception as error:  # torch raises several for files that are damaged or of other shapes
        raise WeightsError(f"{weights} is not ArtFID's network: {error}") from error
    if lost := [name for name in missing if not name.startswith(("fc", "AuxLogits"))]:
        raise WeightsError(f"{weights} is not ArtFID's network: it has no {lost[0]}")

    @torch.inference_mode()
    def features(picture: Pixels) -> Features:
        found: Features = network(tensor_of(picture), return_features=True)[0].double().numpy()
        return found

    return features


class ArtFid:
    """Collects pictures by who painted them: (1 + LPIPS) (1 + FID), smaller is better.

    FID is the Frechet distance of the pictures' features from their paintings'.  It wants hundreds of pictures and
    falls as there are more, so that only rows of as many pictures can be compared.
    features: see `open_art_features`.  Source: Wright and Ommer 2022, "ArtFID", equation 5.
    """

    def __init__(self, features: Callable[[Pixels], Features]) -> None:
        self._features = features
        self._pictures: dict[str, list[Features]] = {}
        self._paintings: dict[str, dict[str, Features]] = {}
        self._known: dict[str, Features] = {}

    def look(self, painter: str, picture: Pixels, painting: str, pixels: Pixels) -> None:
        """Take note of a picture, and of the painting it is like: its name and pixels."""
        if painting not in self._known:
            self._known[painting] = self._features(pixels)
        self._pictures.setdefault(painter, []).append(self._features(picture))
        self._paintings.setdefault(painter, {})[painting] = self._known[painting]

    def of(self, painter: str, lpips: float) -> float | None:
        """Return a painter's ArtFID, or None of fewer than two pictures or paintings; lpips: its mean."""
        pictures, paintings = self._pictures[painter], self._paintings[painter].values()
        if min(len(pictures), len(paintings)) < 2:
            return None
        return (1 + lpips) * (1 + frechet_distance(pictures, paintings))


def frechet_distance(one: Iterable[Features], other: Iterable[Features]) -> float:
    """Return the squared Frechet distance of two sets of features, (D,) each, as normal distributions; 0 for the same.

    The trace of the root of the covariances' product is the nuclear norm of the product of the centred features, which
    needs no D by D matrix and no matrix's root.  Source: Dowson and Landau 1982, eq. 4.
    """
    sets = [np.stack([*each]) for each in (one, other)]
    means = [each.mean(0) for each in sets]
    a, b = ((each - mean) / np.sqrt(len(each) - 1) for each, mean in zip(sets, means, strict=True))
    spread = np.square(a).sum() + np.square(b).sum() - 2 * np.linalg.svd(a @ b.T, compute_uv=False).sum()
    return float(np.square(means[0] - means[1]).sum() + max(0.0, spread))


def _needs(measure: str, module: str, weights: str) -> tuple[Any, Path]:
    """Return a measure's package and the file of its weights in torch's cache; raises WeightsError without them."""
    try:
        package = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise WeightsError(f"{measure} needs the package {error.name}") from error
    file = Path(torch.hub.get_dir()) / "checkpoints" / weights
    if not file.is_file():
        raise WeightsError(f"{measure} needs {weights} at {file}")
    return package, file
