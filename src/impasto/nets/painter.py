"""A network with what Impasto does around it: pictures of any size in, paintings of the same size out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from impasto.nets.base import PaintingNet

__all__ = ["OneStyle", "Painter"]


class Painter(nn.Module):
    """Mirrors a picture's margins, paints it at a strength, and cuts the painting to the picture's size.

    net: the network; where its weights are float16, so are its maps, while moments stay float32.
    identity: (P,) float32, the network's identity style.  Without it strength blends pixels.
    margin: px that are mirrored on each side before it is painted.
    """

    identity: Tensor | None

    def __init__(self, net: PaintingNet, identity: Tensor | None, margin: int) -> None:
        super().__init__()
        self.net, self.margin = net, margin
        self.register_buffer("identity", identity)

    def forward(
        self, picture: Tensor, style: Tensor, strength: Tensor | None = None, mixing: Tensor | None = None
    ) -> Tensor:
        """Return paintings, (N, 3, H, W) float32 in [0, 1].

        picture: (N, 3, H, W) float32, RGB in [0, 1], of any size of at least 1x1.
        style: (N, P) or (1, P) float32; mixing: (1, Q) float32 or None.
        strength: (1,) float32 from 0 (the photo) to 1; None is 1.
        """
        if strength is None:
            return self._painted(picture, style, mixing).clamp(0, 1)
        if self.identity is None:
            return torch.lerp(picture, self._painted(picture, style, mixing).clamp(0, 1), strength)
        weaker = self.identity + strength * (style - self.identity)
        return self._painted(picture, weaker, None if mixing is None else mixing * strength).clamp(0, 1)

    def _painted(self, picture: Tensor, style: Tensor, mixing: Tensor | None) -> Tensor:
        height, width = picture.shape[2:]
        rows, columns = (self._mirrored(side, picture.device) for side in (height, width))
        enlarged = picture.index_select(2, rows).index_select(3, columns)
        painting: Tensor = self.net(enlarged.to(next(self.net.parameters()).dtype), style, mixing)
        return painting[:, :, self.margin : self.margin + height, self.margin : self.margin + width]

    def _mirrored(self, side: int, device: torch.device) -> Tensor:
        """Return which of a picture's rows or columns stand in the enlarged one; see `runtime.session.padded`."""
        stride = self.net.stride
        whole = (side + 2 * self.margin + stride - 1) // stride * stride
        period = torch.full((1,), 2 * side, device=device)  # a tensor, since ONNX has no remainder by a size
        places = (torch.arange(whole, device=device) - self.margin).remainder(period)
        return torch.minimum(places, period - 1 - places)


class OneStyle(nn.Module):
    """A painter with one style: pictures in, paintings out.

    style: (P,) float32, or None for a network that has its style in its weights.  strength: 0 to 1; see `Painter`.
    """

    style: Tensor | None
    strength: Tensor | None

    def __init__(self, painter: Painter, style: Tensor | None, strength: float = 1.0) -> None:
        super().__init__()
        self.painter = painter
        self.register_buffer("style", None if style is None else style[None])
        self.register_buffer("strength", None if strength == 1 else torch.tensor([strength]))

    def forward(self, picture: Tensor) -> Tensor:
        """Return paintings, (N, 3, H, W) float32 in [0, 1]; see `Painter`."""
        style = picture.new_zeros(1, 0) if self.style is None else self.style
        painting: Tensor = self.painter(picture, style, self.strength)
        return painting
