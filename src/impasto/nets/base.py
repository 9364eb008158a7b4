"""What every painting network is: pictures and style vectors in, paintings out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from impasto.errors import InvalidOption
from impasto.nets.blocks import Convolution
from impasto.nets.geometry import Step, reach, stride
from impasto.nets.mixing import Mixing
from impasto.nets.norm import Conditioning, Moments, StyledNorm

__all__ = ["PaintingNet"]


class PaintingNet(nn.Module):
    """Base of the networks: geometry and style parameters are computed from their layers, never stated.

    shape: the dataclass of sizes that the network was built from; steps: its layers' geometry, in order.
    Networks register their layers in the order in which these read the style vector.
    """

    last: Convolution
    """What gives the painting's three channels."""

    def __init__(self, shape: Any, steps: Sequence[Step]) -> None:
        super().__init__()
        self.shape = shape
        self.stride = stride(steps)
        """Heights and widths must be multiples of this."""
        self.reach = reach(steps)
        """An output pixel depends on input pixels at most this far away (and on the norms' moments)."""

    def paint(self, picture: Tensor, conditioning: Conditioning) -> Tensor:
        """Return the painting, (N, 3, H, W), of (N, 3, H, W) pictures; each network says how."""
        raise NotImplementedError

    def forward(self, picture: Tensor, style: Tensor, mixing: Tensor | None = None) -> Tensor:
        """Paint pictures.

        picture: (N, 3, H, W) float, RGB in [0, 1], H and W multiples of `stride` and at least twice it.
        style: (N, P) or (1, P) float, P = `style_parameters`.
        mixing: (1, Q) float, Q = `mixing_parameters`, of all the pictures' one style; None mixes nothing, as zeros do.
        Returns (N, 3, H, W), RGB, about [0, 1] but not clipped to it.
        Raises InvalidOption for style or mixing of another length.
        """
        return self.with_moments(picture, style, mixing=mixing)[0]

    def with_moments(
        self,
        picture: Tensor,
        style: Tensor,
        given: Sequence[Moments] | None = None,
        mixing: Tensor | None = None,
    ) -> tuple[Tensor, list[Moments]]:
        """Paint as `forward` does, and return the moments that the instance norms used beside the painting.

        given: moments to use in place of the picture's own, one pair for each instance norm in order.  A part
            that is cut at multiples of `stride` and painted with the whole picture's moments is that part of the
            whole's painting, but for `reach` pixels at its edges.
        """
        if style.shape[1] != self.style_parameters:
            raise InvalidOption(
                f"this network's style vectors have {self.style_parameters} numbers, not {style.shape[1]}"
            )
        if mixing is not None and mixing.shape != (1, self.mixing_parameters):
            raise InvalidOption(
                f"this network's styles mix by (1, {self.mixing_parameters}) numbers, not {tuple(mixing.shape)}"
            )
        conditioning = Conditioning(style, given, mixing)
        return self.paint(picture, conditioning), conditioning.seen

    def _norms(self) -> list[StyledNorm]:
        return [module for module in self.modules() if isinstance(module, StyledNorm)]

    @property
    def style_parameters(self) -> int:
        """Length P of this network's style vectors; 0 if its styles are in its weights."""
        return sum(norm.style_parameters for norm in self._norms())

    @property
    def mixing_parameters(self) -> int:
        """Length Q of the mixing of this network's styles."""
        return sum(module.channels**2 for module in self.modules() if isinstance(module, Mixing))

    def new_style(self) -> Tensor:
        """Return the (P,) float32 vector that a style's learning starts from: norms that only normalise."""
        return torch.cat([norm.initial()[0] for norm in self._norms()] or [torch.zeros(0)])

    def new_identity(self) -> Tensor:
        """Return the (P,) float32 vector that the identity's learning starts from: norms that do nothing."""
        return torch.cat([norm.initial()[1] for norm in self._norms()] or [torch.zeros(0)])
