"""The network as a model of transformers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor
from transformers import PreTrainedModel
from transformers.modeling_outputs import ImageSuperResolutionOutput

from impasto.export.remote.configuration_impasto import ImpastoConfig
from impasto.nets.painter import Painter
from impasto.nets.registry import build

__all__ = ["ImpastoModel"]

StyleSource = str | Mapping[str, float] | Tensor
"""A style's name or unambiguous words of it, a .style file, names with weights, or vectors, (P,) or (N, P)."""


class ImpastoModel(PreTrainedModel):
    """Paints pictures of any size in one of its styles; see `forward`."""

    config_class = ImpastoConfig
    main_input_name = "pixel_values"
    _no_split_modules = ("Residual",)

    def __init__(self, config: ImpastoConfig) -> None:
        super().__init__(config)
        net = build(config.network)
        numbers = net.style_parameters
        self.painter = Painter(net, torch.zeros(numbers) if config.has_identity else None, config.margin)
        self.register_buffer("styles", torch.zeros(len(config.styles), numbers))
        self.post_init()

    def forward(
        self,
        pixel_values: Tensor,
        style: StyleSource | None = None,
        strength: float = 1.0,
        return_dict: bool | None = None,
        **_others: Any,
    ) -> ImageSuperResolutionOutput | tuple[Tensor]:
        """Return paintings, `reconstruction`, (N, 3, H, W) float32 in [0, 1].

        pixel_values: (N, 3, H, W), RGB in [0, 1], of any size.  style: see `StyleSource`; None is the first.
        strength: from 0 (the photo) to 1.  Raises ValueError for a style that is not known or of another network.
        """
        if not 0 <= strength <= 1:
            raise ValueError(f"the strength is 0 to 1, got {strength}")
        vectors, mixing = self._numbers(style)
        vectors = vectors.to(pixel_values.device, torch.float32)
        share = None if strength == 1 else torch.tensor([strength], device=pixel_values.device)
        painting = self.painter(pixel_values.float(), vectors, share, mixing)
        return ImageSuperResolutionOutput(reconstruction=painting) if return_dict is not False else (painting,)

    def _numbers(self, style: StyleSource | None) -> tuple[Tensor, Tensor | None]:
        """Return a style's vectors, (1 or N, P), and its mixing, (1, Q), or None."""
        if not self.painter.net.style_parameters:
            if style is not None:
                raise ValueError("this network's one style is in its weights; name none")
            return self.painter.net.new_style()[None], None
        if isinstance(style, Tensor):
            return style.reshape(-1, self.painter.net.style_parameters), None
        if isinstance(style, Mapping):
            weights = torch.tensor([float(weight) for weight in style.values()])
            if not (weights.min() >= 0 and 0 < weights.sum() < float("inf")):
                raise ValueError(f"weights of a mix are numbers of at least 0, not all 0; got {dict(style)}")
            shares = (weights / weights.sum()).to(self.styles)
            return (shares[:, None] * torch.stack([self._named(name) for name in style])).sum(0)[None], None
        if style is not None and style.endswith(".style"):
            return self._from_file(style)
        return (self.styles[0] if style is None else self._named(style))[None], None

    def _named(self, name: str) -> Tensor:
        wanted = "-".join(name.lower().replace("_", " ").replace("-", " ").split())
        known: list[str] = self.config.styles
        named = [each for each in known if f"-{wanted}-" in f"-{each}-"]
        found = [each for each in named if each == wanted] or [each for each in named if each.endswith(f"-{wanted}")]
        found = found or named
        if len(found) != 1:
            raise ValueError(f"{name!r} means {' or '.join(found) or 'no style'}; there are {', '.join(known)}")
        vector: Tensor = self.styles[known.index(found[0])]
        return vector

    def _from_file(self, path: str) -> tuple[Tensor, Tensor | None]:
        with safe_open(path, framework="pt") as file:
            if (file.metadata() or {}).get("network") != self.config.fingerprint:
                raise ValueError(f"{path}: belongs to another network")
            mixing = file.get_tensor("mixing") if "mixing" in file.keys() else None  # noqa: SIM118 - not a mapping
            vector = file.get_tensor("vector")
        return vector[None], None if mixing is None else mixing[None].to(self.styles.device, torch.float32)
