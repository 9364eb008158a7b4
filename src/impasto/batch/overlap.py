"""Reading and writing beside the work: while one thing is worked on, the next are read and the last are written."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from itertools import repeat
from typing import Any, TypeVar

__all__ = ["AHEAD", "drawn_ahead", "overlap"]

AHEAD = 1
"""Photos that are read while another is painted, and paintings that are written then, at most."""
END: Any = object()

T = TypeVar("T")
R = TypeVar("R")


def overlap(
    items: Iterable[Any],
    before: Callable[[Any], Any],
    work: Callable[[Any], Any],
    after: Callable[[Any], Any],
    *,
    ahead: int = AHEAD,
) -> Iterator[Any]:
    """Yield, in order, what three steps make of each item: `work` in this thread, the other two in threads beside it.

    ahead: so many items are at most in the step before, and so many in the step after.
    """
    with ThreadPoolExecutor(ahead) as readers, ThreadPoolExecutor(ahead) as writers:
        ready = _ahead(readers, before, items, ahead)
        yield from _ahead(writers, after, map(work, ready), ahead)


def drawn_ahead(items: Iterable[T]) -> Iterator[T]:
    """Yield items; a thread draws the next one from where they come while this one is used."""
    source = iter(items)
    with ThreadPoolExecutor(1) as reader:
        for item in _ahead(reader, lambda _: next(source, END), repeat(None), AHEAD):
            if item is END:
                return
            yield item


def _ahead(pool: Executor, work: Callable[[T], R], items: Iterable[T], ahead: int) -> Iterator[R]:
    """Yield what some work makes of each item, in order; so many are worked on before they are asked for."""
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
