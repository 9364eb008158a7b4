"""Visitors, each with pictures, styles and works of their own in a folder of their own, and nobody else's."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from impasto.model import Style, file_name
from impasto.server.studio.errors import NotHere, TooMuch
from impasto.server.studio.pictures import Shown
from impasto.server.studio.works import Work

__all__ = ["Visit", "Visits"]

MOST_FILES, MOST_WORKS = 24, 24
"""Pictures and films, also styles, and works, that a visitor may have; the oldest go first."""
MOST_VISITS = 1000
"""Visitors who have something here; further ones are sent away."""

T = TypeVar("T")


@dataclass(eq=False)
class Visit:
    """One browser's visit.  shown: pictures by identifiers; films: files by those of their frames."""

    folder: Path
    seen: float
    shown: dict[str, Shown] = field(default_factory=dict)
    films: dict[str, Path] = field(default_factory=dict)
    styles: dict[str, Style] = field(default_factory=dict)
    works: dict[str, Work] = field(default_factory=dict)

    @property
    def is_busy(self) -> bool:
        """Whether some work of theirs is not over."""
        return any(not work.is_over for work in self.works.values())

    def place(self, name: str) -> Path:
        """Return where a new file of this name may lie: alone in a folder, whose name is its identifier."""
        folder = self.folder / secrets.token_urlsafe(12)
        folder.mkdir()
        own = Path(name.replace("\\", "/"))
        return folder / (file_name(own.stem) + (f".{file_name(own.suffix)}" if own.suffix else ""))

    def put(self, file: Path, shown: Shown) -> str:
        """Keep a picture that lies in a `place`, and return its identifier; the oldest goes if there are too many.

        Raises TooMuch instead while a work is not over, which may be about the oldest.
        """
        if len(self.shown) >= MOST_FILES and self.is_busy:
            raise TooMuch(f"you have {MOST_FILES} pictures here already; wait for your works, or stop them")
        name = file.parent.name
        self.shown[name] = shown
        while len(self.shown) > MOST_FILES:
            oldest = next(iter(self.shown))
            del self.shown[oldest]
            self.films.pop(oldest, None)
            shutil.rmtree(self.folder / oldest, ignore_errors=True)
        return name

    def put_style(self, name: str, style: Style) -> None:
        """Keep a style under an identifier; the oldest goes if there are too many."""
        self.styles[name] = style
        while len(self.styles) > MOST_FILES:
            del self.styles[next(iter(self.styles))]

    def add(self, work: Work) -> None:
        """Keep a work; the oldest that is over goes, with what came of it, if there are too many."""
        self.works[work.id] = work
        over = [name for name, known in self.works.items() if known.is_over]
        for name in over[: max(0, len(self.works) - MOST_WORKS)]:
            result = self.works.pop(name).result
            if result is not None:
                shutil.rmtree(result.parent, ignore_errors=True)

    def picture(self, name: str) -> Shown:
        """Return a picture; raises NotHere."""
        return _of(self.shown, name, "this picture")

    def film(self, name: str) -> Path:
        """Return a film; raises NotHere."""
        return _of(self.films, name, "this film")

    def work(self, name: str) -> Work:
        """Return a work; raises NotHere."""
        return _of(self.works, name, "this work")


def _of(known: dict[str, T], name: str, what: str) -> T:
    if name not in known:
        raise NotHere(f"{what} is no longer here; bring it again")
    return known[name]


class Visits:
    """All visits by the secret that each browser keeps in a cookie.

    keep: seconds without a request after which a visitor's things go; parent: of the scratch folder, or "".
    """

    def __init__(self, keep: float, parent: str) -> None:
        self.keep, self.parent = keep, parent
        self.lock = threading.Lock()
        self.known: dict[str, Visit] = {}
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    @property
    def scratch(self) -> Path:
        """The folder of all visitors' folders; made when it is first needed."""
        if self._scratch is None:
            folder = tempfile.TemporaryDirectory(
                prefix="impasto-studio-", dir=self.parent or None, ignore_cleanup_errors=True
            )
            self._scratch = folder
        return Path(self._scratch.name)

    def of(self, secret: str | None) -> Visit | None:
        """Return the visit with this secret, if there is one."""
        with self.lock:
            self._forget()
            visit = self.known.get(secret or "")
            if visit is not None:
                visit.seen = time.monotonic()
            return visit

    def new(self) -> tuple[str, Visit]:
        """Return a new visit and its secret; raises TooMuch if there are too many."""
        with self.lock:
            if len(self.known) >= MOST_VISITS:
                raise TooMuch("the studio has too many visitors; come again later")
            secret, folder = secrets.token_urlsafe(32), self.scratch / secrets.token_hex(12)
            folder.mkdir()
            self.known[secret] = Visit(folder, time.monotonic())
            return secret, self.known[secret]

    def end(self, secret: str) -> None:
        """Remove a visitor's things."""
        with self.lock:
            self._remove(secret)

    def close(self) -> None:
        """Remove everybody's files."""
        with self.lock:
            self.known.clear()
            if self._scratch is not None:
                self._scratch.cleanup()
                self._scratch = None

    def _forget(self) -> None:
        """Remove the things of those who have long left, unless work of theirs is not over."""
        now = time.monotonic()
        for secret, visit in [*self.known.items()]:
            if now - visit.seen > self.keep and not visit.is_busy:
                self._remove(secret)

    def _remove(self, secret: str) -> None:
        if (visit := self.known.pop(secret, None)) is not None:
            shutil.rmtree(visit.folder, ignore_errors=True)
