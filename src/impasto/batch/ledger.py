"""What was done, written down beside the paintings chunk by chunk, so that a run goes on where it ended.

Below the output, in .impasto/:
    run.json            how this output is painted; another way of painting is refused
    begun/ID.json       a chunk that is being painted: how often it was begun, and which photos ended a process
    done/XX/ID.json     a chunk that is painted: its record
    parts/ID/N          a tar's paintings so far
    drafts/ID/          files that are not whole yet
    lock, lock-I-of-N   held by the command that paints all of it or a shard; on this machine only
Each is written whole or not at all, by one process.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from impasto.batch.store import Store
from impasto.errors import ImpastoError, InvalidOption

__all__ = ["FOLDER", "RUN", "Attempt", "Ledger", "Record", "drafts_of", "parts_of"]

FOLDER = ".impasto"
RUN = "run"
"""Whose drafts belong to no chunk."""
CAREFUL = 2
"""From this attempt on a chunk's photos are painted one by one, each written down before."""
BLAMED = 2
"""A photo that ended so many careful attempts is not tried again."""
MOST_TRIES = 20
"""Attempts that may end without any photo to blame."""
READERS = 16


@dataclass(frozen=True)
class Record:
    """What became of a chunk or of several.

    painted: photos painted; there: photos whose painting was there before; failed: (photo, why) pairs; notices: what
    the user should know about photos; pixels: of the paintings; seconds: of this work; read, written: bytes;
    outputs: names of the paintings, where they stand in no folder.
    """

    id: str = ""
    painted: int = 0
    there: int = 0
    failed: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = ()
    pixels: int = 0
    seconds: float = 0.0
    read: int = 0
    written: int = 0
    outputs: tuple[str, ...] = ()

    @property
    def photos(self) -> int:
        """How many photos this is about."""
        return self.painted + self.there + len(self.failed)

    def __add__(self, other: Record) -> Record:
        """Return what became of both."""
        sums: dict[str, Any] = {
            each.name: getattr(self, each.name) + getattr(other, each.name)
            for each in dataclasses.fields(self)
            if each.name != "id"
        }
        return Record(self.id, **sums)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Record:
        """Return the record that became JSON."""
        failed = tuple((str(name), str(reason)) for name, reason in values.pop("failed"))
        facts: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
        return cls(**facts, failed=failed)


@dataclass
class Attempt:
    """A chunk that is being painted: which attempt this is, and how many attempts each photo ended."""

    id: str
    tries: int = 1
    blame: dict[str, int] = field(default_factory=dict)

    @property
    def careful(self) -> bool:
        """Whether photos are painted one by one, each written down before."""
        return self.tries > CAREFUL - 1

    def refuses(self, photo: str) -> bool:
        """Return whether a photo ended so many attempts that it is not tried again."""
        return self.blame.get(photo, 0) >= BLAMED


class Ledger:
    """The ledger of an output."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def lock(self, shard: str) -> ExitStack:
        """Keep other commands out of this output, or of a shard, until what is returned is closed.

        shard: I-of-N, or "" for all of it.  Raises UnwritableOutput if another command is painting there.
        """
        with ExitStack() as stack:
            stack.enter_context(self.store.lock(f"{FOLDER}/lock", shared=bool(shard)))
            if shard:
                stack.enter_context(self.store.lock(f"{FOLDER}/lock-{shard}"))
            return stack.pop_all()

    def open(self, facts: Mapping[str, Any]) -> bool:
        """Begin a run or go on with one; return whether the output is empty, so that no painting can be there.

        facts: how it is painted.
        Raises InvalidOption where the output is painted otherwise, and UnwritableOutput.
        """
        self.store.make()
        name = f"{FOLDER}/run.json"
        found = self._read(name)
        if found is None:
            empty = self.store.is_empty()
            self._write(name, dict(facts), RUN)
            return empty
        for key, value in facts.items():
            if found.get(key) != value:
                raise InvalidOption(
                    f"{self.store.url} holds a batch with {key} {found.get(key)}, not {value}; name another folder"
                )
        return False

    def done(self) -> set[str]:
        """Return the chunks that are painted."""
        return {PurePosixPath(name).stem for name in self.store.names(f"{FOLDER}/done")}

    def records(self, ids: set[str]) -> list[Record]:
        """Return the records of chunks that are painted."""
        with ThreadPoolExecutor(READERS) as pool:
            return [record for record in pool.map(self.record, sorted(ids)) if record is not None]

    def record(self, id_: str) -> Record | None:
        """Return a chunk's record, or None if it is not painted yet."""
        values = self._read(_done(id_))
        return None if values is None else Record.from_json(values)

    def begin(self, id_: str) -> Attempt:
        """Write down that a chunk is being painted; raises ImpastoError if that ended too many processes."""
        found = self._read(_begun(id_))
        attempt = Attempt(id_)
        if found is not None:
            photo, blame = found["photo"], found["blame"]
            attempt = Attempt(id_, found["tries"] + 1, {**blame, photo: blame.get(photo, 0) + 1} if photo else blame)
            if attempt.tries > MOST_TRIES + sum(attempt.blame.values()):
                raise ImpastoError(f"painting the chunk {id_} of {self.store.url} ended {MOST_TRIES} processes")
            self.store.remove_drafts(drafts_of(id_))
        self.note(attempt, "")
        return attempt

    def note(self, attempt: Attempt, photo: str) -> None:
        """Write down which photo a careful attempt paints now."""
        self._write(_begun(attempt.id), {"tries": attempt.tries, "photo": photo, "blame": attempt.blame}, attempt.id)

    def finish(self, record: Record) -> None:
        """Write down what became of a chunk, for good."""
        self._write(_done(record.id), dataclasses.asdict(record), record.id)
        self.store.remove(_begun(record.id))
        self.store.remove_drafts(drafts_of(record.id))

    def tidy(self) -> None:
        """Remove what chunks left that were begun and then made otherwise; nothing else may be painting."""
        for folder in ("begun", "parts", "drafts"):
            self.store.remove_folder(f"{FOLDER}/{folder}")

    def forget(self, id_: str) -> None:
        """Let a chunk be painted again, but for the paintings that are there."""
        self.store.remove(_done(id_))

    def _read(self, name: str) -> dict[str, Any] | None:
        data = self.store.read(name)
        if data is None:
            return None
        try:
            values: dict[str, Any] = json.loads(data)
        except ValueError as error:
            raise ImpastoError(f"{self.store.shown(name)}: is damaged; remove it") from error
        return values

    def _write(self, name: str, values: dict[str, Any], id_: str) -> None:
        self.store.write(name, json.dumps(values).encode(), drafts_of(id_))


def drafts_of(id_: str) -> str:
    """Return the folder where files of a chunk lie until they are whole."""
    return f"{FOLDER}/drafts/{id_}"


def parts_of(id_: str) -> str:
    """Return the folder of the parts of a chunk's tar."""
    return f"{FOLDER}/parts/{id_}"


def _begun(id_: str) -> str:
    return f"{FOLDER}/begun/{id_}.json"


def _done(id_: str) -> str:
    return f"{FOLDER}/done/{id_[:2]}/{id_}.json"
