"""What a machine can do at most: a product of two large matrices on request, timed beside painters.

    python -m impasto.evaluation.product '{"precision": "bf16", "device": "cpu"}'

Speaks as `impasto.evaluation.worker` does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from impasto.evaluation.worker import serve

__all__ = ["OPERATIONS"]

SIDE = 2048
"""Of the matrices."""
OPERATIONS = 2 * SIDE**3
"""Floating-point operations of a product, each multiplication and each addition one."""


def main() -> None:
    """Multiply matrices as the engine of the device does: OpenVINO's, or torch's on CUDA devices."""
    facts = json.loads(sys.argv[1])
    precision, device = facts["precision"], facts["device"]
    run = _by_torch(precision, device) if device.startswith("cuda") else _by_openvino(precision)
    serve(f"the peak: a product of matrices, {precision}", run)


def _by_openvino(precision: str) -> Callable[[], Any]:
    from impasto.runtime.engines.offline import ops, ov

    matrix = np.random.default_rng(0).standard_normal((SIDE, SIDE), np.float32)
    given = ops.parameter([SIDE, SIDE], np.float32)
    model = ov.Model([ops.matmul(given, ops.constant(matrix), False, False)], [given])
    request = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": precision}).create_infer_request()
    return lambda: request.infer([matrix], share_inputs=True)


def _by_torch(precision: str, device: str) -> Callable[[], Any]:
    import torch

    kinds = {"bf16": torch.bfloat16, "f16": torch.float16, "f32": torch.float32}
    matrix = torch.randn(SIDE, SIDE, device=device).to(kinds[precision])

    def run() -> None:
        torch.mm(matrix, matrix)
        torch.cuda.synchronize(device)

    return run


if __name__ == "__main__":
    main()
