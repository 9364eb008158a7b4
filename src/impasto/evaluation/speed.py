"""How fast networks paint on this machine, and how near that is to what the machine can do.

Every painter runs in a process of its own, so that its peak memory is its own, and the runs of all are interleaved, so
that a machine whose speed drifts slows all of them alike.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import isqrt
from statistics import median
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from impasto.errors import EngineUnavailable, ImpastoError
from impasto.evaluation.product import OPERATIONS
from impasto.model import Model, network_of
from impasto.runtime.engines import open_engine

__all__ = ["Command", "Timing", "operations_a_pixel", "painter", "peak", "present", "time_network"]

PAUSE = 0.3
"""Seconds between two runs: threads of the painter before may go on spinning for a while."""


@dataclass(frozen=True)
class Timing:
    """A painter at one size: median of its runs in seconds, and its process's peak memory.

    operations: floating-point operations a painting, each multiplication and each addition one; 0 where not known.
    """

    engine: str
    height: int
    width: int
    seconds: float
    operations: float
    memory: int

    @property
    def pixels_a_second(self) -> float:
        """Pixels that are painted in a second."""
        return self.height * self.width / self.seconds

    @property
    def operations_a_second(self) -> float:
        """Floating-point operations a second."""
        return self.operations / self.seconds


def present(device: str = "auto") -> list[tuple[str, str]]:
    """Return (engine, precision) of everything that can paint here."""
    found = []
    for engine in ("openvino", "onnxruntime", "torch"):
        for precision in ("bf16", "f32"):
            try:
                open_engine(network_of(), engine=engine, device=device, precision=precision)
            except EngineUnavailable:
                continue
            found.append((engine, precision))
    return found


def painter(engine: str, precision: str, device: str = "auto", model: Model = "main") -> Command:
    """Return the command that paints with a network, in the first of the styles beside it."""
    facts = {"engine": engine, "precision": precision, "device": device, "model": str(model)}
    operations = operations_a_pixel(load_file(network_of(model).with_suffix(".safetensors")))
    return Command((sys.executable, "-m", "impasto.evaluation.worker"), facts, operations)


def peak(precision: str, size: tuple[int, int], device: str = "auto") -> Command:
    """Return the command that does what this machine can do at most, to be timed beside painters at a size."""
    arguments = (sys.executable, "-m", "impasto.evaluation.product")
    return Command(arguments, {"precision": precision, "device": device}, OPERATIONS / (size[0] * size[1]))


def time_network(
    commands: Sequence[Command], size: tuple[int, int], runs: int, threads: int = 0
) -> list[Timing | None]:
    """Return the timing of each painter at a (height, width), interleaved; None for another program that cannot paint.

    threads: cores that each may use; 0 means all.  Raises ImpastoError if one of Impasto's own cannot paint.
    """
    height, width = size
    facts = {"size": size, "threads": threads or os.cpu_count()}
    with ExitStack() as stack:
        workers = [_started(command, facts, stack) for command in commands]
        seconds: list[list[float]] = [[] for _ in workers]
        for _ in range(runs):
            for worker, each in zip(workers, seconds, strict=True):
                time.sleep(PAUSE)
                each.extend([worker.run()] if worker else [])
        return [
            Timing(worker.name, height, width, median(each), command.operations * height * width, worker.end())
            if worker
            else None
            for command, worker, each in zip(commands, workers, seconds, strict=True)
        ]


def _started(command: Command, facts: Mapping[str, Any], stack: ExitStack) -> Worker | None:
    """Return a painter that has painted once, or None for another program that could not."""
    try:
        return stack.enter_context(Worker(command, facts))
    except ImpastoError:
        if command.operations:
            raise
        return None


@dataclass(frozen=True)
class Command:
    """How a painter is started: a program that speaks as `impasto.evaluation.worker` does, and facts for it.

    operations: floating-point operations a pixel; 0 for other programs; largest: px of the largest square that
    it can paint in reasonable time.
    """

    arguments: Sequence[str]
    facts: Mapping[str, Any] = field(default_factory=dict)
    operations: float = 0.0
    largest: int = 1 << 16


class Worker:
    """A process that speaks as `impasto.evaluation.worker` does."""

    def __init__(self, command: Command, facts: Mapping[str, Any]) -> None:
        self.arguments = [*command.arguments, json.dumps({**command.facts, **facts})]
        self.cores = int(facts["threads"])

    def __enter__(self) -> Worker:
        self.process = subprocess.Popen(  # noqa: S603 - our own module, or a peer's script
            self.arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        if hasattr(os, "sched_setaffinity"):
            allowed = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(self.process.pid, allowed[: self.cores])
        self.name = self._answer()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def run(self) -> float:
        """Paint once and return the seconds that it took."""
        assert self.process.stdin is not None  # noqa: S101 - a pipe
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self._answer())

    def end(self) -> int:
        """End the process and return its peak memory in bytes."""
        assert self.process.stdin is not None  # noqa: S101 - a pipe
        self.process.stdin.close()
        return int(self._answer())

    def _answer(self) -> str:
        assert self.process.stdout is not None  # noqa: S101 - a pipe
        assert self.process.stderr is not None  # noqa: S101 - a pipe
        line = self.process.stdout.readline().strip()
        if not line:
            said = self.process.stderr.read().strip().splitlines()
            raise ImpastoError(
                f"{' '.join(self.arguments[:3])[:200]} ended: {said[-1] if said else 'nothing was said'}"
            )
        return line


def operations_a_pixel(weights: Mapping[str, Any]) -> float:
    """Return the operations that a network of the family `impasto` takes for each pixel, as it is exported.

    weights: {name: array} of its safetensors file.  Convolutions only; upsamplings as the transposed convolutions that
    they become, which take 4 of 9 multiplications.
    """
    fold = isqrt(weights["trunk.0.layer.weights.weight"].shape[1] // 3)
    total: float = sum(
        2.0
        * np.prod(weight.shape[:2])
        * (4 if "convolution" in name else np.prod(weight.shape[2:]))
        / _pixels(name, fold)
        for name, weight in weights.items()
        if name.endswith(".weight")
    )
    return total


def _pixels(layer: str, fold: int) -> int:
    """Return the pixels for each position of a layer's map; fold: as many in each direction for the trunk's."""
    block, index, *_ = layer.split(".")
    side = {"trunk": fold, "decoder": fold >> (int(index) + 1 if index.isdigit() else 0)}.get(block, 1)
    return side**2
