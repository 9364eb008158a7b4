"""What a collection holds: photos in folders and manifests, and tars, wherever they are."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import PurePosixPath
from typing import Any

from impasto.batch.chunks import Chunk, Entry, FileChunk, TarChunk, is_photo, painted_name
from impasto.batch.config import BatchOptions
from impasto.batch.manifest import MANIFESTS, rows
from impasto.batch.places import inside_of, is_local, is_pattern, opened, read_errors, spread, url_of
from impasto.batch.recipe import Resolve
from impasto.batch.store import Store
from impasto.batch.tars import members, stem
from impasto.errors import InvalidOption, UnreadablePicture, UnwritableOutput

__all__ = ["chunked", "find"]

Found = Entry | TarChunk


def find(source: str, output: Store, options: BatchOptions, resolve: Resolve, *, styled: bool) -> Iterator[Found]:
    """Return the photos and tars of a collection, each once, in an order that is the same every time.

    source: path or URL of a folder, a manifest (.csv, .parquet), a tar or a photo, or a pattern of such.
    resolve: what makes a manifest's style a recipe; styled: whether photos without a style of their own have one.
    Raises UnreadablePicture if nothing is there, InvalidOption for a manifest or a kind of file that cannot be used,
    and UnwritableOutput if paintings would go among the photos.
    """
    if not styled and not _is_manifest(source):
        raise InvalidOption("there is nothing to paint: give --style, --subject or --background")
    found = _found(source, output, options, resolve, styled)
    try:
        first = next(found)
    except StopIteration:
        raise InvalidOption(f"{source}: holds no photos and no tars of them") from None
    return _taken(_distinct(chain([first], found)), options)


def chunked(found: Iterable[Found], size: int) -> Iterator[Chunk]:
    """Yield photos in chunks of a size, and tars as they are."""
    entries: list[Entry] = []
    for each in found:
        if isinstance(each, TarChunk):
            yield each
            continue
        entries.append(each)
        if len(entries) == size:
            yield FileChunk(tuple(entries))
            entries = []
    if entries:
        yield FileChunk(tuple(entries))


def _found(source: str, output: Store, options: BatchOptions, resolve: Resolve, styled: bool) -> Iterator[Found]:
    if is_pattern(source):
        fixed = source[: min(source.index(sign) for sign in "*?[{" if sign in source)].rpartition("/")[0]
        _, start = opened(fixed or ("/" if source.startswith("/") else "."))
        for url in spread(source):
            yield from _file(url, opened(url)[1].removeprefix(start).lstrip("/"), options)
        return
    with read_errors(source):
        fs, path = opened(source)
        # Behind http a file may look like a folder, if it holds links.
        if (is_local(fs) or not (_is_manifest(source) or list(_file(source, path, options)))) and fs.isdir(path):
            if _is_folder(fs, path, output):
                raise UnwritableOutput(output.url, "is the folder of the photos; name another")
            yield from _in_folder(source.rstrip("/"), fs, path, path, output, options)
            return
        if not fs.isfile(path):
            raise UnreadablePicture(source, "there is no such file or folder")
    if _is_manifest(source):
        yield from rows(source, output, options.suffix, resolve, styled=styled)
        return
    found = list(_file(source, PurePosixPath(inside_of(source)).name, options))
    if not found:
        raise InvalidOption(f"{source}: is no folder, manifest ({', '.join(MANIFESTS)}), tar or photo")
    yield from found


def _is_manifest(source: str) -> bool:
    return PurePosixPath(inside_of(source)).suffix.lower() in MANIFESTS


def _file(url: str, inside: str, options: BatchOptions) -> Iterator[Found]:
    """Yield what a file of a collection is: a photo, a tar, or nothing."""
    folder = stem(inside)
    if folder:
        yield TarChunk(url, folder)
    elif is_photo(inside):
        yield Entry(url, painted_name(inside, options.suffix))


def _in_folder(shown: str, fs: Any, folder: str, root: str, output: Store, options: BatchOptions) -> Iterator[Found]:
    """Yield the photos and tars below a folder, but not those below the output: they may be earlier paintings."""
    with read_errors(folder):
        listed = sorted(fs.ls(folder, detail=True), key=lambda each: str(each["name"]))
    for each in listed:
        path = str(each["name"]).rstrip("/")
        inside = path.removeprefix(root).lstrip("/")
        name = inside.rpartition("/")[2]
        if not path.startswith(root) or not name or name.startswith("."):
            continue
        if each["type"] == "directory":
            if not _is_folder(fs, path, output):
                yield from _in_folder(shown, fs, path, root, output, options)
        else:
            yield from _file(f"{shown}/{inside}" if is_local(fs) else url_of(fs, path), inside, options)


def _is_folder(fs: Any, path: str, output: Store) -> bool:
    """Whether a folder is the output."""
    if is_local(fs) and is_local(output.fs):
        return os.path.realpath(path) == os.path.realpath(output.root)
    return type(fs) is type(output.fs) and path.rstrip("/") == output.root.rstrip("/")


def _distinct(found: Iterable[Found]) -> Iterator[Found]:
    """Yield photos and tars; one that would become the painting of another is said to be a problem."""
    taken: set[int] = set()
    for each in found:
        name = each.output if isinstance(each, Entry) else each.folder
        known = hash(name)
        if known not in taken:
            taken.add(known)
            yield each
        elif isinstance(each, Entry):
            reason = f"its painting would be that of another, {name}; give it an output of its own"
            yield Entry(each.photo, name, problem=each.problem or reason)
        else:
            reason = f"its paintings would be those of another tar, {name}"
            yield Entry(each.url, name, problem=reason)


def _taken(found: Iterable[Found], options: BatchOptions) -> Iterator[Found]:
    """Yield this job's part of a collection, up to the limit."""
    part, parts = options.part
    left = options.limit
    for each in found:
        name = each.output if isinstance(each, Entry) else each.folder
        if zlib.crc32(name.encode(errors="surrogateescape")) % parts != part:
            continue
        yield each
        if left is not None:
            left -= 1 if isinstance(each, Entry) else _photos_in(each)
            if left <= 0:
                return


def _photos_in(tar: TarChunk) -> int:
    return sum(is_photo(member.name) for member in members(tar.url))
