"""The grammar of mixes: `starry-night:0.7+great-wave:0.3`, and what a mix is called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PureWindowsPath

from impasto.errors import InvalidOption
from impasto.model.bundled import STYLE_SUFFIX
from impasto.model.style import check_weights

__all__ = ["PICTURE_SUFFIXES", "RANDOM", "file_name", "is_painting", "is_style_file", "mix_name", "parse_mix"]

RANDOM = "random"
"""What a part that means a random style starts with, before a colon and the seed."""
PICTURE_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
"""File name endings of paintings, which `find_style` leaves to its caller."""
LONGEST_NAME = 100
"""Characters of a mix's name at most: a photo's name and an ending stand beside it in names of files."""


def parse_mix(text: str) -> list[tuple[str, float]]:
    r"""Return the parts of a mix with their weights.

    text: parts joined by +, each NAME or NAME:WEIGHT, where NAME is a style's name, the path of a .style file or of a
    painting, or random:SEED, and WEIGHT, 1 if it is not given, is what follows the last colon.  Spaces around
    names and weights do not matter.  A text or a part that is an existing file is a name, whatever is in it; so is
    what follows a colon with a path's ending or a slash in it, as in `C:\my.style`.
    Names are not looked up.  Raises InvalidOption, naming the part, if it is empty or its weight is not a number, and
    for weights that `check_weights` refuses.
    """
    if _is_file(text):
        return [(text, 1.0)]
    pieces = [piece.strip() for piece in text.split("+")]
    if not all(pieces):
        raise InvalidOption(f"the style {text!r} has an empty part; write NAME or NAME:WEIGHT on both sides of a +")
    parts = [_parse_part(piece) for piece in pieces]
    check_weights([weight for _, weight in parts])
    return parts


def _parse_part(part: str) -> tuple[str, float]:
    name, colon, weight = part.rpartition(":")
    if not colon or _is_file(part) or _ends_a_path(weight) or name.lower().strip() == RANDOM:
        return part, 1.0
    if not name.strip():
        raise InvalidOption(f"the style {part!r} has a weight but no name; write NAME:WEIGHT")
    try:
        return name.strip(), float(weight)
    except ValueError as error:
        raise InvalidOption(
            f"{part!r}: the weight {weight!r} is not a number; write one, as in {name}:0.5+OTHER:0.5"
        ) from error


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # too long, or with a null byte
        return False


def _ends_a_path(text: str) -> bool:
    r"""Return whether what follows a colon belongs to a path, as in `C:\my.style`, and is no weight."""
    return "/" in text or "\\" in text or is_style_file(text) or is_painting(text)


def is_style_file(name: str) -> bool:
    """Return whether a name is that of a .style file, by its ending; case does not matter."""
    return name.lower().endswith(STYLE_SUFFIX)


def is_painting(name: str) -> bool:
    """Return whether a name is that of a picture file, by its ending; case does not matter."""
    return PureWindowsPath(name).suffix.lower() in PICTURE_SUFFIXES


def mix_name(parts: Sequence[tuple[str, float]]) -> str:
    """Return what a mix is called: its parts' names joined by +, each with its percentage unless all are equal.

    parts: at least one name with its weight; the weights are such as `check_weights` accepts.
    Returns a name fit for files, of at most 100 characters, such as `van-gogh-starry-night-70+hokusai-great-wave-30`;
    where that would be longer, the part of the greatest weight and the number of the others.
    """
    greatest = max(weight for _, weight in parts)
    shares = [weight / greatest for _, weight in parts]  # so that their sum is finite too
    names = [file_name(name) for name, _ in parts]
    if len(set(shares)) > 1:
        names = [f"{name}-{100 * share / sum(shares):.0f}" for name, share in zip(names, shares, strict=True)]
    joined = "+".join(names)
    if len(joined) <= LONGEST_NAME:
        return joined
    return f"{names[shares.index(1.0)]}+{len(names) - 1}-others"


def file_name(name: str) -> str:
    """Return a name without what cannot stand in a file's name: letters, digits, . _ - stay, 60 characters at most."""
    return re.sub(r"[^\w.-]+", "-", name)[:60].strip("-.") or "style"
