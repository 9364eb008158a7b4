"""A folder or a bucket that results go to: files in it appear whole or not at all."""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from impasto.atomic import atomic_write, make_folder, take_lock
from impasto.batch.places import is_local, opened, patiently, protocols, read_errors, write_errors
from impasto.errors import UnwritableOutput

__all__ = ["Store"]

WHOLE = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oci", "oss", "hf", "memory"})
"""Protocols under which an object appears whole when it is written; with others it is written aside and moved."""
BLOCK = 1 << 20


@dataclass(frozen=True)
class Store:
    """A folder of this machine, or below a URL.

    url: as the user named it; fs: fsspec's file system; root: the folder's path there.  Names are paths below it.
    """

    url: str
    fs: Any
    root: str

    @classmethod
    def open(cls, url: str) -> Store:
        """Return the folder at a path or URL, whether it is there or not; raises as `places.opened` does."""
        fs, root = opened(url)
        return cls(url.rstrip("/") or "/", fs, root)

    def make(self) -> None:
        """Make the folder if that is needed to write into it; raises UnwritableOutput."""
        if is_local(self.fs):
            make_folder(Path(self.root))

    def lock(self, name: str, *, shared: bool = False) -> AbstractContextManager[object]:
        """Lock a file, see `take_lock`, and return what gives it up; elsewhere than on this machine there are no locks.

        Raises UnwritableOutput, also where somebody else has locked it.
        """
        if not is_local(self.fs):
            return nullcontext()
        self.make()
        path = Path(self.at(name))
        with write_errors(self.shown(name)):
            path.parent.mkdir(exist_ok=True)
            try:
                return take_lock(path, shared=shared)
            except BlockingIOError as error:
                reason = "another command is painting there; wait for its end, or give each a --shard of its own"
                raise UnwritableOutput(self.url, reason) from error

    def at(self, name: str) -> str:
        """Return the path of a file in the file system."""
        return f"{self.root.rstrip('/')}/{name}"

    def shown(self, name: str) -> str:
        """Return a file's path or URL as messages give it."""
        return f"{self.url.rstrip('/')}/{name}"

    def exists(self, name: str) -> bool:
        """Return whether there is such a file or folder; raises UnreadablePicture where that cannot be known."""
        with read_errors(self.shown(name)):
            return bool(patiently(self.fs, partial(self.fs.exists, self.at(name))))

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes, or None if there is none; raises UnreadablePicture."""
        with read_errors(self.shown(name)):
            try:
                data: bytes = patiently(self.fs, partial(self.fs.cat_file, self.at(name)))
            except FileNotFoundError:
                return None
            return data

    def write(self, name: str, data: bytes, drafts: str) -> None:
        """Write a file, and make the folders above it.

        drafts: the folder where it lies until it is whole, where that is needed.
        Raises OSError where the file's own name is what is wrong, else UnwritableOutput.
        """
        with write_errors(self.shown(name)):
            if is_local(self.fs):
                with self._draft(name, drafts) as stream:
                    stream.write(data)
            elif self._is_whole:
                patiently(self.fs, partial(self.fs.pipe_file, self.at(name), data))
            else:
                patiently(self.fs, partial(self._move_in, name, drafts, data))

    def write_from(self, name: str, stream: BinaryIO, drafts: str) -> None:
        """Write what a stream gives, in constant memory; else as `write`."""
        with write_errors(self.shown(name)):
            if is_local(self.fs):
                with self._draft(name, drafts) as target:
                    shutil.copyfileobj(stream, target, BLOCK)
                return
            draft = name if self._is_whole else _draft_of(name, drafts)
            self._make_room(draft)
            with self.fs.open(self.at(draft), "wb") as target:
                shutil.copyfileobj(stream, target, BLOCK)
            if draft != name:
                self._make_room(name)
                self.fs.mv(self.at(draft), self.at(name))

    def open_file(self, name: str) -> Any:
        """Return a stream that reads a file; raises UnreadablePicture."""
        with read_errors(self.shown(name)):
            return self.fs.open(self.at(name), "rb")

    def remove(self, name: str) -> None:
        """Remove a file if it is there."""
        with write_errors(self.shown(name)), suppress(FileNotFoundError):
            self.fs.rm_file(self.at(name))

    def remove_folder(self, name: str) -> None:
        """Remove a folder with all that is in it, if it is there."""
        with write_errors(self.shown(name)):
            if self.fs.exists(self.at(name)):
                self.fs.rm(self.at(name), recursive=True)

    def remove_drafts(self, drafts: str) -> None:
        """Remove what is left of files that did not become whole."""
        if not self._is_whole:
            self.remove_folder(drafts)

    def names(self, under: str) -> list[str]:
        """Return the names of all files below a folder, sorted; none if it is not there."""
        top = self.at(under)
        found: list[str] = []
        with read_errors(self.shown(under)), suppress(FileNotFoundError):
            found = patiently(self.fs, partial(self.fs.find, top))
        return sorted(under + str(path).removeprefix(top) for path in found)

    def is_empty(self) -> bool:
        """Return whether nothing is there but hidden files."""
        with read_errors(self.url):
            if not self.fs.exists(self.root):
                return True
            return all(PurePosixPath(path.rstrip("/")).name.startswith(".") for path in self.fs.ls(self.root, False))

    @property
    def _is_whole(self) -> bool:
        return bool(protocols(self.fs) & WHOLE)

    def _draft(self, name: str, drafts: str) -> AbstractContextManager[BinaryIO]:
        folder, target = Path(self.at(drafts)), Path(self.at(name))
        folder.mkdir(parents=True, exist_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        return atomic_write(target, folder)

    def _make_room(self, name: str) -> None:
        self.fs.makedirs(self.at(name).rpartition("/")[0], exist_ok=True)

    def _move_in(self, name: str, drafts: str, data: bytes) -> None:
        draft = _draft_of(name, drafts)
        self._make_room(draft)
        self._make_room(name)
        self.fs.pipe_file(self.at(draft), data)
        self.fs.mv(self.at(draft), self.at(name))


def _draft_of(name: str, drafts: str) -> str:
    return f"{drafts}/{PurePosixPath(name).name}"
