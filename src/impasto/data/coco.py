"""The photos of MS-COCO, fetched: the zip, which training reads in place, or a folder.

COCO publishes no checksums.  The MD5s here are those that several independent programs carry for the same files
(ParlAI, LAVIS, Neural Compressor and others agree); they tell damage, not malice, as the files come over plain HTTP.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from impasto.atomic import make_folder, write_whole
from impasto.data.archive import ZipSource, open_zip
from impasto.data.download import Stated, digests, fetch, forget
from impasto.errors import DataError, InvalidOption, UnreadablePicture, UnwritableOutput
from impasto.memory import in_words
from impasto.options import check, option

__all__ = ["LICENCE", "SPLITS", "CocoConfig", "fetch_coco"]

LICENCE = (
    "The photos are Flickr users', each under the licence that its owner chose (most Creative Commons, some for "
    "non-commercial use only; COCO's annotation files name them); COCO's terms of use: https://cocodataset.org/#termsofuse"
)
SPLITS = {
    "train2014": "0da8c0bd3d6becc4dcb32757491aca88",
    "val2014": "a3d79f5ed8d289b7a7554ce06a5782b3",
    "test2014": "04127eef689ceac55e3a572c2c92f264",
    "train2017": "cced6f7f71b7629ddf16f17bbcfab6b2",
    "val2017": "442b8da7639aecaf257c1dceb8ba8c80",
    "test2017": "77ad2c53ac5d0aea611d422c0938fb35",
}
"""MD5 of each split's zip."""

Follow = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done (in bytes, or in photos), and of how much."""


@dataclass(frozen=True)
class CocoConfig:
    """What is fetched and how it is verified."""

    split: str = option("val2017", "val2017 has 0.8 GB; train2014, of Johnson 2016, 13 GB", choices=tuple(SPLITS))
    unpack: bool = option(False, "leave a folder of photos in place of the zip; training reads both")
    verify: str = option(
        "md5", "size, md5 (that others publish, and the server's), or crc (the zip's own, of each photo)",
        choices=("size", "md5", "crc"),
    )  # fmt: skip
    sha256: str = option("", "that the zip must have, 64 hexadecimal digits")
    mirror: str = option("http://images.cocodataset.org/zips", "address under which the zips lie")

    def __post_init__(self) -> None:
        check(self)
        if self.sha256 and (len(self.sha256) != 64 or set(self.sha256.lower()) - {*"0123456789abcdef"}):
            raise InvalidOption(f"--sha256 is 64 hexadecimal digits, got {self.sha256!r}")


def fetch_coco(config: CocoConfig, folder: Path, follow: Follow) -> Path:
    """Fetch a split into a folder, verify it, and return its zip or, unpacked, its folder of photos.

    What is there already is not fetched again, and what is there in part is gone on with.
    Raises InvalidOption, DataError and UnwritableOutput.
    """
    target = make_folder(folder) / f"{config.split}.zip"
    unpacked = folder / config.split
    if config.unpack and unpacked.is_dir():
        return unpacked
    if target.exists():
        _verify(target, config, Stated(target.stat().st_size), follow)
    else:
        part = target.with_name(f"{target.name}.part")
        room = partial(_check_room, folder, times=2 if config.unpack else 1)
        stated = fetch(f"{config.mirror.rstrip('/')}/{target.name}", part, room, partial(follow, "fetching"))
        _verify(part, config, stated, follow)
        part.replace(target)
        forget(part)
    return _unpack(target, unpacked, follow) if config.unpack else target


def _check_room(folder: Path, coming: int, times: int) -> None:
    """Raise DataError if the disk has no room for what is to come, `times` times as much where it is unpacked too."""
    free = shutil.disk_usage(folder).free
    if coming * times > free:
        raise DataError(f"{folder}: {in_words(coming * times)} are needed and {in_words(free)} are free on this disk")


def _verify(path: Path, config: CocoConfig, stated: Stated, follow: Follow) -> None:
    """Raise DataError, and leave the file, if it is not what it should be."""
    wanted = {"sha256": {config.sha256.lower()} - {""}}
    if config.verify == "md5":
        wanted["md5"] = {SPLITS[config.split], stated.md5} - {""}
    names = tuple(name for name, values in wanted.items() if values)
    for name, found in (digests(path, names, partial(follow, "checking")) if names else {}).items():
        for value in wanted[name] - {found}:
            raise DataError(
                f"{path}: its {name} is {found}, not {value}; delete it and fetch it again, or, if the file may have "
                "been packed anew, let --verify crc look at each photo"
            )
    if config.verify == "crc":
        source = open_zip(path)
        for index in range(len(source)):
            _member(source, index)
            follow("checking", index + 1, len(source))


def _unpack(archive: Path, folder: Path, follow: Follow) -> Path:
    """Unpack a zip's photos into a folder that appears when all are there, then remove the zip.

    Photos that an earlier, interrupted call has unpacked are not unpacked again.
    """
    source = open_zip(archive)
    _check_room(folder.parent, archive.stat().st_size - _bytes_in(draft := _draft(folder)), times=1)
    for index, member in enumerate(source.members):
        photo = draft / PurePosixPath(member.name).name  # written whole or not at all, so what is there is whole
        if not photo.exists():
            write_whole(photo, _member(source, index))
        follow("unpacking", index + 1, len(source))
    try:
        draft.replace(folder)
        archive.unlink()
    except OSError as error:
        raise UnwritableOutput(str(folder), error.strerror or "cannot be written") from error
    return folder


def _draft(folder: Path) -> Path:
    return make_folder(folder.with_name(f".{folder.name}.unpacking"))


def _bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def _member(source: ZipSource, index: int) -> bytes:
    try:
        return source.read(index)
    except UnreadablePicture as error:
        raise DataError(f"{error}; delete {source.path} and fetch it again") from error
