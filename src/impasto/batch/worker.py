"""Painting chunks: what each process of a batch does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from impasto.batch.chunks import Chunk, FileChunk, Item
from impasto.batch.ledger import Attempt, Ledger, Record
from impasto.batch.overlap import AHEAD, overlap
from impasto.batch.places import is_local
from impasto.batch.recipe import Engine, Recipe
from impasto.batch.sinks import FileSink, Sink, TarSink
from impasto.batch.store import Store
from impasto.errors import EngineUnavailable, ModelError, PictureError, UnwritableOutput
from impasto.image import Picture, encode, format_of, read
from impasto.memory import available_bytes
from impasto.runtime.session import Session
from impasto.runtime.stylizer import Stylizer

__all__ = ["Painter", "Plan"]

AHEAD_ELSEWHERE = 4
"""As AHEAD, where photos come from another machine or paintings go to one."""
STOPPING = (UnwritableOutput, EngineUnavailable, ModelError)
"""Errors that the next photo would meet too."""


@dataclass(frozen=True)
class Plan:
    """What a painting process is to know.

    output: path or URL; recipe: how photos are painted that do not say so themselves; suffix, quality, to: see
    `BatchOptions`; share: of this machine's memory; fresh: no painting can be there that this run did not paint.
    """

    output: str
    recipe: Recipe | None
    engine: Engine
    suffix: str
    quality: int
    to: str
    share: float
    fresh: bool


@dataclass(frozen=True, eq=False)
class _Work:
    """An item on its way: its picture or its file so far, unless it failed, and what is to be recorded of it."""

    item: Item
    record: Record = field(default_factory=Record)
    picture: Picture | None = None
    data: bytes | None = None

    @property
    def is_over(self) -> bool:
        return bool(self.record.failed or self.record.there)

    def failed(self, reason: str) -> _Work:
        return _Work(self.item, Record(failed=((self.item.name, reason),)))


class Painter:
    """Paints chunks, with one session for each network."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.store = plan, Store.open(plan.output)
        self.ledger = Ledger(self.store)
        self.sessions: dict[str, Session] = {}
        self.room = max(1, int(plan.share * available_bytes()))
        if plan.recipe is not None:
            self._session(plan.recipe.network)  # what is wrong with it is said at once

    def __call__(self, chunk: Chunk) -> Record:
        """Paint a chunk, or what is left of it, and return what became of it, which is written down.

        Raises UnwritableOutput and what else the next photo would meet too.
        """
        done = self.ledger.record(chunk.id)
        if done is not None:
            return done
        began = time.perf_counter()
        attempt = self.ledger.begin(chunk.id)
        sink, in_tar = self._sink(chunk, attempt)
        total = sink.earlier
        items = chunk.items(sink.start, self.plan.suffix, inside=in_tar)
        for work in self._painted(items, sink, attempt):
            sink.keep(work.item, work.data, work.record)
            total += work.record
        sink.finish()
        outputs = total.outputs if isinstance(chunk, FileChunk) else ()
        record = replace(total, id=chunk.id, seconds=time.perf_counter() - began, outputs=outputs)
        self.ledger.finish(record)
        sink.clear()
        return record

    def _sink(self, chunk: Chunk, attempt: Attempt) -> tuple[Sink, bool]:
        in_tar = self.plan.to == "tars" or (self.plan.to == "as-is" and not isinstance(chunk, FileChunk))
        if in_tar:
            return TarSink(self.store, chunk.id, chunk.name), True
        return FileSink(self.store, chunk.id, looks=not self.plan.fresh or attempt.tries > 1), False

    def _painted(self, items: Iterator[Item], sink: Sink, attempt: Attempt) -> Iterator[_Work]:
        """Yield what becomes of each item, in order; reading and writing beside the painting, unless careful."""

        def reading(item: Item) -> _Work:
            return _tried(lambda work: self._read(work, sink, attempt), _Work(item))

        def painting(work: _Work) -> _Work:
            return _tried(self._paint, work)

        def writing(work: _Work) -> _Work:
            return _tried(lambda work: self._write(work, sink), work)

        if attempt.careful:
            for item in items:
                self.ledger.note(attempt, item.name)
                yield writing(painting(reading(item)))
            self.ledger.note(attempt, "")
        else:
            yield from overlap(
                items, reading, painting, writing, ahead=AHEAD if is_local(self.store.fs) else AHEAD_ELSEWHERE
            )

    def _read(self, work: _Work, sink: Sink, attempt: Attempt) -> _Work:
        item = work.item
        if attempt.refuses(item.name):
            return work.failed("painting it ended the process again and again; it may need more memory than there is")
        if sink.has(item):
            return replace(work, record=Record(there=1))
        data = item.read()
        record = Record(read=len(data))
        if item.carried:
            return replace(work, data=data, record=record)
        picture = read(data, max_pixels=self._recipe(item).options.max_pixels, name=item.name)
        return replace(work, picture=picture, record=record)

    def _paint(self, work: _Work) -> _Work:
        if work.picture is None:
            return work
        painted = self._stylizer(self._recipe(work.item)).paint(work.picture, work.item.name)
        height, width = painted.size
        record = replace(work.record, painted=1, pixels=height * width, notices=painted.notices)
        return replace(work, picture=painted, record=record)

    def _write(self, work: _Work, sink: Sink) -> _Work:
        data = work.data
        if work.picture is not None:
            data = encode(work.picture, format_of(work.item.output), self.plan.quality)
            sink.put(work.item, data)
        if data is None:
            return work
        outputs = (work.item.output,) if sink.lists_outputs and not work.item.carried else ()
        return replace(work, picture=None, data=data, record=replace(work.record, written=len(data), outputs=outputs))

    def _recipe(self, item: Item) -> Recipe:
        recipe = item.recipe or self.plan.recipe
        assert recipe is not None  # noqa: S101 - a photo without any has a problem
        return recipe

    def _stylizer(self, recipe: Recipe) -> Stylizer:
        if not recipe.options.max_memory:
            recipe = replace(recipe, options=replace(recipe.options, max_memory=str(self.room)))
        return recipe.stylizer(self._session(recipe.network))

    def _session(self, network: str) -> Session:
        if network not in self.sessions:
            self.sessions[network] = self.plan.engine.open(network)
        return self.sessions[network]


def _tried(step: Callable[[_Work], _Work], work: _Work) -> _Work:
    """Return what a step makes of an item; what goes wrong with one item does not stop the next."""
    if work.is_over:
        return work
    try:
        return step(work)
    except STOPPING:
        raise
    except PictureError as error:
        return work.failed(error.reason)
    except OSError as error:  # of the painting's own name
        return work.failed(f"the painting cannot be written as {work.item.output} ({error.strerror or error})")
    except Exception as error:  # noqa: BLE001 - recorded as this photo's failure, which the exit code tells
        return work.failed(" ".join(f"{type(error).__name__}: {error}".split()))
