"""Painting on a Ray cluster: Ray Data hands chunks to actors, each with its own Stylizers."""

from __future__ import annotations

import logging
import os
import pickle  # what passes within a cluster, which Ray itself pickles  # nosec B403
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Any

from impasto.batch.chunks import Chunk
from impasto.batch.ledger import Record
from impasto.batch.worker import Painter, Plan
from impasto.errors import EngineUnavailable, ImpastoError, InvalidOption

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["AUTO", "Cluster", "check_address"]

AUTO = "auto"
WINDOW = 20_000
"""Chunks that Ray is given at once, as it wants to know all that it is given."""
OWN_OBJECT_STORE = 200 << 20
"""Bytes of it on a cluster of our own, for messages: pictures never pass through Ray."""


def check_address(address: str) -> None:
    """Raise InvalidOption for what is no cluster's address."""
    if address != AUTO and not re.fullmatch(r"(ray://)?[\w.\-\[\]:]+:\d+", address):
        raise InvalidOption(f"--ray is alone or HOST:PORT, got {address!r}; write --ray=auto before SRC and DST")


class Cluster:
    """A connection to a Ray cluster; closed on leaving, unless it was there before.

    address: HOST:PORT, ray://HOST:PORT, or auto: the cluster that this machine belongs to, else one on this machine.
    Raises EngineUnavailable without Ray or where there is no such cluster.
    """

    def __init__(self, address: str) -> None:
        check_address(address)
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # without it Ray reports each cluster to its makers
        try:
            import ray
            import ray.data
        except ImportError as error:
            raise EngineUnavailable("--ray needs Ray; pip install 'impasto[batch,ray]'") from error
        self.ray, self.address, self.is_ours = ray, address, not ray.is_initialized()

    def __enter__(self) -> Self:
        if self.is_ours:
            self._connect()
        context = self.ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.is_ours:
            self.ray.shutdown()

    @property
    def cpus(self) -> int:
        """Cores of all its machines."""
        return int(self._resources().get("CPU", 0))

    @property
    def gpus(self) -> float:
        """GPUs of all its machines."""
        return float(self._resources().get("GPU", 0))

    def paint(
        self, chunks: Iterable[Chunk], plan: Plan, *, actors: int, cpus: int, gpus: float = 0.0
    ) -> Iterator[Record]:
        """Paint chunks and yield their records as they come.

        actors: painting processes, each with so many cores and GPUs, of which parts will do.
        A chunk whose actor or machine ended is given to another; the ledger knows what of it is painted.
        Raises ImpastoError with what an actor raised.
        """
        source = iter(chunks)
        while window := list(islice(source, WINDOW)):
            rows = [{"chunk": pickle.dumps(chunk)} for chunk in window]
            painted = self.ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
                _Actor,
                fn_constructor_args=(plan, cpus),
                batch_size=1,
                compute=self.ray.data.ActorPoolStrategy(size=min(actors, len(rows))),
                num_cpus=cpus,
                num_gpus=gpus,
            )
            yield from self._records(painted)

    def _resources(self) -> dict[str, float]:
        resources: dict[str, float] = self.ray.cluster_resources()  # type: ignore[no-untyped-call]
        return resources

    def _connect(self) -> None:
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
        try:
            try:
                self.ray.init(self.address, **quiet)
            except ConnectionError:
                if self.address != AUTO:
                    raise
                self.ray.init(object_store_memory=OWN_OBJECT_STORE, include_dashboard=False, **quiet)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise EngineUnavailable(f"--ray {self.address}: no cluster can be reached there ({error})") from error

    def _records(self, painted: Any) -> Iterator[Record]:
        seen = set()
        try:
            for row in painted.iter_rows():
                record, problem = pickle.loads(row["record"])  # noqa: S301 - our own actors' words  # nosec B301
                if problem:
                    raise ImpastoError(problem)
                if record.id not in seen:  # Ray may do again what a lost machine had done
                    seen.add(record.id)
                    yield record
        except self.ray.exceptions.RayError as error:
            raise ImpastoError(f"the Ray cluster failed ({error}); the same command goes on from here") from error


class _Actor:
    """A painting process of a cluster; errors go as text, since many of them do not pass between processes."""

    def __init__(self, plan: Plan, cpus: int) -> None:
        self.problem = ""
        try:
            self.painter = Painter(replace(plan, share=min(1.0, cpus / (os.cpu_count() or 1))))
        except ImpastoError as error:
            self.problem = str(error)

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[bytes]]:
        """Paint the chunk that a batch of one row holds, and return its record."""
        record = None
        if not self.problem:
            try:
                record = self.painter(pickle.loads(batch["chunk"][0]))  # noqa: S301 - from the driver  # nosec B301
            except ImpastoError as error:
                self.problem = str(error)
        return {"record": [pickle.dumps((record, self.problem))]}
