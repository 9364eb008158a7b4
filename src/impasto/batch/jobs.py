"""Which photos are painted, and where each painting goes."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from impasto.errors import InvalidOption, UnreadablePicture, UnwritableOutput
from impasto.image import SUFFIXES, format_of

__all__ = ["Job", "find", "plan"]

READABLE = frozenset({*SUFFIXES, ".gif"})
"""Suffixes that make a file in a folder a photo; a file that is named itself may have any."""


@dataclass(frozen=True)
class Job:
    """One photo and the file that its painting becomes."""

    photo: Path
    output: Path


def plan(photos: Sequence[str], output: str | None, style: str) -> list[Job]:
    """Return a job for each photo, in order, each once.

    photos: files, folders (searched recursively) and patterns such as "*.jpg".
    output: a file (for one photo), a folder (made when needed; the photos' folders are kept inside it), or None: beside
        each photo, as PHOTO-STYLE.SUFFIX.
    Raises UnreadablePicture for a photo that is not there, InvalidOption for a folder or pattern without photos or an
    output that cannot be meant, and UnwritableOutput if a painting would replace a photo or its folder is not there.
    """
    if output == "":
        raise InvalidOption("--output is empty; name a file or a folder, or leave it out")
    found = _found(photos, output)
    if output is None:
        jobs = [Job(photo, photo.with_name(f"{photo.stem}-{style}{_suffix(photo)}")) for photo, _ in found]
    elif _is_folder(output, photos, len(found)):
        jobs = [Job(photo, Path(output) / inside.with_suffix(_suffix(photo))) for photo, inside in found]
    else:
        format_of(output)
        jobs = [Job(photo, Path(output)) for photo, _ in found]
    _check(jobs, makes_folders=output is not None and _is_folder(output, photos, len(found)))
    return jobs


def find(photos: Sequence[str]) -> list[Path]:
    """Return the photos that files, folders and patterns name, in order, each once; raises as `plan` does."""
    return [photo for photo, _ in _found(photos, None)]


def _found(photos: Sequence[str], output: str | None) -> list[tuple[Path, Path]]:
    """Return each photo once, however often and under whatever spelling it is named; else as `_photos`."""
    found: dict[Path, tuple[Path, Path]] = {}
    for named in photos:
        for photo, inside in _photos(named, output):
            found.setdefault(Path(os.path.realpath(photo.parent), photo.name), (photo, inside))
    return list(found.values())


def _photos(named: str, output: str | None) -> Iterator[tuple[Path, Path]]:
    """Yield each photo that an argument names, with its path inside the folder that was named."""
    if not named:
        raise InvalidOption("the name of a photo is empty")
    path = Path(named)
    absence = _absence(path)
    if _is_dir(path):
        within = sorted(_in_folder(path, None if output is None else Path(output)))
        if not within:
            raise InvalidOption(f"{named}: this folder holds no pictures ({', '.join(sorted(READABLE))})")
        yield from ((photo, photo.relative_to(path)) for photo in within)
    elif absence is None:
        yield path, Path(path.name)
    elif glob.has_magic(named):
        names = sorted(glob.glob(named, recursive=True))  # noqa: PTH207 - a pattern may be absolute
        matches = [Path(name) for name in names if Path(name).is_file()]
        if not matches:
            raise InvalidOption(f"{named}: no file matches this pattern")
        yield from ((match, Path(match.name)) for match in matches)
    else:
        raise UnreadablePicture(named, absence)


def _absence(path: Path) -> str | None:
    """Return why nothing is at this path, or None if something is."""
    try:
        path.stat()
    except FileNotFoundError:
        return "there is no such file"
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        return getattr(error, "strerror", None) or str(error)
    return None


def _is_dir(path: Path) -> bool:
    """Return whether this is a folder; no where Path.is_dir raises: too long a name, a folder that is locked."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _in_folder(folder: Path, output: Path | None) -> Iterator[Path]:
    """Yield the pictures below a folder, but not those below the output folder: they may be earlier paintings."""
    for parent, folders, files in os.walk(folder):
        folders[:] = [
            name for name in folders if not name.startswith(".") and not (output and _same(Path(parent) / name, output))
        ]
        for name in files:
            if Path(name).suffix.lower() in READABLE and not name.startswith("."):
                yield Path(parent) / name


def _suffix(photo: Path) -> str:
    """The photo's own suffix where pictures can be written so, else .png."""
    return photo.suffix if photo.suffix.lower() in SUFFIXES else ".png"


def _is_folder(output: str, photos: Sequence[str], count: int) -> bool:
    if _is_dir(Path(output)) or output.endswith(("/", os.sep)):
        return True
    if count == 1 and not any(_is_dir(Path(named)) for named in photos):
        return False
    if Path(output).suffix.lower() in SUFFIXES:
        raise InvalidOption(f"--output: {count} photos cannot become the one file {output}; name a folder")
    return True


def _check(jobs: Sequence[Job], *, makes_folders: bool) -> None:
    taken: dict[str, Path] = {}
    originals = {os.path.realpath(job.photo) for job in jobs}
    for job in jobs:
        target = os.path.realpath(job.output)  # Path.resolve raises where links go in circles
        if target in originals or _same(job.photo, job.output):
            raise UnwritableOutput(str(job.output), "the painting would replace a photo; name another output")
        if target in taken:
            raise InvalidOption(
                f"{taken[target]} and {job.photo} would both become {job.output}; paint them separately"
            )
        taken[target] = job.photo
        if not makes_folders and not _is_dir(job.output.parent):
            raise UnwritableOutput(str(job.output), "the folder does not exist")


def _same(one: Path, other: Path) -> bool:
    """Whether two paths are one file or folder, also by a link; False if either is absent."""
    try:
        return one.samefile(other)
    except OSError:
        return False
