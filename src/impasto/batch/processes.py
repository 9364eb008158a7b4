"""Painting processes on this machine, one for each of some cores; one that ends is replaced."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from impasto.batch.chunks import Chunk
from impasto.batch.ledger import Record
from impasto.batch.worker import Painter, Plan
from impasto.errors import ImpastoError

__all__ = ["Processes"]

PATIENCE = 5.0
"""Seconds that a process gets to end."""


@dataclass
class _Process:
    """A process, the way to speak with it, and what it paints now; ready: whether it said so."""

    process: SpawnProcess
    line: Connection
    chunk: Chunk | None = None
    ready: bool = False


@dataclass
class Processes:
    """Some painting processes.

    plan: what they are to know; count: how many.
    """

    plan: Plan
    count: int
    running: list[_Process] = field(default_factory=list)

    def __call__(self, chunks: Iterable[Chunk]) -> Iterator[Record]:
        """Paint chunks and yield their records as they come.

        A chunk whose process ended is given to another; the ledger knows which of its photos are to blame.
        Raises ImpastoError with what a process raised, or if one ended before it could paint.
        """
        source, again = iter(chunks), deque[Chunk]()
        try:
            while True:
                self._hand_out(source, again)
                busy = [each for each in self.running if each.chunk is not None]
                if not busy:
                    return
                for each in self._that_speak(busy):
                    record = self._heard(each, again)
                    if record is not None:
                        yield record
        finally:
            self._end()

    def _hand_out(self, source: Iterator[Chunk], again: deque[Chunk]) -> None:
        """Give each idle process a chunk, and start processes while there are fewer than there may be."""
        while True:
            idle = next((each for each in self.running if each.chunk is None), None)
            if idle is None and len(self.running) >= self.count:
                return
            chunk = again.popleft() if again else next(source, None)
            if chunk is None:
                return
            if idle is None:
                idle = self._started()
                self.running.append(idle)
            idle.chunk = chunk
            try:
                idle.line.send(chunk)
            except OSError:  # it ended while it was idle
                self._lost(idle, again)

    def _started(self) -> _Process:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self.plan), daemon=True)
        process.start()
        theirs.close()  # so that its end is heard here
        return _Process(process, ours)

    def _that_speak(self, busy: list[_Process]) -> list[_Process]:
        lines: dict[Any, _Process] = {each.line: each for each in busy}
        return [lines[line] for line in wait(list(lines))]

    def _heard(self, each: _Process, again: deque[Chunk]) -> Record | None:
        """Return the record that a process sends, if that is what it has to say."""
        try:
            kind, said = each.line.recv()
        except (EOFError, OSError):
            self._lost(each, again)
            return None
        if kind == "error":
            raise ImpastoError(said)
        each.ready = True
        if kind == "ready":
            return None
        each.chunk = None
        record: Record = said
        return record

    def _lost(self, each: _Process, again: deque[Chunk]) -> None:
        """Take note that a process ended."""
        each.process.join(PATIENCE)
        self.running.remove(each)
        if not each.ready:
            raise ImpastoError(f"a painting process ended before it could paint ({_end_of(each.process.exitcode)})")
        if each.chunk is not None:
            again.append(each.chunk)

    def _end(self) -> None:
        for each in self.running:
            each.process.terminate()
        for each in self.running:
            each.process.join(PATIENCE)
            each.line.close()


def _end_of(code: int | None) -> str:
    return f"signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"


def _serve(line: Connection, plan: Plan) -> None:
    """Paint the chunks that come over a line, and say what became of them, until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        painter = Painter(plan)
        line.send(("ready", None))
        while True:
            line.send(("record", painter(line.recv())))
    except (EOFError, BrokenPipeError):
        return
    except ImpastoError as error:
        line.send(("error", str(error)))
    except Exception:  # noqa: BLE001 - told to the process that started this one, which raises it
        line.send(("error", f"a painting process failed: {traceback.format_exc()}"))


def _end_with_parent() -> None:
    """End this process at once when the one that started it has ended, even if that was killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101 - it was spawned
    wait([parent.sentinel])
    os._exit(1)
