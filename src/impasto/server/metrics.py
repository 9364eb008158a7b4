"""What a server has done, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from starlette.types import Scope

__all__ = ["Metrics"]

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60)


class Metrics:
    """Counters of one application; several may live in a process."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        labels = ["method", "path", "status"]
        self._requests = Counter("impasto_requests", "Requests that were answered", labels, registry=registry)
        self._seconds = Histogram(
            "impasto_request_seconds",
            "Time from a request's head to its answer's end",
            ["path"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._stages = Histogram(
            "impasto_stage_seconds",
            "Time of a picture's stages: wait, decode, paint, encode",
            ["stage"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._pixels = Counter("impasto_pixels", "Pixels that were painted", registry=registry)
        self._jobs = Counter("impasto_jobs", "Jobs that ended", ["kind", "state"], registry=registry)

    def answered(self, scope: Scope, status: int, seconds: float) -> None:
        """Count a request; paths without a route of ours are one, and methods that are not HTTP's own."""
        path = getattr(scope.get("route"), "path", "") or "other"
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._requests.labels(method, path, status or "none").inc()
        self._seconds.labels(path).observe(seconds)

    def painted(self, pixels: int, stages: dict[str, float]) -> None:
        """Count a painting and the seconds of its stages."""
        self._pixels.inc(pixels)
        for stage, seconds in stages.items():
            self._stages.labels(stage).observe(seconds)

    def ended(self, kind: str, state: str) -> None:
        """Count a job."""
        self._jobs.labels(kind, state).inc()

    def watch(self, name: str, sentence: str, value: Callable[[], float]) -> None:
        """Show a value as it is when it is asked for."""
        Gauge(f"impasto_{name}", sentence, registry=self.registry).set_function(value)

    def text(self) -> bytes:
        """Return all in Prometheus' text format."""
        text: Any = generate_latest(self.registry)
        return bytes(text)
