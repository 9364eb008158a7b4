"""Files that appear whole or not at all, and whether they could."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from impasto.errors import UnwritableOutput

__all__ = ["atomic_write", "check_folder", "make_folder", "write_whole"]


@contextmanager
def atomic_write(path: str | os.PathLike[str], drafts: Path | None = None) -> Iterator[BinaryIO]:
    """Open a new file that takes the place of `path` when the block ends without an error.

    drafts: the folder, on the same disk, where the file lies until then; by default that of `path`.

    Until then, and for good if the block raises, a file that was there stays as it was; nothing else is left
    in the folder. Permissions follow the umask, or the file that is replaced; a link is written through.
    Devices and pipes, which cannot be replaced, are written to directly.

    Raises OSError as it comes.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        with target.open("wb") as stream:  # also what says that a folder is one
            yield stream
        return
    draft = (drafts or target.parent) / f".impasto-{secrets.token_hex(6)}.tmp"
    try:
        # Opened by hand rather than with tempfile, whose files only their owner may read.
        with draft.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            shutil.copymode(target, draft)
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: bytes) -> Path:
    """Write a file as `atomic_write` does and return its path; raises UnwritableOutput, naming it."""
    try:
        with atomic_write(path) as file:
            file.write(content)
    except OSError as error:
        raise UnwritableOutput(str(path), error.strerror or "cannot be written") from error
    return path


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
