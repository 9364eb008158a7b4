"""The pieces in which a collection is handed out: some photos, or one tar of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from pathlib import PurePosixPath

from impasto.batch.jobs import READABLE
from impasto.batch.overlap import drawn_ahead
from impasto.batch.places import fetch
from impasto.batch.recipe import Recipe
from impasto.batch.tars import Member, members
from impasto.errors import UnreadablePicture
from impasto.image import SUFFIXES

__all__ = ["Chunk", "Entry", "FileChunk", "Item", "TarChunk", "is_photo", "painted_name"]

TAR_WEIGHT = 1000
"""A tar counts as so many photos for the time that is left."""


@dataclass(frozen=True)
class Item:
    """A file of a chunk.

    name: what reports call it; output: where its painting goes, below the output; read: returns its bytes or raises
    UnreadablePicture; recipe: how it is painted, or None: as all are; carried: it is no photo, and goes along as it is.
    """

    name: str
    output: str
    read: Callable[[], bytes]
    recipe: Recipe | None = None
    carried: bool = False


@dataclass(frozen=True)
class Entry:
    """A photo of a collection: its path or URL, and else as Item; problem: why it cannot be painted, or nothing."""

    photo: str
    output: str
    recipe: Recipe | None = None
    problem: str = ""

    @property
    def item(self) -> Item:
        """The file that it is."""
        read = partial(_refuse, self.photo, self.problem) if self.problem else partial(fetch, self.photo)
        return Item(self.photo, self.output, read, self.recipe)


@dataclass(frozen=True)
class FileChunk:
    """Photos that are painted one after the other."""

    entries: tuple[Entry, ...]

    @cached_property
    def id(self) -> str:
        """A name that says which photos these are and how they are painted."""
        return _digest(
            (entry.photo, entry.output, entry.problem, entry.recipe.digest if entry.recipe else "")
            for entry in self.entries
        )

    @property
    def name(self) -> str:
        """The name of the tar that it may become."""
        return f"{self.id}.tar"

    @property
    def weight(self) -> int:
        """How many photos it counts as."""
        return len(self.entries)

    def items(self, skip: int, suffix: str, *, inside: bool) -> Iterator[Item]:
        """Yield its files but for the first so many."""
        return (entry.item for entry in self.entries[skip:])


@dataclass(frozen=True)
class TarChunk:
    """The photos in a tar, and what lies beside them.

    url: where it is; folder: its own name without its ending, below which its paintings go if they become files.
    """

    url: str
    folder: str

    @cached_property
    def id(self) -> str:
        """A name that says which tar this is."""
        return _digest([(self.url, self.folder)])

    @property
    def name(self) -> str:
        """The name of the tar that it may become."""
        return f"{self.folder}.tar"

    @property
    def weight(self) -> int:
        """How many photos it counts as."""
        return TAR_WEIGHT

    def items(self, skip: int, suffix: str, *, inside: bool) -> Iterator[Item]:
        """Yield its files but for the first so many.

        suffix: the ending of the paintings, or ""; inside: whether they go into a tar: then other files come along.
        """
        found = (member for member in members(self.url) if member.problem or inside or is_photo(member.name))
        for member in drawn_ahead(islice(found, skip, None)):
            yield self._item(member, suffix, inside)

    def _item(self, member: Member, suffix: str, inside: bool) -> Item:
        read = partial(_refuse, member.shown, member.problem) if member.problem else (lambda: member.data)
        carried = not member.problem and not is_photo(member.name)
        output = member.name if carried or not is_photo(member.name) else painted_name(member.name, suffix)
        return Item(member.shown, output if inside else f"{self.folder}/{output}", read, carried=carried)


Chunk = FileChunk | TarChunk


def is_photo(name: str) -> bool:
    """Return whether a file's name ends as those of photos do, and is not hidden."""
    path = PurePosixPath(name)
    return path.suffix.lower() in READABLE and not path.name.startswith(".")


def painted_name(photo: str, suffix: str) -> str:
    """Return the name of a photo's painting: its own, and a further ending where the format is another.

    So that two photos do not become one painting, a.gif becomes a.gif.png.
    """
    own = PurePosixPath(photo).suffix.lower()
    if (not suffix and own in SUFFIXES) or (suffix and SUFFIXES.get(own) == SUFFIXES[suffix]):
        return photo
    return f"{photo}{suffix or '.png'}"


def _refuse(name: str, problem: str) -> bytes:
    raise UnreadablePicture(name, problem)


def _digest(parts: Iterable[tuple[str, ...]]) -> str:
    sum_ = hashlib.blake2b(digest_size=10)
    for part in parts:
        sum_.update(repr(part).encode())
    return sum_.hexdigest()
