"""Files anywhere: paths and URLs to fsspec's file systems, patience with other machines, and errors that name files."""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from impasto.errors import EngineUnavailable, ImpastoError, InvalidOption, UnreadablePicture, UnwritableOutput

__all__ = [
    "fetch",
    "inside_of",
    "is_local",
    "is_pattern",
    "local_path",
    "opened",
    "patiently",
    "protocols",
    "read_errors",
    "spread",
    "url_of",
    "write_errors",
]

T = TypeVar("T")

PAUSES = (0.5, 2.0)
"""Seconds before something that failed on another machine is tried again."""
FINAL = (FileNotFoundError, PermissionError, IsADirectoryError, NotImplementedError, ImportError, ValueError)
"""Errors that another try does not mend."""
OF_ITS_NAME = frozenset({errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR, errno.EINVAL, errno.EILSEQ})
"""Errors on writing that are due to the one file's name: the next can still be written."""


def opened(url: str) -> tuple[Any, str]:
    """Return fsspec's file system and the path in it; paths of this machine are never taken for URLs.

    Raises InvalidOption for a URL that nothing here can open, and EngineUnavailable without fsspec.
    """
    try:
        import fsspec
        from fsspec.implementations.local import LocalFileSystem
    except ModuleNotFoundError as error:
        raise EngineUnavailable("batch needs fsspec; pip install 'impasto[batch]'") from error
    local = local_path(url)
    if local is not None:
        return LocalFileSystem(), _absolute(local)
    try:
        fs, path = fsspec.core.url_to_fs(url, use_listings_cache=False)
    except Exception as error:  # an ImportError says which package the protocol needs
        raise InvalidOption(f"{url}: cannot be opened ({_reason(error)})") from error
    return fs, str(path)


def fetch(url: str) -> bytes:
    """Return the bytes of a file at a path or URL; raises UnreadablePicture."""
    with read_errors(url):
        fs, path = opened(url)
        data: bytes = patiently(fs, partial(fs.cat_file, path))
        return data


def is_local(fs: Any) -> bool:
    """Return whether a file system is this machine's."""
    return "file" in protocols(fs)


def protocols(fs: Any) -> frozenset[str]:
    """Return the protocols that a file system is known by."""
    return frozenset([fs.protocol] if isinstance(fs.protocol, str) else fs.protocol)


def url_of(fs: Any, path: str) -> str:
    """Return what `opened` opens a path of a file system by."""
    return path if is_local(fs) else str(fs.unstrip_protocol(path))


def local_path(url: str) -> Path | None:
    """Return the path on this machine that a path or file:// URL means, else None."""
    if url.startswith("file://"):
        return Path(url.removeprefix("file://"))
    return None if "://" in url else Path(url)


def inside_of(url: str) -> str:
    """Return the path that a file at a path or URL has below an output: without scheme, root and query."""
    local = local_path(url)
    if local is not None:
        return _absolute(local).lstrip("/").replace(":", "")
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}".lstrip("/")


def is_pattern(url: str) -> bool:
    """Return whether a path or URL stands for several files; a file that is there is none, whatever its name."""
    if not re.search(r"[*?\[{]", url):
        return False
    local = local_path(url)
    return local is None or not os.path.lexists(local)


def spread(url: str) -> Iterator[str]:
    """Yield the paths or URLs that a pattern means, in order: {000..012} and {a,b} are written out, * and ? looked up.

    Raises InvalidOption if nothing matches.
    """
    for each in _braces(url):
        if not re.search(r"[*?\[]", each):
            yield each
            continue
        with read_errors(each):
            fs, path = opened(each)
            found = sorted(map(str, fs.glob(path)))
        if not found:
            raise InvalidOption(f"{each}: nothing matches this pattern")
        yield from (url_of(fs, name) for name in found)


def patiently(fs: Any, action: Callable[[], T], pauses: tuple[float, ...] = PAUSES) -> T:
    """Return what an action gives, tried again after a pause where it fails on another machine."""
    try:
        return action()
    except FINAL:
        raise
    except Exception:
        if is_local(fs) or not pauses:
            raise
    time.sleep(pauses[0])
    return patiently(fs, action, pauses[1:])


@contextmanager
def read_errors(name: str) -> Iterator[None]:
    """Turn whatever a file system raises on reading into UnreadablePicture."""
    try:
        yield
    except ImpastoError:
        raise
    except Exception as error:
        raise UnreadablePicture(name, _reason(error)) from error


@contextmanager
def write_errors(name: str) -> Iterator[None]:
    """Turn whatever a file system raises on writing into UnwritableOutput, but for OF_ITS_NAME."""
    try:
        yield
    except ImpastoError:
        raise
    except NotImplementedError as error:
        raise UnwritableOutput(name, "places of this kind can only be read") from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno in OF_ITS_NAME:
            raise
        raise UnwritableOutput(name, _reason(error)) from error


def _absolute(path: Path) -> str:
    return Path(os.path.abspath(path)).as_posix()  # noqa: PTH100 - links stay as they are


def _braces(url: str) -> Iterator[str]:
    """Yield what {first..last} and {one,other} stand for, as a shell does."""
    match = re.search(r"\{([^{}]*)\}", url)
    if not match:
        yield url
        return
    numbers = re.fullmatch(r"(\d+)\.\.(\d+)", match[1])
    if numbers:
        first, last = int(numbers[1]), int(numbers[2])
        parts: Iterator[str] = (f"{number:0{len(numbers[1])}d}" for number in range(first, last + 1))
    else:
        parts = iter(match[1].split(","))
    for part in parts:
        yield from _braces(url[: match.start()] + part + url[match.end() :])


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(str(text).split()) or type(error).__name__
