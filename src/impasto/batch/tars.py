"""Tars, as WebDataset has them: read as a stream from anywhere, and written member by member."""

from __future__ import annotations

import io
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from impasto.batch.places import opened, read_errors
from impasto.errors import ImpastoError, UnreadablePicture

__all__ = ["END", "ENDINGS", "Member", "members", "packed", "stem"]

ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
END = bytes(2 * tarfile.BLOCKSIZE)
"""What every tar ends with."""
LARGEST = 1 << 30
"""Bytes of a member at most: one is in memory as a whole."""
DAMAGE = (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError)


@dataclass(frozen=True)
class Member:
    """A file in a tar.

    shown: its name behind the tar's own; name: a path that stays below any folder; problem: why it is refused, or "".
    """

    shown: str
    name: str
    data: bytes = b""
    problem: str = ""


class _Strict(tarfile.TarInfo):
    """Says where tarfile takes a damaged header for the end of the archive."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> Any:
        try:
            return super().fromtarfile(archive)
        except (tarfile.TruncatedHeaderError, tarfile.InvalidHeaderError) as error:  # type: ignore[attr-defined]
            raise tarfile.ReadError(f"no file starts at byte {archive.offset}") from error


def members(url: str) -> Iterator[Member]:
    """Yield the files in a tar, in order; a damaged one ends with a member that says so.

    Raises UnreadablePicture where another machine fails on the way.
    """
    try:
        with read_errors(url):
            fs, path = opened(url)
            stream = fs.open(path, "rb")
    except UnreadablePicture as error:
        yield Member(url, "", problem=error.reason)
        return
    count = 0
    with stream:
        try:
            with read_errors(url), tarfile.open(fileobj=stream, mode="r|*", tarinfo=_Strict) as archive:
                for info in archive:
                    archive.members = []  # type: ignore[attr-defined] # it keeps all
                    if not info.isdir():
                        yield _member(archive, info, url)
                        count += 1
        except ImpastoError as error:
            if not isinstance(error.__cause__, DAMAGE):
                raise
            reason = f"the tar is damaged or incomplete after {count} files ({error.__cause__})"
            yield Member(url, "", problem=reason)


def packed(name: str, data: bytes) -> bytes:
    """Return a file as it stands in a tar."""
    buffer = io.BytesIO()
    info = tarfile.TarInfo(name)
    info.size = len(data)
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(data))
        end = archive.offset
    return buffer.getvalue()[:end]


def stem(name: str) -> str | None:
    """Return a tar's name without its ending, or None if it is no tar's."""
    ending = next((ending for ending in sorted(ENDINGS, key=len)[::-1] if name.lower().endswith(ending)), None)
    return None if ending is None else name[: -len(ending)]


def _member(archive: tarfile.TarFile, info: tarfile.TarInfo, url: str) -> Member:
    path = PurePosixPath(info.name)
    member = Member(f"{url}::{info.name}", str(path))
    if path.is_absolute() or ".." in path.parts or "\\" in info.name or ":" in path.parts[0]:
        return replace(member, problem="its name leads out of the folder; it is refused")
    if not info.isreg() or info.issparse():
        return replace(member, problem="is a link or a device, not a file; it is refused")
    if info.size > LARGEST:
        return replace(member, problem=f"has {info.size:,} bytes, more than {LARGEST:,}")
    stream = archive.extractfile(info)
    data = b"" if stream is None else stream.read()
    if len(data) != info.size:
        raise tarfile.ReadError(f"{info.size - len(data)} bytes of {info.name} are missing")
    return replace(member, data=data)
