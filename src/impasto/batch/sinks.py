"""Where the paintings of a chunk go: files of their own, or a tar."""

from __future__ import annotations

import dataclasses
import json
import shutil
import tempfile
from typing import Any

from impasto.batch.chunks import Item
from impasto.batch.ledger import Record, drafts_of, parts_of
from impasto.batch.store import BLOCK, Store
from impasto.batch.tars import END, packed
from impasto.errors import UnwritableOutput

__all__ = ["FileSink", "Sink", "TarSink"]

PART, PART_BYTES = 64, 64 << 20
"""Files of a tar, and their bytes, after which what is painted is written down, so that little is painted again after a
crash, and little kept in memory."""


class FileSink:
    """A file for each painting.

    looks: whether paintings may be there already.
    """

    start, earlier = 0, Record()
    lists_outputs = False

    def __init__(self, store: Store, id_: str, *, looks: bool) -> None:
        self.store, self.drafts, self.looks = store, drafts_of(id_), looks

    def has(self, item: Item) -> bool:
        """Return whether an item's painting is there."""
        return self.looks and self.store.exists(item.output)

    def put(self, item: Item, data: bytes) -> None:
        """Write a painting; raises as `Store.write` does."""
        self.store.write(item.output, data, self.drafts)

    def keep(self, item: Item, data: bytes | None, record: Record) -> None:
        """Take note of what became of an item."""

    def finish(self) -> None:
        """End the chunk."""

    def clear(self) -> None:
        """Remove what the chunk, now written down, needs no more."""


class TarSink:
    """A tar for all of a chunk, which is written in parts and then put together.

    start: how many items of the chunk are in parts already; earlier: what became of them.
    A part is a line of JSON with the number of items in it and their record, and then members as they stand in a tar.
    """

    lists_outputs = True

    def __init__(self, store: Store, id_: str, name: str) -> None:
        self.store, self.name, self.drafts, self.folder = store, name, drafts_of(id_), parts_of(id_)
        self.parts = store.names(self.folder)
        heads = [self._head(part) for part in self.parts]
        self.start = sum(head["items"] for head in heads)
        self.earlier = sum((Record.from_json(head["record"]) for head in heads), Record())
        self.members: list[bytes] = []
        self.holds = self.earlier.written > 0
        self.items, self.record = 0, Record()
        if not self.parts and store.exists(name):
            raise UnwritableOutput(store.shown(name), "is there already and not of this run; name another output")

    def has(self, item: Item) -> bool:
        """Return whether an item's painting is there."""
        return False

    def put(self, item: Item, data: bytes) -> None:
        """Do nothing: a tar is written in order, see `keep`."""

    def keep(self, item: Item, data: bytes | None, record: Record) -> None:
        """Take note of what became of an item, and of its painting if there is one."""
        if data is not None:
            self.members.append(packed(item.output, data))
            self.holds = True
        self.items += 1
        self.record += record
        if self.items >= PART or sum(map(len, self.members)) >= PART_BYTES:
            self._write_part()

    def finish(self) -> None:
        """Put the parts together, if anything is in them."""
        if self.items:
            self._write_part()
        if not self.holds:
            return
        with tempfile.TemporaryFile() as whole:
            for part in self.parts:
                with self.store.open_file(part) as stream:
                    stream.readline()
                    shutil.copyfileobj(stream, whole, BLOCK)
            whole.write(END)
            whole.seek(0)
            self.store.write_from(self.name, whole, self.drafts)

    def clear(self) -> None:
        """Remove the parts, once the chunk is written down."""
        self.store.remove_folder(self.folder)

    def _write_part(self) -> None:
        name = f"{self.folder}/{len(self.parts):06d}"
        head = {"items": self.items, "record": dataclasses.asdict(self.record)}
        self.store.write(name, json.dumps(head).encode() + b"\n" + b"".join(self.members), self.drafts)
        self.parts.append(name)
        self.members, self.items, self.record = [], 0, Record()

    def _head(self, part: str) -> Any:
        with self.store.open_file(part) as stream:
            return json.loads(stream.readline())


Sink = FileSink | TarSink
