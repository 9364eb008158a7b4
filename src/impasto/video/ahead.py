"""Work that goes on in a thread of its own while its results are used."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any, TypeVar

__all__ = ["ahead"]

T = TypeVar("T")

PATIENCE = 0.1
"""Seconds between looks at whether somebody still wants what is made."""


def ahead(items: Iterable[T], count: int) -> Generator[T, None, None]:
    """Yield the items, of which up to `count` are made before they are asked for; their errors are raised here.

    When the result is closed, nothing more is made, and what makes the items is closed in its own thread.
    """
    maker = _Maker(items, count)
    maker.start()
    try:
        while True:
            item, error = maker.made.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item
    finally:
        maker.end()


class _Maker(Thread):
    """Makes items, (item, None) each, then one error; StopIteration says that there are no more."""

    def __init__(self, items: Iterable[Any], count: int) -> None:
        super().__init__(daemon=True)
        self.items, self.unwanted = items, Event()
        self.made: Queue[tuple[Any, BaseException | None]] = Queue(count)

    def run(self) -> None:
        """Make all items, or until they are no longer wanted."""
        error: BaseException = StopIteration()
        try:
            for item in self.items:
                if not self._offered(item, None):
                    break
            getattr(self.items, "close", lambda: None)()
        except BaseException as raised:  # noqa: BLE001 - it is raised where the items are wanted
            error = raised
        self._offered(None, error)

    def end(self) -> None:
        """Stop making, and wait until what is being made is done with."""
        self.unwanted.set()
        while self.is_alive():
            with suppress(Empty):
                self.made.get(timeout=PATIENCE)

    def _offered(self, item: Any, error: BaseException | None) -> bool:
        """Wait until there is room for an item; return False if none is wanted any more."""
        while not self.unwanted.is_set():
            with suppress(Full):
                self.made.put((item, error), timeout=PATIENCE)
                return True
        return False
