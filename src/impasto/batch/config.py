"""The options of a batch."""

from __future__ import annotations

import re
from dataclasses import dataclass

from impasto.errors import InvalidOption
from impasto.image import SUFFIXES
from impasto.options import check, option

__all__ = ["BatchOptions"]


@dataclass(frozen=True)
class BatchOptions:
    """What is painted of a collection, where and how its paintings are written."""

    to: str = option(
        "as-is", "files, tars, or as-is: files for files and a tar for each tar", choices=("as-is", "files", "tars")
    )
    format: str = option("", "ending of the paintings, such as jpg or png; else that of each photo")
    quality: int = option(95, "quality of JPEG and WebP", low=1, high=100)
    limit: int | None = option(None, "paint the first so many photos only; tars are not divided", low=1)
    shard: str = option("", "I/N: paint the I-th of N parts, as one of N jobs on the same SRC and DST")
    chunk: int | None = option(None, "photos that are handed out together; by default up to 64", low=1)
    retry: bool = option(False, "try again what could not be painted before")
    workers: int | None = option(None, "painting processes; 1 paints in this one; by default one for each core", low=1)
    cpus: int = option(1, "cores of each painting process", low=1)
    gpus: float = option(0.0, "with --ray: GPUs of each painting process, such as 0.25", low=0)

    def __post_init__(self) -> None:
        check(self)
        self.part  # noqa: B018 - says what is wrong with it
        if self.format and self.suffix not in SUFFIXES:
            raise InvalidOption(f"--format is one of {', '.join(SUFFIXES)}, got {self.format}")

    @property
    def suffix(self) -> str:
        """The ending of the paintings with its dot, or "" for that of each photo."""
        return f".{self.format.lower().lstrip('.')}" if self.format else ""

    @property
    def part(self) -> tuple[int, int]:
        """Which part of how many is painted, from 0."""
        if not self.shard:
            return 0, 1
        match = re.fullmatch(r"(\d+)/(\d+)", self.shard, re.ASCII)
        if not match or not 1 <= int(match[1]) <= int(match[2]):
            raise InvalidOption(f"--shard is I/N with I from 1 to N, such as 3/8, got {self.shard!r}")
        return int(match[1]) - 1, int(match[2])

    @property
    def part_name(self) -> str:
        """The part as it stands in names, I-of-N, or "" if all is painted."""
        part, parts = self.part
        return f"{part + 1}-of-{parts}" if self.shard else ""
