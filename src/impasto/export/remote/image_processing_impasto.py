"""Pictures as the network takes them, and paintings as pictures; no torchvision."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from transformers.image_processing_utils import BaseImageProcessor, BatchFeature

__all__ = ["ImpastoImageProcessor"]


class ImpastoImageProcessor(BaseImageProcessor):
    """Turns pictures into RGB in [0, 1], at their own size: the network takes any."""

    model_input_names = ("pixel_values",)

    def __init__(self, **others: Any) -> None:
        super().__init__(**others)

    def preprocess(self, images: Any, return_tensors: Any = None, **_others: Any) -> BatchFeature:
        """Return `pixel_values`, (N, 3, H, W) float32 in [0, 1].

        images: one or several of a size: Pillow images, which are turned as their EXIF says, or (H, W, 3) uint8 arrays.
        """
        pictures = images if isinstance(images, (list, tuple)) else [images]
        planes = [self._planes(picture) for picture in pictures]
        if len({each.shape for each in planes}) != 1:
            raise ValueError("pictures of one batch must have one size; paint the others by themselves")
        return BatchFeature({"pixel_values": np.stack(planes)}, tensor_type=return_tensors or "pt")

    @staticmethod
    def _planes(picture: Any) -> np.ndarray[Any, np.dtype[np.float32]]:
        if isinstance(picture, Image.Image):
            picture = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
        pixels = np.asarray(picture)
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
            raise ValueError(f"an array must be (H, W, 3) uint8, got {pixels.shape} {pixels.dtype}")
        planes: np.ndarray[Any, np.dtype[np.float32]] = np.ascontiguousarray(pixels.transpose(2, 0, 1), np.float32)
        planes /= 255
        return planes

    def postprocess(self, output: Any) -> list[Image.Image]:
        """Return the Pillow images of a model's output."""
        paintings: torch.Tensor = output.reconstruction.detach().float().cpu().clamp(0, 1)
        pixels = (paintings * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
        return [Image.fromarray(np.ascontiguousarray(each)) for each in pixels]
