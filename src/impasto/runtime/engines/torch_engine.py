"""torch: for CUDA devices, from the network's safetensors twin."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from impasto.errors import EngineUnavailable, InvalidOption, ModelError
from impasto.model.network import Manifest
from impasto.nets import registry
from impasto.nets.base import PaintingNet
from impasto.runtime.engines import Engine

__all__ = ["TorchEngine", "load_net", "open_network"]

BYTES_A_PIXEL = 500
"""Measured at 2 megapixels."""


class TorchEngine(Engine):
    """See `Engine`."""

    def __init__(self, net: PaintingNet, metadata: dict[str, str], device: torch.device, bf16: bool) -> None:
        self.net, self.metadata, self.device, self.bf16 = net, metadata, device, bf16
        self.bytes_a_pixel = BYTES_A_PIXEL if device.type == "cpu" else 0  # of the machine's own memory
        self.name = f"torch {device} {'bf16' if bf16 else 'f32'}"

    @torch.inference_mode()
    def run(
        self, picture: NDArray[np.float32], style: NDArray[np.float32], mixing: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """See `Engine.run`."""
        x = torch.from_numpy(picture).to(self.device).permute(2, 0, 1)[None]  # which is channels_last
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            painting = self.net(x, self._there(style), None if mixing is None else self._there(mixing))
        array: NDArray[np.float32] = painting[0].permute(1, 2, 0).float().contiguous().cpu().numpy()
        return array

    def _there(self, numbers: NDArray[np.float32]) -> torch.Tensor:
        return torch.from_numpy(numbers).to(self.device)


def load_net(path: Path) -> tuple[PaintingNet, dict[str, str]]:
    """Return the network in a .safetensors file, in evaluation mode on the CPU, and the file's metadata.

    Raises ModelError, naming the file, if it is absent, damaged or of another kind.
    """
    if not path.exists() and path.with_suffix(".onnx").is_file():
        raise ModelError(f"{path}: is not there, as of networks that were imported as ONNX; torch needs it")
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = dict(file.metadata() or {})
            name = Manifest.from_metadata(metadata, str(path)).network
            keys = list(file.keys())
            _check_shapes(name, {key: tuple(file.get_slice(key).get_shape()) for key in keys}, path)
            net = registry.build(name)
            net.load_state_dict({key: file.get_tensor(key) for key in keys})
    except (SafetensorError, OSError, RuntimeError, InvalidOption) as error:
        raise ModelError(f"{path}: is absent, damaged or not a network") from error
    return net.eval(), metadata


def _check_shapes(network: str, stored: Mapping[str, tuple[int, ...]], path: Path) -> None:
    """Raise ModelError unless a file holds the weights of a network of this name, before any of these is made."""
    with torch.device("meta"):  # shapes without numbers
        expected = {key: tuple(value.shape) for key, value in registry.build(network).state_dict().items()}
    if stored != expected:
        raise ModelError(f"{path}: its weights are not those of the network that it says it is")


def open_network(network: Path, *, device: str, precision: str, threads: int = 0) -> TorchEngine:
    """Return an engine for a network file's twin; raises EngineUnavailable if the device is not there."""
    name = "cpu" if device == "auto" else device
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise EngineUnavailable(f"--device {device}: torch sees no CUDA device here")
    try:
        chosen = torch.device(name)
        torch.zeros(1, device=chosen).cpu()
    except (RuntimeError, AssertionError, ImportError) as error:  # according to what the build of torch lacks
        raise EngineUnavailable(f"--device {device}: torch has no such device here") from error
    if threads:
        torch.set_num_threads(threads)  # of the whole process
    net, metadata = load_net(network.with_suffix(".safetensors"))
    net.to(chosen, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return TorchEngine(net, metadata, chosen, precision == "bf16" or (precision == "auto" and chosen.type == "cuda"))
