"""OpenVINO: the engine of the base install, fastest on CPUs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from impasto.errors import EngineUnavailable, ModelError
from impasto.image import IntegerArray
from impasto.memory import Room
from impasto.model import Manifest
from impasto.model.graph import graph_metadata
from impasto.model.network import FOREIGN
from impasto.runtime.engines import Engine
from impasto.runtime.engines.compiled import Compiled
from impasto.runtime.engines.offline import ov
from impasto.runtime.engines.rows import in_rows
from impasto.runtime.engines.safety import check_network
from impasto.runtime.engines.stages import Stages
from impasto.runtime.engines.streaming import stream
from impasto.runtime.engines.styled import StyledWeights

__all__ = ["OpenVinoEngine", "open_network"]

BYTES_A_PIXEL = {"bf16": 205, "f32": 340}
"""Measured at 9 megapixels, and half as much again for the sizes that are kept."""


class OpenVinoEngine(Engine):
    """See `Engine`."""

    def __init__(self, network: Path, core: ov.Core, device: str, precision: str, threads: int = 0) -> None:
        self.network, self.device = network, device
        self.hint = {} if precision == "auto" else {"INFERENCE_PRECISION_HINT": precision}
        if threads and device == "CPU":  # pinned, several processes would all take the first cores
            self.hint |= {"INFERENCE_NUM_THREADS": str(threads), "ENABLE_CPU_PINNING": "NO"}
        graph = _bytes_of(network)
        self.metadata = _metadata(graph, network)
        self.precision = precision if precision != "auto" else _native_precision(core, device)
        exact = self.precision == "f32"
        self.compiled = Compiled(core, lambda: _read(core, network), graph, device, self.hint, exact=exact)
        self.bytes_a_pixel = BYTES_A_PIXEL[self.precision]
        self.name = f"OpenVINO {device} {self.precision}"

    def run(
        self, picture: NDArray[np.float32], style: NDArray[np.float32], mixing: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """See `Engine.run`."""
        painting: NDArray[np.float32] = self.compiled(_inputs(picture, style, mixing))[0]
        return painting

    def prepare(
        self,
        picture: NDArray[np.float32],
        style: NDArray[np.float32],
        mixing: NDArray[np.float32] | None = None,
        *,
        one_style: bool = False,
    ) -> None:
        """See `Engine.prepare`."""
        inputs = _inputs(picture, style, mixing)
        self.compiled.prepare(inputs, inputs.keys() - {"picture"} if one_style else ())

    def stream(
        self,
        pixels: IntegerArray,
        vector: NDArray[np.float32],
        mixing: NDArray[np.float32] | None,
        margin: int,
        room: Room,
    ) -> Iterator[NDArray[np.float32]]:
        """See `Engine.stream`."""
        dtype = np.float32 if self.precision == "f32" else np.float16
        self.compiled.clear()
        weights = self._weights()
        if not StyledWeights.know(weights):
            raise MemoryError("this network paints whole pictures only")
        try:
            net = StyledWeights(weights, vector, mixing)
        except (KeyError, ValueError) as error:
            raise ModelError(f"{self.twin}: holds other weights than {self.network.name}") from error
        return stream(Stages(net, dtype, self.device, self.hint), pixels, margin, room)

    @property
    def twin(self) -> Path:
        """The file with the same weights by name."""
        return self.network.with_suffix(".safetensors")

    def _weights(self) -> dict[str, NDArray[np.float32]]:
        """Return the twin's weights, none of an imported graph.

        Raises ModelError, naming the twin, if it is damaged or another network's.
        """
        own = Manifest.from_metadata(self.metadata, str(self.network))
        if own.network == FOREIGN:
            return {}
        if Manifest.read(self.twin).fingerprint != own.fingerprint:
            raise ModelError(f"{self.twin}: holds other weights than {self.network.name}")
        try:
            weights: dict[str, NDArray[np.float32]] = load_file(self.twin)
        except (SafetensorError, OSError) as error:
            raise ModelError(f"{self.twin}: is absent, damaged or not a network") from error
        return weights


def _inputs(
    picture: NDArray[np.float32], style: NDArray[np.float32], mixing: NDArray[np.float32] | None
) -> dict[str, NDArray[np.float32]]:
    inputs = {"picture": picture[None], "style": style}
    return inputs if mixing is None else {**inputs, "mixing": mixing}


def open_network(network: Path, *, device: str, precision: str, threads: int = 0) -> OpenVinoEngine:
    """Return an engine for a network file; raises EngineUnavailable if the device or the precision is not there."""
    core = ov.Core()
    name = {"auto": "CPU", "cpu": "CPU"}.get(device, device.upper())
    if name not in {*core.available_devices, *(known.split(".")[0] for known in core.available_devices)}:
        raise EngineUnavailable(f"OpenVINO has no device {device!r} here; it has {', '.join(core.available_devices)}")
    if precision == "bf16" and "BF16" not in core.get_property(name, "OPTIMIZATION_CAPABILITIES"):
        raise EngineUnavailable(f"--precision bf16: this {name} does not compute in bfloat16; leave the option out")
    check_network(network)
    return OpenVinoEngine(network, core, name, precision, threads)


def _bytes_of(network: Path) -> bytes:
    try:
        return network.read_bytes()
    except OSError as error:
        raise ModelError(f"{network}: is absent, damaged or not a network") from error


def _metadata(graph: bytes, network: Path) -> dict[str, str]:
    try:
        return graph_metadata(graph)
    except ValueError as error:
        raise ModelError(f"{network}: is absent, damaged or not a network") from error


def _read(core: ov.Core, network: Path) -> ov.Model:
    try:
        return in_rows(core.read_model(network))
    except RuntimeError as error:
        raise ModelError(f"{network}: is absent, damaged or not a network") from error


def _native_precision(core: ov.Core, device: str) -> str:
    """The precision that OpenVINO takes by itself."""
    return "bf16" if "BF16" in core.get_property(device, "OPTIMIZATION_CAPABILITIES") else "f32"
