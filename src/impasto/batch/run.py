"""A batch from its source to its report: what is left is handed out, what became of it added up."""

from __future__ import annotations

import json
import os
import queue
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain, islice
from typing import Any

from impasto.batch.chunks import Chunk, Entry, TarChunk
from impasto.batch.config import BatchOptions
from impasto.batch.ledger import RUN, Ledger, Record, drafts_of
from impasto.batch.places import local_path
from impasto.batch.processes import Processes
from impasto.batch.progress import Follow, Progress
from impasto.batch.recipe import Engine, Recipe, Resolve
from impasto.batch.sources import chunked, find
from impasto.batch.store import Store
from impasto.batch.worker import Painter, Plan
from impasto.errors import InvalidOption

__all__ = ["batch"]

CHUNK, TAR_CHUNK = 64, 512
"""Photos that are handed out together, and those that become one tar."""
ROUNDS = 4
"""Of a small collection each process gets so many chunks at least."""
LOOK_AHEAD = 2000
"""Chunks that are looked for ahead of painting; once all are found the time that is left is known."""


def batch(
    source: str,
    output: str,
    recipe: Recipe | None,
    resolve: Resolve,
    options: BatchOptions | None = None,
    *,
    engine: Engine | None = None,
    ray: str | None = None,
    follow: Follow | None = None,
) -> Progress:
    """Paint a collection, or what is left of it, and return what became of all of it.

    source: see `sources.find`; output: path or URL of a folder, which is made.
    recipe: how photos are painted that do not say so themselves; resolve: makes the name of a style a recipe.
    engine: what networks run on; its threads are set here.  ray: the address of a cluster, see `cluster.Cluster`, or
    None: this machine.
    Photos that cannot be painted are in the report, OUTPUT/report.jsonl, and do not stop the rest.
    Raises as `sources.find` does, InvalidOption if the output is painted otherwise, UnwritableOutput, and
    EngineUnavailable.
    """
    options, engine = options or BatchOptions(), engine or Engine()
    if options.gpus and ray is None:
        raise InvalidOption("--gpus is for --ray; without it give --device")
    if ray is not None:  # the machines have no current folder in common
        source, output = _absolute(source), _absolute(output)
    store = Store.open(output)
    found = find(source, store, options, resolve, styled=recipe is not None)
    with ExitStack() as stack:
        cluster = None if ray is None else stack.enter_context(_cluster(ray))
        workers = options.workers or _workers(cluster, options)
        ledger = Ledger(store)
        stack.enter_context(ledger.lock(options.part_name))
        fresh = ledger.open(_facts(recipe, options))
        engine = replace(engine, threads=0 if cluster is None and workers == 1 else options.cpus)
        plan = Plan(output, recipe, engine, options.suffix, options.quality, options.to, 1 / workers, fresh)
        run = _Run(ledger, options, follow or (lambda _: None))
        chunks = run.chunks(found, workers)
        if cluster is not None:
            records = cluster.paint(chunks, plan, actors=workers, cpus=options.cpus, gpus=options.gpus)
        elif workers == 1:
            records = map(Painter(plan), chunks)
        else:
            records = Processes(plan, workers)(chunks)
        return run.through(records)


def report_name(options: BatchOptions) -> str:
    """Return the name of the report below the output."""
    return f"report-{options.part_name}.jsonl" if options.shard else "report.jsonl"


class _Run:
    """Hands out what is not done yet, and adds up."""

    def __init__(self, ledger: Ledger, options: BatchOptions, follow: Follow) -> None:
        self.ledger, self.options, self.follow = ledger, options, follow
        self.progress = Progress()
        self.weights: dict[str, int] = {}

    def chunks(self, found: Iterator[Entry | TarChunk], workers: int) -> Iterator[Chunk]:
        """Yield the chunks that are not painted yet, and count those that are."""
        done = self.ledger.done()
        if self.options.to == "tars":
            found = self._not_in_tars(found, done)
        found, size = self._sized(found, workers)
        for chunk in self._looked_ahead(chunked(found, size)):
            record = self.ledger.record(chunk.id) if chunk.id in done else None
            if record is not None and not self._is_to_try_again(chunk, record):
                self._add(record, chunk.weight)
                continue
            self.weights[chunk.id] = chunk.weight
            yield chunk

    def through(self, records: Iterable[Record]) -> Progress:
        """Take note of what became of each chunk, and write the report."""
        began = time.perf_counter()
        for record in records:
            weight = self.weights.pop(record.id)
            self._add(record, weight)
            self.progress.over_now += weight
            self.progress.painted_now += record.painted
            self.progress.seconds = time.perf_counter() - began
            self.follow(self.progress)
        self._write_report()
        if not self.options.shard:
            self.ledger.tidy()
        return self.progress

    def _add(self, record: Record, weight: int) -> None:
        self.progress.painted += record.painted + record.there
        self.progress.failed += record.failed
        self.progress.notices += record.notices
        self.progress.over += weight

    def _sized(self, found: Iterator[Any], workers: int) -> tuple[Iterator[Any], int]:
        """Return what was found and the size of chunks: smaller ones if there are few photos."""
        if self.options.chunk:
            return found, self.options.chunk
        if self.options.to == "tars":
            return found, TAR_CHUNK
        first = list(islice(found, CHUNK * ROUNDS * workers))
        return chain(first, found), max(1, min(CHUNK, len(first) // (ROUNDS * workers)))

    def _looked_ahead(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """Yield chunks, which a thread looks for, and take note of how much was found."""
        waiting: queue.Queue[Any] = queue.Queue(LOOK_AHEAD)
        threading.Thread(target=_fill, args=(waiting, chunks, self.progress), daemon=True).start()
        while (each := waiting.get()) is not None:
            if isinstance(each, BaseException):
                raise each
            yield each

    def _is_to_try_again(self, chunk: Chunk, record: Record) -> bool:
        """Return whether a chunk's failures are, and let them: a tar is not written again."""
        is_tar_of_tar = isinstance(chunk, TarChunk) and self.options.to != "files"
        if not self.options.retry or not record.failed or is_tar_of_tar:
            return False
        self.ledger.forget(chunk.id)
        return True

    def _not_in_tars(self, found: Iterator[Entry | TarChunk], done: set[str]) -> Iterator[Entry | TarChunk]:
        """Yield what no tar of this output holds yet, and count the rest, however chunks were made then."""
        records = self.ledger.records(done)
        held = {output for record in records for output in record.outputs}
        failed = {} if self.options.retry else {name: why for record in records for name, why in record.failed}
        for each in found:
            if isinstance(each, Entry) and each.output in held:
                self._count(Record(painted=1))
            elif isinstance(each, Entry) and each.photo in failed:
                self._count(Record(failed=((each.photo, failed[each.photo]),)))
            else:
                yield each

    def _count(self, record: Record) -> None:
        self._add(record, 1)
        self.progress.found += 1

    def _write_report(self) -> None:
        """Write which photos were not painted and why, and what else there is to know; or remove an old report."""
        progress, store, name = self.progress, self.ledger.store, report_name(self.options)
        lines = [json.dumps({"photo": photo, "error": reason}) for photo, reason in progress.failed]
        lines += [json.dumps({"notice": notice}) for notice in progress.notices]
        if lines:
            store.write(name, "".join(f"{line}\n" for line in lines).encode(), drafts_of(RUN))
            progress.report = store.shown(name)
        else:
            store.remove(name)


def _fill(waiting: queue.Queue[Any], chunks: Iterator[Chunk], progress: Progress) -> None:
    try:
        for chunk in chunks:
            progress.found += chunk.weight
            waiting.put(chunk)
        progress.whole = True
        waiting.put(None)
    except BaseException as error:  # noqa: BLE001 - raised where the chunks are used
        waiting.put(error)


def _cluster(address: str) -> Any:
    from impasto.batch.cluster import Cluster

    return Cluster(address)


def _workers(cluster: Any, options: BatchOptions) -> int:
    """Return how many painting processes there is room for."""
    if cluster is None:
        return max(1, _cores() // options.cpus)
    if options.gpus:
        return max(1, int(cluster.gpus / options.gpus))
    return max(1, int(cluster.cpus) // options.cpus)


def _absolute(url: str) -> str:
    local = local_path(url)
    return url if local is None else str(local.absolute())


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _facts(recipe: Recipe | None, options: BatchOptions) -> dict[str, Any]:
    """Return what must be the same for all runs on one output."""
    facts: dict[str, Any] = {"the style": "that of each row" if recipe is None else recipe.name}
    if recipe is not None:
        facts |= {**recipe.manner, "the digest of style and mask": recipe.digest}
    return facts | {"--format": options.suffix, "--quality": options.quality, "--to": options.to}
