"""What ends a run from outside takes effect between its steps, never inside one: Ctrl-C, SIGTERM, a lost process."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["delayed_interrupt", "ended_by_sigterm"]

logger = logging.getLogger("impasto.training")

if sys.platform == "win32":
    DELAYED = (signal.SIGTERM, signal.SIGINT)
else:
    DELAYED = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
"""In the order in which they take effect.  Of SIGCHLD torch makes an error where a process that reads photos died."""


@contextmanager
def delayed_interrupt() -> Iterator[None]:
    """Let Ctrl-C, and other signals, take effect when the block has ended without an error; a second Ctrl-C at once.

    Half a step would leave weights, optimiser and average that do not belong together.  Only the main thread can
    arrange this; elsewhere, and for signals that are ignored or left to the system, the block just runs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = {number: handler for number in DELAYED if callable(handler := signal.getsignal(number))}
    asked: dict[int, FrameType | None] = {}

    def wait(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and number in asked:
            usual[signal.SIGINT](number, frame)
        asked[number] = frame

    for number in usual:
        signal.signal(number, wait)
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
    for number, handler in usual.items():
        if number in asked:
            handler(number, asked[number])


class _Terminated(SystemExit):
    """SIGTERM came."""


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, and then the process, with the status 143 that shells know it by.

    Schedulers send it, often to each process of a run, some seconds before they kill; so from then on neither further
    ones nor the deaths of processes that read photos disturb what is still to be written.  Where SIGTERM is ignored or
    handled by others, and in other threads than the main one, the block just runs.
    """
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if sys.platform != "win32":
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # for good, as torch's loader may be cleared away last
        raise _Terminated(128 + number)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    except _Terminated:
        logger.warning("ended by SIGTERM; what was reached is kept, and --resume goes on from it")
        raise
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
