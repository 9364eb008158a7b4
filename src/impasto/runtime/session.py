"""A network opened for painting: whatever the size, out comes a painting of exactly that size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ModelError
from impasto.image import IntegerArray, to_float
from impasto.memory import Room
from impasto.model import Manifest, Style
from impasto.runtime.engines import Engine, open_engine

__all__ = ["MARGIN", "Session", "padded", "unpadded"]

OUT_OF_MEMORY = ("bad_alloc", "allocate memory", "out of memory", "BFCArena")
"""What engines say when there is not enough memory, each in its own kind of error."""
MARGIN = 16
"""px that a picture is enlarged by on each side, and the painting cut by.

Most of what a network's own padding paints at the border (a thin frame, where the photo is nearly flat) then falls
outside, and every layer has something to reflect.
"""


class Session:
    """A network on an engine."""

    def __init__(self, network: Path, engine: Engine) -> None:
        self.network, self.engine = network, engine
        self.manifest = Manifest.from_metadata(engine.metadata, str(network))

    @classmethod
    def open(
        cls, network: Path, *, engine: str = "auto", device: str = "auto", precision: str = "auto", threads: int = 0
    ) -> Session:
        """Open a network file (.onnx); see `open_engine` for the options and errors."""
        return cls(network, open_engine(network, engine=engine, device=device, precision=precision, threads=threads))

    def check(self, style: Style) -> None:
        """Raise ModelError, naming both, if the style belongs to another network."""
        manifest = self.manifest
        mixes = 0 if style.mixing is None else len(style.mixing)
        fits = style.vector.shape == (manifest.style_parameters,) and mixes in (0, manifest.mixing_parameters)
        if style.network != manifest.fingerprint or not fits:
            raise ModelError(
                f"the style {style.name} belongs to the network {style.network or '(unnamed)'}, "
                f"not to {self.network.name} ({manifest.fingerprint})"
            )

    def paint(self, picture: NDArray[np.float32], style: Style) -> NDArray[np.float32]:
        """Return the painting, (H, W, 3) float32 RGB, about [0, 1] but not clipped to it.

        picture: (H, W, 3) float32, RGB in [0, 1], any size of at least 1x1.
        Raises ModelError for a style of another network and MemoryError.
        """
        self.check(style)
        return unpadded(self._run(padded(picture, self.manifest.stride), style), picture)

    def prepare(self, size: tuple[int, int], style: Style, *, one_style: bool = False) -> None:
        """Make ready for many pictures of one (height, width), as of a film or a camera, which then paint faster.

        one_style: whether they are to be in this style only.
        Raises ModelError for a style of another network.
        """
        self.check(style)
        given = padded(np.zeros((*size, 3), np.float32), self.manifest.stride)
        self.engine.prepare(given, *_numbers(style), one_style=one_style)

    def strips(self, pixels: IntegerArray, style: Style, room: Room) -> Iterator[NDArray[np.float32]]:
        """Yield the painting from its top to its bottom, (rows, W, 3) float32 each, at once where memory allows.

        pixels: (H, W, 3) uint8 or uint16, any size of at least 1x1; room: memory that may be taken.
        Raises ModelError for a style of another network, and MemoryError, which says what would fit.
        """
        self.check(style)
        height, width = pixels.shape[:2]
        if height * width * self.engine.bytes_a_pixel <= room():
            yield self.paint(to_float(pixels), style)
        else:
            yield from self.engine.stream(pixels, style.vector, style.mixing, MARGIN, room)

    def _run(self, picture: NDArray[np.float32], style: Style) -> NDArray[np.float32]:
        try:
            return self.engine.run(picture, *_numbers(style))
        except Exception as error:
            if any(words in str(error) for words in OUT_OF_MEMORY):
                raise MemoryError(f"{self.engine.name} has not enough memory") from error
            raise


def _numbers(style: Style) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Return a style's vector, (1, P), and mixing, (1, Q) or None."""
    return style.vector[None], None if style.mixing is None else style.mixing[None]


def padded(picture: NDArray[np.float32], stride: int) -> NDArray[np.float32]:
    """Return what a network is given for a picture, (H, W, 3): (H', W', 3) with mirrored margins.

    MARGIN on every side, then at the bottom and right as much as makes both sides multiples of the stride.
    """
    wanted = [-(-(side + 2 * MARGIN) // stride) * stride for side in picture.shape[:2]]
    (down, across) = ((MARGIN, want - side - MARGIN) for want, side in zip(wanted, picture.shape[:2], strict=True))
    return np.pad(picture, (down, across, (0, 0)), mode="symmetric")


def unpadded(painting: NDArray[np.float32], picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the part of a painting, (H', W', 3), that is the `padded` picture's own, (H, W, 3)."""
    height, width = picture.shape[:2]
    return painting[MARGIN : MARGIN + height, MARGIN : MARGIN + width]
