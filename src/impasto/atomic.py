"""Files that appear whole or not at all, whether they could, and locks.

A file is written as a draft beside it, which then takes its name.  A writer holds a lock on its draft, so that what a
killed process has left can be told from what another one is writing; it is removed by the next that writes there.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from impasto.errors import UnwritableOutput

if sys.platform != "win32":
    import fcntl

__all__ = ["atomic_write", "check_folder", "make_folder", "take_lock", "write_whole"]

_swept: set[Path] = set()
"""Folders in which this process has looked for what killed ones have left."""


@contextmanager
def atomic_write(path: str | os.PathLike[str], drafts: Path | None = None) -> Iterator[BinaryIO]:
    """Open a new file that takes the place of `path` when the block ends without an error.

    drafts: the folder, on the same disk, where the file lies until then; by default that of `path`.

    Until then, and for good if the block raises, a file that was there stays as it was; nothing else is left
    in the folder. Permissions follow the umask, or the file that is replaced; a link is written through.
    Devices and pipes, which cannot be replaced, are written to directly.  Drafts that killed processes have left in
    the folder are removed when a process writes there for the first time.

    Raises OSError as it comes.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        with target.open("wb") as direct:  # also what says that a folder is one
            yield direct
        return
    folder = drafts or target.parent
    _sweep(folder)
    draft, stream = _begin(folder)
    try:
        with stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            if target.exists():
                shutil.copymode(target, draft)
            if sys.platform != "win32":
                draft.replace(target)  # while it is locked
        if sys.platform == "win32":  # which moves nothing that is open
            draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _begin(folder: Path) -> tuple[Path, BinaryIO]:
    """Return a new draft and what writes to it, locked where the file system can."""
    while True:
        # Opened by hand rather than with tempfile, whose files only their owner may read.
        draft = folder / f".impasto-{secrets.token_hex(6)}.tmp"
        stream = draft.open("xb")
        if sys.platform == "win32":
            return draft, stream
        with suppress(OSError):
            fcntl.flock(stream, fcntl.LOCK_EX)
        if os.fstat(stream.fileno()).st_nlink:
            return draft, stream
        stream.close()  # another process has swept between the two calls


def _sweep(folder: Path) -> None:
    """Remove the drafts in a folder that nobody writes any more; once in a process."""
    if folder in _swept:
        return
    _swept.add(folder)
    for draft in folder.glob(".impasto-*.tmp"):
        with suppress(OSError):  # somebody writes it, or it may not be removed: it does no harm
            _remove_left(draft)


def _remove_left(draft: Path) -> None:
    """Remove a draft; raises OSError if somebody writes it."""
    if sys.platform == "win32":
        draft.unlink()  # which Windows refuses for what is open
        return
    with draft.open("rb+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        draft.unlink()


def write_whole(path: Path, content: bytes) -> Path:
    """Write a file as `atomic_write` does and return its path; raises UnwritableOutput, naming it."""
    try:
        with atomic_write(path) as file:
            file.write(content)
    except OSError as error:
        raise UnwritableOutput(str(path), error.strerror or "cannot be written") from error
    return path


def take_lock(path: Path, *, shared: bool = False) -> BinaryIO:
    """Lock a file, which is made and stays, and return what gives it up when it is closed, as at a process's end.

    shared: together with others who share it.  Windows, and file systems that know no locks, let everybody in.
    Raises BlockingIOError if somebody else has locked it, else OSError as it comes.
    """
    stream = path.open("a+b")
    if sys.platform == "win32":
        return stream
    try:
        fcntl.flock(stream, fcntl.LOCK_NB | (fcntl.LOCK_SH if shared else fcntl.LOCK_EX))
    except BlockingIOError:
        stream.close()
        raise
    except OSError:  # there are no locks here
        pass
    return stream


def check_folder(output: Path) -> None:
    """Raise UnwritableOutput unless the folder that a file is to be written into is there and may be written to."""
    folder = output.absolute().parent
    if not folder.is_dir():
        raise UnwritableOutput(str(output), "the folder does not exist")
    if not os.access(folder, os.W_OK):
        raise UnwritableOutput(str(output), "the folder cannot be written to")


def make_folder(path: Path) -> Path:
    """Return the folder at a path, made with those above it where it is not there; raises UnwritableOutput."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableOutput(str(path), f"this folder cannot be made ({error.strerror})") from error
    check_folder(path / "x")
    return path
