"""The formats of other programs: how a painter is written in each, and how each is run to compare it with torch."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from impasto.export.config import ExportConfig
from impasto.export.graph import onnx_program, program_of

__all__ = ["FACTS_KEY", "FORMS", "Form", "Run", "by_onnxruntime", "by_openvino"]

FACTS_KEY = "impasto_export"
"""Under which a file's metadata say what is in it."""

Run = Callable[[Mapping[str, NDArray[np.float32]]], NDArray[np.float32]]
"""Given a file's inputs by their names, returns the painting."""
Examples = Mapping[str, Tensor]


@dataclass(frozen=True)
class Form:
    """A file format."""

    suffix: str
    write: Callable[[nn.Module, Examples, Path, str, ExportConfig], None]
    """Writes a painter, which takes inputs of these names and shapes, with facts about it, a line of JSON."""
    runtimes: Mapping[str, Callable[[Path], Run]]
    """What opens a file in each of the programs that it is compared in."""


def _write_onnx(painter: nn.Module, examples: Examples, path: Path, facts: str, config: ExportConfig) -> None:
    program = onnx_program(painter, examples, config.opset)
    program.model.metadata_props[FACTS_KEY] = facts
    program.save(str(path))


def _write_openvino(painter: nn.Module, examples: Examples, path: Path, facts: str, config: ExportConfig) -> None:
    from impasto.runtime.engines.offline import ov

    draft = path.with_suffix(".onnx")
    onnx_program(painter, examples).save(str(draft))
    model = ov.Core().read_model(draft)
    model.set_rt_info(facts, FACTS_KEY)
    ov.save_model(model, path, compress_to_fp16=config.precision == "f16")
    draft.unlink()


def _write_torch(painter: nn.Module, examples: Examples, path: Path, facts: str, _config: ExportConfig) -> None:
    program = program_of(painter, examples)
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # names the files and folders of this machine
    torch.export.save(program, path, extra_files={f"{FACTS_KEY}.json": facts})


def _write_torchscript(painter: nn.Module, examples: Examples, path: Path, facts: str, _config: ExportConfig) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing warns of checks that a trace does not hold
        trace: Any = torch.jit.trace
        traced = trace(painter, tuple(examples.values()), check_trace=False)
    draft = path.with_suffix(".draft")
    torch.jit.save(traced, str(draft), _extra_files={f"{FACTS_KEY}.json": facts})
    with zipfile.ZipFile(draft) as whole, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as kept:
        for name in whole.namelist():
            if not name.endswith(".debug_pkl"):  # traces, which name the files and folders of this machine
                kept.writestr(name, whole.read(name))
    draft.unlink()


def by_onnxruntime(path: Path) -> Run:
    """Return what runs an ONNX file in ONNX Runtime, in float32."""
    import onnxruntime as ort

    import impasto.runtime.engines.onnxruntime_engine  # noqa: F401 - which keeps it from reporting to its makers

    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return lambda inputs: session.run(None, dict(inputs))[0]


def by_openvino(path: Path) -> Run:
    """Return what runs a file of OpenVINO or ONNX in OpenVINO, in float32."""
    from impasto.runtime.engines.offline import ov

    compiled = ov.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda inputs: compiled(dict(inputs))[0]


def _by_torch(path: Path) -> Run:
    return _called(torch.export.load(path).module())


def _by_torchscript(path: Path) -> Run:
    load: Any = torch.jit.load
    return _called(load(str(path)))


def _called(module: Any) -> Run:
    @torch.inference_mode()
    def run(inputs: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        painting: NDArray[np.float32] = module(*(torch.from_numpy(value) for value in inputs.values())).numpy()
        return painting

    return run


FORMS = {
    "onnx": Form(".onnx", _write_onnx, {"ONNX Runtime": by_onnxruntime, "OpenVINO": by_openvino}),
    "torch": Form(".pt2", _write_torch, {"torch.export": _by_torch}),
    "torchscript": Form(".pt", _write_torchscript, {"TorchScript": _by_torchscript}),
    "openvino": Form(".xml", _write_openvino, {"OpenVINO": by_openvino}),
}
