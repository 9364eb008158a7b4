"""Photos in a zip or tar archive, read in place.

The archive is indexed once; a picture is then one seek and one read. The file is opened anew for each
picture: that costs microseconds where decoding costs milliseconds, and leaves no handle whose position
worker processes could move under one another.
"""

from __future__ import annotations

import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

from impasto.data.source import is_photo, no_photos
from impasto.errors import DataError, UnreadablePicture

__all__ = ["TarSource", "ZipSource", "open_tar", "open_zip"]

_LOCAL_HEADER = struct.Struct("<4s22x2H")  # signature, then the lengths of the name and of the extra field
_ENCRYPTED = 0x1
LARGEST = 1 << 29
"""Bytes that one photo may unpack to: a zip of some kilobytes can hold gigabytes of zeros."""


class ZipMember(NamedTuple):
    """Where a file lies in a zip: its local header, its size there and unpacked in bytes, and how to unpack it."""

    name: str
    header: int
    packed: int
    size: int
    method: int
    crc: int


class TarMember(NamedTuple):
    """Where a file lies in a tar: its first byte and its size in bytes."""

    name: str
    start: int
    size: int


_Member = TypeVar("_Member", ZipMember, TarMember)


@dataclass(frozen=True, eq=False)
class ZipSource:
    """The photos in the zip at `path`, sorted by name."""

    path: Path
    members: tuple[ZipMember, ...]

    def __len__(self) -> int:
        return len(self.members)

    def name(self, index: int) -> str:
        """Return the archive's path and the member's name, as one path."""
        return f"{self.path}/{self.members[index].name}"

    def read(self, index: int) -> bytes:
        """Return the unpacked bytes of member `index`; raises UnreadablePicture."""
        try:
            return _read_zip_member(self.path, self.members[index])
        except (OSError, EOFError, ValueError, zlib.error, struct.error) as error:
            raise UnreadablePicture(self.name(index), f"damaged in the archive ({error})") from error


@dataclass(frozen=True, eq=False)
class TarSource:
    """The photos in the uncompressed tar at `path`, sorted by name."""

    path: Path
    members: tuple[TarMember, ...]

    def __len__(self) -> int:
        return len(self.members)

    def name(self, index: int) -> str:
        """Return the archive's path and the member's name, as one path."""
        return f"{self.path}/{self.members[index].name}"

    def read(self, index: int) -> bytes:
        """Return the bytes of member `index`; raises UnreadablePicture."""
        member = self.members[index]
        try:
            with self.path.open("rb") as file:
                file.seek(member.start)
                return _read_exactly(file.read(member.size), member.size)
        except (OSError, EOFError) as error:
            raise UnreadablePicture(self.name(index), f"damaged in the archive ({error})") from error


def open_zip(path: Path) -> ZipSource:
    """Index the photos in a zip (also zip64: any size).

    Raises DataError if the archive is broken, encrypted, packed by a method other than deflate, or
    holds no photos.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            photos = [info for info in archive.infolist() if is_photo(info.filename) and not info.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, struct.error) as error:
        raise DataError(f"{path} is a broken or incomplete zip ({error}); fetch or pack it again") from error
    if any(info.compress_size > path.stat().st_size for info in photos):
        raise DataError(f"{path} is a broken or incomplete zip (a photo is larger than it); fetch or pack it again")
    members = _by_name(_zip_member(path, info) for info in photos)
    if not members:
        raise no_photos(path)
    return ZipSource(path, members)


def open_tar(path: Path) -> TarSource:
    """Index the photos in an uncompressed tar.

    Raises DataError if the archive is broken or holds no photos.
    """
    try:
        members = _by_name(_tar_members(path))
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise DataError(f"{path} is a broken or incomplete tar ({error}); fetch or pack it again") from error
    if not members:
        raise no_photos(path)
    return TarSource(path, members)


def _zip_member(path: Path, info: zipfile.ZipInfo) -> ZipMember:
    if info.flag_bits & _ENCRYPTED:
        raise DataError(f"{path} is encrypted ({info.filename}); pack it again without a password")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(f"{path} is packed by an unusual method ({info.filename}); pack it as a plain zip")
    if info.file_size > LARGEST:
        raise DataError(f"{path}: {info.filename} unpacks to more than {LARGEST >> 20} MB; take it out")
    return ZipMember(
        info.filename, info.header_offset, info.compress_size, info.file_size, info.compress_type, info.CRC
    )


def _tar_members(path: Path) -> Iterator[TarMember]:
    end = path.stat().st_size
    with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as archive:
        while (info := archive.next()) is not None:
            if info.offset_data + info.size > end:
                raise EOFError(f"it ends inside {info.name}")
            if info.isreg() and not info.issparse() and is_photo(info.name):
                yield TarMember(info.name, info.offset_data, info.size)
            archive.members = []  # type: ignore[attr-defined] # it keeps all: gigabytes for a million files
        file.seek(archive.offset)
        if any(file.read(tarfile.BLOCKSIZE)):  # tarfile takes a damaged header for the end
            raise ValueError(f"no file starts at byte {archive.offset}")


def _by_name(members: Iterable[_Member]) -> tuple[_Member, ...]:
    """Sort by name; of several members with one name the last counts, as when unpacking."""
    return tuple(sorted({member.name: member for member in members}.values()))


def _read_zip_member(path: Path, member: ZipMember) -> bytes:
    with path.open("rb") as file:
        file.seek(member.header)
        signature, name_length, extra_length = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
        if signature != b"PK\x03\x04":
            raise ValueError("no file starts where the index says")
        file.seek(name_length + extra_length, 1)
        data = _read_exactly(file.read(member.packed), member.packed)
    if member.method == zipfile.ZIP_DEFLATED:
        data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, member.size + 1)
    if len(data) != member.size:
        raise ValueError("its size is not what the index says")
    if zlib.crc32(data) != member.crc:
        raise ValueError("the checksum does not match")
    return data


def _read_exactly(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise EOFError(f"{size - len(data)} of {size} bytes are missing")
    return data
