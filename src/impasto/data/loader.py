"""Batches of training photos, made by worker processes ahead of time."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import count, islice
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from impasto.data.source import PhotoSource
from impasto.data.stream import PhotoStream, Samples
from impasto.errors import DataError, InvalidOption

__all__ = ["deaths_told", "photo_batches"]

logger = logging.getLogger("impasto.data")

# A run opens one loader per phase and should not repeat itself; a new source is a new run.
_reported: WeakKeyDictionary[PhotoSource, set[str]] = WeakKeyDictionary()


def photo_batches(
    source: PhotoSource,
    *,
    size: int,
    batch_size: int,
    seed: int,
    first_sample: int = 0,
    steps: int | None = None,
    workers: int = 2,
    rank: int = 0,
    world_size: int = 1,
    scale: tuple[float, float] = (1.0, 1.25),
    blank: float = 0.02,
) -> Generator[Tensor, None, None]:
    """Yield batches of randomly cropped photos, the same ones whatever the number of workers.

    Each batch is (batch_size, 3, size, size) uint8 RGB in channels_last memory order.

    first_sample: how many samples all ranks together have consumed before; a run that goes on from
    step k passes k * batch_size * world_size and gets what it would have got uninterrupted, bit for bit.
    steps: how many batches; None is without end.
    workers: processes that read and decode; 0 does it in this one. They end with the iterator (close it).
    rank, world_size: of every world_size samples in a row this rank gets one.
    size, seed, scale, blank: see PhotoStream.

    An unreadable file is replaced by another photo and reported once as a warning of the logger
    "impasto.data". Raises InvalidOption at once, and DataError while iterating if hardly any
    photo can be read. See also `deaths_told`.
    """
    _check(size=size, batch_size=batch_size, world_size=world_size, at_least=1)
    _check(seed=seed, first_sample=first_sample, workers=workers, rank=rank, steps=steps or 0, at_least=0)
    if rank >= world_size:
        raise InvalidOption(f"rank must be below world_size, got {rank} of {world_size}")
    if not 1 <= scale[0] <= scale[1]:
        raise InvalidOption(f"scale must be two rising numbers of at least 1, got {scale}")
    if not 0 <= blank <= 1:
        raise InvalidOption(f"blank must be between 0 and 1, got {blank}")
    stream = PhotoStream(source, size, seed, scale, blank)
    batches = islice(_numbers(first_sample + rank, world_size, batch_size), steps)
    return _load(stream, batches, workers)


@contextmanager
def deaths_told() -> Iterator[None]:
    """Raise DataError where a process that makes batches has died.

    torch raises RuntimeError then, in a handler of a signal: in whatever the block is doing at that moment.
    """
    try:
        yield
    except RuntimeError as error:
        if "DataLoader worker" not in str(error):
            raise
        raise DataError(
            "a process that reads photos has died, perhaps for lack of memory; go on by --resume"
        ) from error


def _check(*, at_least: int, **options: int) -> None:
    for name, value in options.items():
        if value < at_least:
            raise InvalidOption(f"{name} must be at least {at_least}, got {value}")


def _numbers(first: int, stride: int, batch_size: int) -> Iterator[list[int]]:
    """Yield the numbers of the samples of one batch after the other, without end."""
    span = batch_size * stride
    for start in count(first, span):
        yield list(range(start, start + span, stride))


def _load(stream: PhotoStream, batches: Iterator[list[int]], workers: int) -> Generator[Tensor, None, None]:
    loader: DataLoader[Any] = DataLoader(
        stream,  # type: ignore[arg-type] # only __getitems__ is ever called
        batch_sampler=batches,
        num_workers=workers,
        collate_fn=_as_it_is,
        generator=torch.Generator(),  # else it draws from the caller's random numbers
    )
    for batch in loader:
        if isinstance(batch, DataError):
            raise batch
        _report(stream.source, batch)
        yield torch.from_numpy(batch.pixels).permute(0, 3, 1, 2)


def _as_it_is(batch: Any) -> Any:
    """Leave the batch in numpy: sent through a pipe it needs no /dev/shm, which is small in containers."""
    return batch


def _report(source: PhotoSource, batch: Samples) -> None:
    known = _reported.setdefault(source, set())
    for name, reason in batch.unreadable.items():
        if name not in known:
            logger.warning("%s: %s; skipped", name, reason)
            known.add(name)
