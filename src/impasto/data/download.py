"""Fetching a large file over HTTP: it goes on where it was cut off, and is never mixed from two versions.

What has come lies in NAME.part, and what the server said of the file in NAME.part.json.  A request for the rest carries
the file's validator (If-Range, RFC 9110, 13.1.5), so that a server whose file has changed sends the whole of it anew.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from impasto.atomic import write_whole
from impasto.errors import DataError, InvalidOption, UnwritableOutput
from impasto.memory import in_words

__all__ = ["Follow", "Patience", "Stated", "digests", "fetch", "forget"]

BLOCK = 1 << 20
"""Bytes that are read at once."""
PASSING = (408, 425, 429, 500, 502, 503, 504)
"""Answers after which it is tried again."""

Follow = Callable[[int, int], None]
"""Is told how many bytes are done, and of how many."""


@dataclass(frozen=True)
class Patience:
    """When a server is given up."""

    silence: float = 60.0
    """Seconds in which nothing comes."""
    tries: int = 5
    """Connections in a row that brought nothing new."""
    pause: float = 1.0
    """Seconds before the second of them; twice as long before each one more."""


@dataclass(frozen=True)
class Stated:
    """What a server says of a file: its size in bytes, and by what its version is told."""

    size: int
    etag: str = ""
    modified: str = ""

    @property
    def validator(self) -> str:
        """What If-Range takes, or "" where versions cannot be told apart: a weak ETag does not tell bytes."""
        return self.modified if not self.etag or self.etag.startswith("W/") else self.etag

    @property
    def md5(self) -> str:
        """The MD5 that the ETag is, as S3's are of files that were not uploaded in parts; else ""."""
        match = re.fullmatch(r'"([0-9a-f]{32})"', self.etag)
        return match[1] if match else ""


class _StartAnew(Exception):
    """What is there is of no use: the server has another version."""


def fetch(
    url: str, part: Path, check: Callable[[int], None], follow: Follow, patience: Patience | None = None
) -> Stated:
    """Fetch a file into `part`, or what is missing of it there, and return what the server said of it.

    check: is told how many bytes are to come before any is written, and may raise.
    Raises InvalidOption for an address that is none, UnwritableOutput, and DataError if the server does not give it;
    what had come is kept then, as it is at Ctrl-C, for the next call.
    """
    if not re.match(r"https?://", url):
        raise InvalidOption(f"{url}: is no address of the web; it begins with http:// or https://")
    patience = patience or Patience()
    failures = farthest = 0
    while True:
        try:
            return _go_on(url, part, check, follow, patience.silence)
        except _StartAnew:
            forget(part)
            why: Exception | str = "its file changes from one answer to the next"
        except HTTPError as error:
            error.close()
            if error.code not in PASSING:
                raise DataError(f"{url}: the server says {error.code} ({error.reason})") from error
            why = error
        except (OSError, HTTPException) as error:
            why = error
        with _local(part):
            have = _size(part)
        failures, farthest = (1 if have > farthest else failures + 1), max(have, farthest)
        if failures >= patience.tries:
            kept = f"; {in_words(have)} are kept, and the same command goes on from there" if have else ""
            raise DataError(f"{url}: cannot be fetched ({why}){kept}")
        time.sleep(patience.pause * 2 ** (failures - 1))


def forget(part: Path) -> None:
    """Remove a part and what is known of it."""
    with _local(part):
        part.unlink(missing_ok=True)
        _note(part).unlink(missing_ok=True)


def digests(path: Path, names: tuple[str, ...], follow: Follow) -> dict[str, str]:
    """Return a file's digests, hexadecimal, by the names of hashlib; raises DataError if it cannot be read."""
    made = {name: hashlib.new(name, usedforsecurity=False) for name in names}
    size, done = _size(path), 0
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                for each in made.values():
                    each.update(block)
                done += len(block)
                follow(done, size)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror})") from error
    return {name: each.hexdigest() for name, each in made.items()}


def _go_on(url: str, part: Path, check: Callable[[int], None], follow: Follow, silence: float) -> Stated:
    """Fetch what is missing over one connection; raises OSError, HTTPException and _StartAnew."""
    with _local(part):
        known = _known(part)
        have = _size(part) if known is not None and known.validator else 0
    if known is not None and have == known.size:
        return known
    request = Request(url, headers={"Accept-Encoding": "identity", "User-Agent": "impasto"})  # noqa: S310 - http
    if known is not None and have:
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", known.validator)
    try:
        answer = urlopen(request, timeout=silence)  # http or https, looked at  # noqa: S310  # nosec B310
    except HTTPError as error:
        if error.code == 416 and have:  # it has fewer bytes than are here
            error.close()
            raise _StartAnew from error
        raise
    with answer:
        stated, first = _stated(answer, url)
        if first and (known is None or first != have or _differ(known, stated)):
            raise _StartAnew
        check(stated.size - first)
        if not first:
            forget(part)
            write_whole(_note(part), json.dumps(asdict(stated)).encode())
        _receive(answer, part, first, stated.size, follow)
    return stated


def _stated(answer: Any, url: str) -> tuple[Stated, int]:
    """Return what an answer says of the file, and the first byte that it brings."""
    headers = answer.headers
    length, etag, modified = (headers.get(name, "") for name in ("Content-Length", "ETag", "Last-Modified"))
    if answer.status == 206:
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", headers.get("Content-Range", ""))
        if match is None:
            raise _StartAnew
        return Stated(int(match[2]), etag, modified), int(match[1])
    if not length.isdecimal():
        raise DataError(f"{url}: the server does not say how large the file is, so it could not be told whole")
    return Stated(int(length), etag, modified), 0


def _differ(known: Stated, stated: Stated) -> bool:
    """Whether two answers are of different versions, by what both say."""
    return known.size != stated.size or bool(known.etag and stated.etag and known.etag != stated.etag)


def _receive(answer: Any, part: Path, have: int, size: int, follow: Follow) -> None:
    with _local(part):
        file = part.open("ab")
    with file:
        follow(have, size)
        while have < size and (block := answer.read1(min(BLOCK, size - have))):
            with _local(part):
                file.write(block)
                file.flush()
            have += len(block)
            follow(have, size)
    if have < size:
        raise ConnectionError("the connection was cut")


@contextmanager
def _local(part: Path) -> Iterator[None]:
    """Tell what goes wrong on this disk from what goes wrong on the way, which is OSError too."""
    try:
        yield
    except OSError as error:
        raise UnwritableOutput(str(part), error.strerror or "cannot be written") from error


def _known(part: Path) -> Stated | None:
    """Return what was noted of a part, or None if nothing was, or nothing that can be read."""
    try:
        return Stated(**json.loads(_note(part).read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _note(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
