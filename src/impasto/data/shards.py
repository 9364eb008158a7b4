"""Tars of photos in many pieces, as WebDataset writes them, by one name: a glob, or ranges in braces.

Source of the braces: WebDataset and shells, `shards-{000..009}.tar`, `{train,val}.tar`.  In such a tar a photo KEY.jpg
has its text in KEY.json and KEY.txt beside it; photos alone are read.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator
from pathlib import Path

from impasto.errors import DataError

__all__ = ["expand", "is_pattern", "tars_in"]

MOST = 1_000_000
"""Files that a name may stand for."""
_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(\d+)\.\.(\d+)", re.ASCII)


def is_pattern(name: str) -> bool:
    """Tell whether a name has braces or the signs of a glob."""
    return bool(_BRACES.search(name)) or glob.has_magic(name)


def expand(name: str) -> list[Path]:
    """Return the files that a name with braces, a glob, or both stand for: those of braces in order, of globs sorted.

    Raises DataError if there are none, or more than a million.
    """
    found: list[Path] = []
    for each in _braced(name):
        # Not Path.glob, which takes patterns within a folder only.
        found += map(Path, sorted(glob.glob(each, recursive=True)) if glob.has_magic(each) else [each])  # noqa: PTH207
        if len(found) > MOST:
            raise DataError(f"{name} stands for more than {MOST:,} files; name fewer")
    if not found:
        raise DataError(f"{name} stands for no file; look at its folder, or put it in quotes")
    return found


def tars_in(folder: Path) -> list[Path]:
    """Return the tars that lie in a folder itself, sorted."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() == ".tar" and not path.name.startswith("."))


def _braced(name: str) -> Iterator[str]:
    """Yield the names that a name with braces stands for, the last braces changing fastest."""
    match = _BRACES.search(name)
    if match is None:
        yield name
        return
    for choice in _choices(match[1]):
        for rest in _braced(name[match.end() :]):
            yield name[: match.start()] + choice + rest


def _choices(inside: str) -> Iterator[str]:
    """Yield what stands for braces: the numbers of a range, as wide as its ends are written, or words."""
    match = _RANGE.fullmatch(inside)
    if match is None:
        yield from inside.split(",")
        return
    first, last = int(match[1]), int(match[2])
    width = max(map(len, match.groups())) if any(end[0] == "0" for end in match.groups()) else 0
    step = 1 if first <= last else -1
    for number in range(first, last + step, step):
        yield f"{number:0{width}}"
