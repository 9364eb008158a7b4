"""A network opened for painting: whatever the size, out comes a painting of exactly that size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ModelError
from impasto.model import Manifest, Style
from impasto.runtime.engines import Engine, open_engine

__all__ = ["Session"]

OUT_OF_MEMORY = ("bad_alloc", "allocate memory", "out of memory", "BFCArena")
"""What engines say when there is not enough memory, each in its own kind of error."""
SMALLEST = 16
"""px that a side is padded to at least, so that every layer's reflection has something to reflect."""


class Session:
    """A network on an engine."""

    def __init__(self, network: Path, engine: Engine) -> None:
        self.network, self.engine = network, engine
        self.manifest = Manifest.from_metadata(engine.metadata, str(network))

    @classmethod
    def open(cls, network: Path, *, engine: str = "auto", device: str = "auto", precision: str = "auto") -> Session:
        """Open a network file (.onnx); see `open_engine` for the options and errors."""
        return cls(network, open_engine(network, engine=engine, device=device, precision=precision))

    def check(self, style: Style) -> None:
        """Raise ModelError, naming both, if the style belongs to another network."""
        manifest = self.manifest
        if style.network != manifest.fingerprint or style.vector.shape != (manifest.style_parameters,):
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
        height, width = picture.shape[:2]
        padded = _pad(picture, self.manifest.stride)
        planes = np.ascontiguousarray(padded.transpose(2, 0, 1)[None])
        painting = self._run(planes, style.vector[None])[0, :, :height, :width]
        return np.moveaxis(painting, 0, 2)

    def _run(self, planes: NDArray[np.float32], style: NDArray[np.float32]) -> NDArray[np.float32]:
        try:
            return self.engine.run(planes, style)
        except Exception as error:
            if any(words in str(error) for words in OUT_OF_MEMORY):
                raise MemoryError(f"{self.engine.name} has not enough memory") from error
            raise


def _pad(picture: NDArray[np.float32], stride: int) -> NDArray[np.float32]:
    """Pad at the bottom and right, by mirroring, to multiples of the stride and at least SMALLEST."""
    more = [max(SMALLEST, -(-side // stride) * stride) - side for side in picture.shape[:2]]
    if not any(more):
        return picture
    return np.pad(picture, ((0, more[0]), (0, more[1]), (0, 0)), mode="symmetric")
