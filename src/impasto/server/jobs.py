"""Jobs: work that takes longer than a request, each in a process and a folder of its own."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import shutil
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from impasto.model import Style, write_style
from impasto.options import seconds_of
from impasto.server.metrics import Metrics
from impasto.server.refusals import Busy, Refused
from impasto.server.settings import ServerSettings

__all__ = ["Content", "Job", "Jobs"]

GRACE = 5.0
"""Seconds that a process is given to end by itself."""
WAIT = 60
"""Seconds after which one who was sent away may come again."""
log = logging.getLogger("impasto.server")

End = Callable[["Job", str], None]
Content = BinaryIO | bytes | Style
"""Of a file that a job begins with."""


@dataclass
class Job:
    """One job.

    kind: styles, optimize or video; state: waiting, running, done, failed or cancelled; over: the part of the work that
    is over, 0..1; created, ended: by a clock that does not jump; error: {"type", "message"} of a
    failed one; result: the file's name in the folder.
    """

    id: str
    kind: str
    folder: Path
    result: str
    on_end: End | None = None
    state: str = "waiting"
    over: float = 0.0
    message: str = ""
    error: dict[str, str] | None = None
    notices: list[str] = field(default_factory=list)
    created: float = field(default_factory=time.perf_counter)
    ended: float | None = None

    @property
    def preview(self) -> Path:
        """The file of the picture so far, which may not be there yet."""
        return self.folder / "preview.jpg"

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.ended is not None

    def facts(self) -> dict[str, Any]:
        """Return what clients are told."""
        here = f"/v1/jobs/{self.id}"
        return {
            "id": self.id,
            "kind": self.kind,
            "state": self.state,
            "over": round(self.over, 4),
            "message": self.message,
            "error": self.error,
            "notices": self.notices,
            "seconds": round((self.ended or time.perf_counter()) - self.created, 1),
            "preview": f"{here}/preview" if self.preview.exists() else None,
            "result": f"{here}/result" if self.state == "done" else None,
        }


class Jobs:
    """The jobs of a server: one runs at a time, in the order in which they came.

    folder: of their folders.
    """

    def __init__(self, settings: ServerSettings, folder: Path, metrics: Metrics) -> None:
        self.settings, self.folder, self.metrics = settings, folder, metrics
        self.known: dict[str, Job] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.turn = asyncio.Semaphore(1)
        metrics.watch("jobs_waiting_or_running", "Jobs that run or wait", lambda: len(self.tasks))

    async def start(
        self,
        kind: str,
        request: Mapping[str, Any],
        files: Mapping[str, Content],
        result: str,
        on_end: End | None = None,
    ) -> Job:
        """Begin a job when its turn comes.

        request: what the worker is told, as JSON; files: by their names in the job's folder; result: the name of what
        it writes there; on_end: called with the state that it ends in, before its result is shown.
        Raises Busy, and Refused if the files cannot be kept; `on_end` is not called then.
        """
        active = sum(not job.is_over for job in self.known.values())
        if active >= self.settings.jobs:
            raise Busy(f"{active} jobs run or wait already", WAIT)
        job = Job(secrets.token_urlsafe(12), kind, self.folder / secrets.token_hex(8), result, on_end)
        self.known[job.id] = job  # takes its place before anything is awaited
        facts = json.dumps({"kind": kind, "result": result, **request}).encode()
        try:
            await asyncio.to_thread(_lay_out, job.folder, {**files, "job.json": facts})
        except BaseException as error:
            self._forget(job)
            if isinstance(error, OSError):
                raise Refused(507, "NoSpace", f"the job's files cannot be kept ({error.strerror})") from error
            raise
        self.tasks[job.id] = asyncio.create_task(self._run(job))
        return job

    def find(self, name: str) -> Job:
        """Return a job; raises Refused if there is none."""
        if (job := self.known.get(name)) is None:
            raise Refused(404, "UnknownJob", "there is no such job; results are kept for a while only")
        return job

    async def end(self, job: Job) -> None:
        """Cancel a job, or forget one that is over."""
        if (task := self.tasks.get(job.id)) is None:
            self._forget(job)
            return
        task.cancel()
        await asyncio.wait({task})

    async def close(self) -> None:
        """Cancel all that run or wait."""
        tasks = set(self.tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _run(self, job: Job) -> None:
        state = "cancelled"
        try:
            async with self.turn:
                job.state, state = "running", "failed"
                state = await self._worked(job)
        except asyncio.CancelledError:
            state = "cancelled"
            shutil.rmtree(job.folder, ignore_errors=True)
        except (OSError, ValueError) as error:  # no process can be begun; it says what cannot be understood
            log.exception("job %s", job.id)
            job.error = {"type": "ServerError", "message": f"the job could not be done ({type(error).__name__})"}
        finally:
            state = _told(job, state)
            job.state, job.ended = state, time.perf_counter()
            del self.tasks[job.id]
            self.metrics.ended(job.kind, state)
            asyncio.get_running_loop().call_later(seconds_of(self.settings.keep, "--keep"), self._forget, job)

    async def _worked(self, job: Job) -> str:
        """Run a job's process and return the state that it ends in."""
        process = await _started(job.folder)
        limit = self.settings.job_time
        try:
            await asyncio.wait_for(_follow(process, job), seconds_of(limit, "--job-time"))
            await process.wait()
        except asyncio.TimeoutError:
            job.error = {"type": "TooLate", "message": f"it was not done within {limit}; ask for less"}
        finally:
            await _ended(process)
        if job.error is None and (process.returncode or not (job.folder / job.result).is_file()):
            told = await asyncio.to_thread((job.folder / "log").read_text, "utf-8", "replace")
            log.error("the process of job %s ended with %s:\n%s", job.id, process.returncode, told)
            job.error = {"type": "ProcessEnded", "message": f"its process ended unexpectedly ({process.returncode})"}
        return "done" if job.error is None else "failed"

    def _forget(self, job: Job) -> None:
        self.known.pop(job.id, None)
        shutil.rmtree(job.folder, ignore_errors=True)


def _told(job: Job, state: str) -> str:
    """Call what a job has for its end, and return the state that it ends in: failed, if that fails."""
    try:
        if job.on_end is not None:
            job.on_end(job, state)
    except Exception as error:  # whatever it is, the job is over, and its place is free
        log.exception("job %s", job.id)
        job.error = {"type": "ServerError", "message": f"its result could not be kept ({type(error).__name__})"}
        return "failed"
    return state


def _lay_out(folder: Path, files: Mapping[str, Content]) -> None:
    """Make a job's folder and what is in it at first."""
    (folder / "scratch").mkdir(parents=True)
    for name, content in files.items():
        if isinstance(content, Style):
            write_style(content, folder / name)
        elif isinstance(content, bytes):
            (folder / name).write_bytes(content)
        else:
            with (folder / name).open("xb") as copy:
                shutil.copyfileobj(content, copy)


async def _started(folder: Path) -> Process:
    # A session of its own: Ctrl-C in a terminal is the server's.  It ends when its standard input does, as when the
    # server is killed.  Scratch files lie in its folder.
    with (folder / "log").open("wb") as log_file:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "impasto.server.worker",
            str(folder),
            stdin=PIPE,
            stdout=PIPE,
            stderr=log_file,
            env={**os.environ, "TMPDIR": str(folder / "scratch")},
            start_new_session=True,
        )


async def _follow(process: Process, job: Job) -> None:
    """Take note of what a process says, a JSON object a line, until it says no more."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    async for line in process.stdout:
        facts = json.loads(line)
        job.over, job.message = facts.get("over", job.over), facts.get("message", job.message)
        job.error = facts.get("error", job.error)
        job.notices += facts.get("notices", [])


async def _ended(process: Process) -> None:
    """End a process, if it has not ended."""
    with suppress(ProcessLookupError):
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), GRACE)
        except asyncio.TimeoutError:
            process.kill()
            await process.wait()
