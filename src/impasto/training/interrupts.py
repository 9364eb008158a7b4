"""Ctrl-C between the steps of a run, never inside one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["delayed_interrupt"]


@contextmanager
def delayed_interrupt() -> Iterator[None]:
    """Let Ctrl-C take effect when the block has ended without an error; a second one takes effect at once.

    Half a step would leave weights, optimiser and average that do not belong together.  Only the main thread can
    arrange this; elsewhere, and where Ctrl-C is ignored, the block just runs.
    """
    usual = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(usual):
        yield
        return
    asked: list[FrameType | None] = []

    def wait(number: int, frame: FrameType | None) -> None:
        if asked:
            usual(number, frame)
        asked.append(frame)

    signal.signal(signal.SIGINT, wait)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
    if asked:
        usual(signal.SIGINT, asked[0])
