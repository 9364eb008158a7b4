"""LPIPS, a measure with a network of its own, where its package and weights are on this machine.

Nothing is downloaded: the package would fetch weights by itself, so what it would fetch is looked for first.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import torch

from impasto.errors import WeightsError
from impasto.evaluation.judge import Lpips, Pixels
from impasto.evaluation.quality import tensor_of

__all__ = ["open_lpips"]

ALEXNET = "alexnet-owt-7be5be79.pth"
"""torchvision's weights that LPIPS 0.1 looks through, as they are called in torch's cache."""


def open_lpips() -> Lpips:
    """Return what measures LPIPS (version 0.1, AlexNet) of two (H, W, 3) uint8 pictures; smaller is more alike.

    Source: Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric".
    Raises WeightsError if the package `lpips` or its weights are absent.
    """
    try:
        package: Any = importlib.import_module("lpips")
    except ModuleNotFoundError as error:
        raise WeightsError(f"LPIPS needs the package {error.name}") from error
    weights = Path(torch.hub.get_dir()) / "checkpoints" / ALEXNET
    if not weights.is_file():
        raise WeightsError(f"LPIPS needs torchvision's {ALEXNET} at {weights}")
    network = package.LPIPS(net="alex", verbose=False).eval()

    @torch.inference_mode()
    def measured(one: Pixels, other: Pixels) -> float:
        return float(network(tensor_of(one), tensor_of(other), normalize=True))

    return measured
