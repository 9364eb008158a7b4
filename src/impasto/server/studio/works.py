"""Work that takes longer than a request: it runs in a thread, tells how far it is, and can be stopped."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from impasto.errors import ImpastoError
from impasto.server.engines import Stopped
from impasto.server.studio.sentences import sentence

__all__ = ["Task", "Work", "Works"]

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Work:
    """One work and what is known of it.

    seconds: it may run for at most so many; state: waiting, running, done, stopped (with what there was until then) or
    failed; over: the part that is over, 0..1; line: how far it is, in words; error: a sentence; picture: a JPEG of what
    there is so far, the `shown`-th; result: the file that came of it; style: the identifier of a style that did;
    notices: sentences for the user.
    """

    seconds: float
    id: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    state: str = "waiting"
    over: float = 0.0
    line: str = ""
    error: str = ""
    picture: bytes = b""
    shown: int = 0
    result: Path | None = None
    style: str = ""
    notices: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    began: float = 0.0

    @property
    def is_to_end(self) -> bool:
        """Whether it was told to stop, or has had its time."""
        return self.stop.is_set() or time.monotonic() - self.began > self.seconds

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in ("done", "stopped", "failed")

    def tell(self, over: float, line: str) -> None:
        """Say how far it is."""
        self.over, self.line = min(1.0, over), line

    def show(self, picture: bytes) -> None:
        """Show what there is so far, a JPEG."""
        self.picture = picture
        self.shown += 1

    def facts(self) -> dict[str, Any]:
        """Return what the page shows."""
        known = ("id", "state", "line", "error", "shown", "style", "notices")
        facts: dict[str, Any] = {name: getattr(self, name) for name in known}
        return {**facts, "over": round(self.over, 4), "file": self.result.name if self.result else ""}


Task = Callable[[Work], None]
"""Does a work, looking at `is_to_end` between its steps; raises ImpastoError with what the visitor should know."""


class Works:
    """Works of one kind for all visitors: one at a time, the others wait in their order.

    scratch: the folder that errors do not speak of.
    """

    def __init__(self, name: str, scratch: Callable[[], Path]) -> None:
        self.pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self.scratch = scratch
        self.queue: list[Work] = []

    def begin(self, work: Work, task: Task) -> None:
        """Put a work into the queue."""
        self.queue.append(work)
        self._tell_places()
        self.pool.submit(self._run, work, task)

    def close(self) -> None:
        """Stop all, and wait for the one that runs."""
        for work in [*self.queue]:
            work.stop.set()
        self.pool.shutdown(cancel_futures=True)

    def _run(self, work: Work, task: Task) -> None:
        try:
            if work.stop.is_set():
                work.state = "stopped"
                return
            work.began, work.state, work.line = time.monotonic(), "running", "begins"
            task(work)
            work.state = "stopped" if work.is_to_end and work.over < 1 else "done"
        except Stopped:
            work.state = "stopped"
        except ImpastoError as error:
            self._fail(work, sentence(error, self.scratch()))
        except MemoryError:
            self._fail(work, "the memory does not suffice for this; make it smaller")
        except Exception:
            log.exception("a work of the studio failed")
            self._fail(work, "the server could not do this; its log says why")
        finally:
            self.queue.remove(work)
            self._tell_places()

    def _fail(self, work: Work, reason: str) -> None:
        work.error, work.state = reason, "failed"

    def _tell_places(self) -> None:
        for place, work in enumerate([*self.queue]):
            if work.state == "waiting" and place:
                work.line = f"waits for {place} other{'s' if place > 1 else ''}"
