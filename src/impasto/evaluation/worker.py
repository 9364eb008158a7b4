"""One painter in a process of its own, timed on request: what `impasto.evaluation.speed` starts.

    python -m impasto.evaluation.worker '{"engine": ..., "precision": ..., "device": ..., "model": ..., "size": ...}'

Each line on standard input asks for one painting, and is answered by its seconds on standard output; the end of the
input is answered by the process's peak memory in bytes.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["serve"]


def serve(name: str, run: Callable[[], Any]) -> None:
    """Say the painter's name after a first run, which warms it up, and answer requests until the input ends."""
    from impasto.memory import peak_bytes

    run()
    print(name, flush=True)  # noqa: T201 - the protocol
    for _ in sys.stdin:
        began = time.perf_counter()
        run()
        print(time.perf_counter() - began, flush=True)  # noqa: T201
    print(peak_bytes(), flush=True)  # noqa: T201


def main() -> None:
    """Paint noise with a network, from floats to floats, so that nothing but the network is timed."""
    from impasto.model import bundled_styles, network_of, read_style
    from impasto.runtime.session import Session

    facts = json.loads(sys.argv[1])
    size = facts.pop("size")
    model = facts.pop("model")
    facts.pop("threads")  # who starts this says which cores it may use
    session = Session.open(network_of(model), **facts)
    style = read_style(bundled_styles(model)[0].path)
    photo = np.random.default_rng(0).random((*size, 3), np.float32)
    session.prepare(size, style, one_style=True)
    serve(f"{model}, {session.engine.name}", lambda: session.paint(photo, style))


if __name__ == "__main__":
    main()
