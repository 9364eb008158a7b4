"""Compiled models that are kept in the user's cache: reading one takes half of the time that compiling takes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from impasto.atomic import atomic_write

__all__ = ["digest", "keep", "kept"]

_DIGEST = hashlib.sha256().digest_size


def digest(parts: Iterable[bytes | str]) -> str:
    """Return the name of what is compiled of all these."""
    sum_ = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode()
        sum_.update(len(data).to_bytes(8, "big") + data)
    return sum_.hexdigest()[:32]


def kept(name: str) -> bytes | None:
    """Return what was kept under a name, or None if there is nothing or it is damaged."""
    try:
        data = _path(name).read_bytes()
    except OSError:
        return None
    content = data[_DIGEST:]
    return content if hashlib.sha256(content).digest() == data[:_DIGEST] else None


def keep(name: str, content: bytes) -> None:
    """Keep something under a name; a cache that cannot be written costs time next time, and nothing else."""
    path = _path(name)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            file.write(hashlib.sha256(content).digest() + content)


def _path(name: str) -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("impasto") / "compiled" / name
