"""ONNX Runtime: other devices and platforms (an extra)."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto.errors import EngineUnavailable, ModelError
from impasto.runtime.engines import Engine
from impasto.runtime.engines.safety import check_network

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # without it ONNX Runtime reports each session to its makers
import onnxruntime as ort

__all__ = ["OnnxRuntimeEngine", "open_network"]

BYTES_A_PIXEL = 700
"""Measured at 2 megapixels."""
PROVIDERS = {"auto": "CPUExecutionProvider", "cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


class OnnxRuntimeEngine(Engine):
    """See `Engine`."""

    def __init__(self, session: ort.InferenceSession) -> None:
        self.session = session
        self.metadata: dict[str, str] = session.get_modelmeta().custom_metadata_map
        self.bytes_a_pixel = BYTES_A_PIXEL
        self.name = f"ONNX Runtime {session.get_providers()[0].removesuffix('ExecutionProvider')} f32"

    def run(
        self, picture: NDArray[np.float32], style: NDArray[np.float32], mixing: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """See `Engine.run`."""
        planes = np.ascontiguousarray(picture.transpose(2, 0, 1)[None])
        given = {"picture": planes, "style": style, "mixing": mixing}
        inputs = {
            each.name: np.zeros(each.shape, np.float32) if given[each.name] is None else given[each.name]
            for each in self.session.get_inputs()
        }
        (painting,) = self.session.run(None, inputs)
        return np.ascontiguousarray(painting[0].transpose(1, 2, 0))


def open_network(network: Path, *, device: str, precision: str, threads: int = 0) -> OnnxRuntimeEngine:
    """Return an engine for a network file; raises EngineUnavailable if the device or the precision is not there."""
    if precision == "bf16":
        raise EngineUnavailable("--precision bf16: ONNX Runtime computes this network in float32 only")
    kind, _, index = device.partition(":")
    provider = PROVIDERS.get(kind, device)
    if provider not in ort.get_available_providers() or not (index or "0").isdecimal():
        present = ", ".join(ort.get_available_providers())
        raise EngineUnavailable(f"ONNX Runtime has no device {device!r} here; it has {present}")
    check_network(network)
    options = {"device_id": index} if index else {}
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = threads
    try:
        session = ort.InferenceSession(str(network), settings, providers=[(provider, options)], enable_fallback=0)
    except (ValueError, RuntimeError) as error:  # of the provider; those of networks are others
        raise EngineUnavailable(f"--device {device}: ONNX Runtime cannot open {provider} ({error})") from error
    except Exception as error:
        raise ModelError(f"{network}: is absent, damaged or not a network") from error
    if session.get_providers()[0] != provider:  # which could not be loaded; only its log says so
        raise EngineUnavailable(f"--device {device}: ONNX Runtime cannot load {provider}; its log says what is missing")
    return OnnxRuntimeEngine(session)
