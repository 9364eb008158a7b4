"""The engines that can run a network, and the one function that chooses.

Device names are known only here: auto, cpu, cuda, or what the engine itself calls its devices (GPU, NPU, ...).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from impasto.errors import EngineUnavailable, InvalidOption
from impasto.image import IntegerArray
from impasto.memory import Room

__all__ = ["ENGINES", "PRECISIONS", "Engine", "open_engine"]

ENGINES = ("openvino", "onnxruntime", "torch")
PRECISIONS = ("auto", "f32", "bf16")


class Engine(Protocol):
    """A network ready to run on one device."""

    name: str
    """Engine, device and precision in words, such as "OpenVINO CPU bf16"."""
    metadata: Mapping[str, str]
    """The network file's metadata."""
    bytes_a_pixel: int
    """Memory that painting a picture at once takes for each of its pixels, measured."""

    def run(
        self, picture: NDArray[np.float32], style: NDArray[np.float32], mixing: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Return the painting, (H, W, 3) float32, about [0, 1].

        picture: (H, W, 3) float32, RGB in [0, 1], H and W multiples of the network's stride.
        style: (1, P) float32.  mixing: (1, Q) float32, or None: nothing is mixed.
        """

    def prepare(
        self,
        picture: NDArray[np.float32],
        style: NDArray[np.float32],
        mixing: NDArray[np.float32] | None = None,
        *,
        one_style: bool = False,
    ) -> None:
        """Make ready for many runs with inputs of these shapes, which then may be faster; see `run`.

        one_style: whether they are to be in this style, which may make them faster still.
        """
        return  # an engine may have nothing to prepare

    def stream(
        self,
        pixels: IntegerArray,
        vector: NDArray[np.float32],
        mixing: NDArray[np.float32] | None,
        margin: int,
        room: Room,
    ) -> Iterator[NDArray[np.float32]]:
        """Yield the painting of a picture of any size from its top to its bottom, (rows, W, 3) float32 each.

        pixels: (H, W, 3) uint8 or uint16; vector: (P,); mixing: (Q,) or None; margin: px that are mirrored
        on each side before it is painted; room: memory that it may take.
        Raises MemoryError, which says what would fit, if it does not suffice or, as here, the engine paints whole
        pictures only.
        """
        raise MemoryError(f"{self.name} paints whole pictures only; the engine openvino paints in strips")


def open_engine(
    network: Path, *, engine: str = "auto", device: str = "auto", precision: str = "auto", threads: int = 0
) -> Engine:
    """Return the engine to run a network file (.onnx) with.

    engine: openvino, onnxruntime, torch, or auto: torch for CUDA devices, else OpenVINO.
    device: auto (the CPU), cpu, cuda, cuda:N, or a device that the engine knows by that name.
    precision: f32, bf16, or auto (bf16 where the device has it).
    threads: cores that it may use of the CPU; 0 means all.
    Raises InvalidOption for names that no engine has, EngineUnavailable for what is not installed or not there, and
    ModelError for a file that is no network or, where it is not a bundled one, none that is safe to open.
    """
    if engine != "auto" and engine not in ENGINES:
        raise InvalidOption(f"--engine is one of auto, {', '.join(ENGINES)}, got {engine}")
    if precision not in PRECISIONS:
        raise InvalidOption(f"--precision is one of {', '.join(PRECISIONS)}, got {precision}")
    if engine == "auto":
        engine = "torch" if device.startswith("cuda") else "openvino"
    try:
        module = import_module(f"impasto.runtime.engines.{engine}_engine")
    except ImportError as error:
        extra = {"openvino": "openvino", "onnxruntime": "impasto[onnxruntime]", "torch": "impasto[train]"}[engine]
        raise EngineUnavailable(f"the engine {engine} is not installed; pip install '{extra}'") from error
    opened: Engine = module.open_network(network, device=device, precision=precision, threads=threads)
    return opened
