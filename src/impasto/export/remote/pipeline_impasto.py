"""pipeline("image-to-image"): a picture in, its painting out."""

from __future__ import annotations

from typing import Any

from PIL import Image
from transformers import Pipeline
from transformers.image_utils import load_image

__all__ = ["PaintingPipeline"]


class PaintingPipeline(Pipeline):
    """Takes Pillow images, files or addresses, and gives Pillow images; `style` and `strength` as the model does."""

    _load_processor = False
    _load_image_processor = True
    _load_feature_extractor = False
    _load_tokenizer = False

    def _sanitize_parameters(self, **given: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        return {}, {name: given[name] for name in ("style", "strength") if name in given}, {}

    def preprocess(self, image: Any) -> Any:
        """Return the model's inputs."""
        return self.image_processor(load_image(image), return_tensors="pt")

    def _forward(self, inputs: Any, **given: Any) -> Any:
        return self.model(**inputs, **given)

    def postprocess(self, output: Any) -> Image.Image:
        """Return the painting."""
        painting: Image.Image = self.image_processor.postprocess(output)[0]
        return painting
