"""Why a request is refused: the errors of HTTP alone, and the status and the words of every error.

Refused                   carries its status
 ├─ Busy                  429: the queue is full; says when to come again
 └─ Gone                  499: the client left, so nobody reads it
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

from impasto.errors import (
    EngineUnavailable,
    ImpastoError,
    InvalidOption,
    ModelError,
    PictureError,
    PictureTooLarge,
    UnknownStyle,
    UnwritableOutput,
)

__all__ = ["Busy", "Gone", "Refused", "answer", "status_of", "words_of"]

_STATUS: tuple[tuple[type[ImpastoError], int], ...] = (
    (InvalidOption, 422),
    (PictureTooLarge, 413),
    (UnwritableOutput, 507),
    (PictureError, 422),
    (ModelError, 422),
    (EngineUnavailable, 501),
)
_FLAG = re.compile(r"(?<![\w-])--([a-z][a-z-]*)")
_ADVICE = re.compile(r"; --max-pixels \d+ would allow it")
"""What only who started the server can do."""


class Refused(ImpastoError):
    """A request that HTTP itself has a status for; the message says what to do.

    kind: what clients read as the error's type; headers: of the answer.
    """

    def __init__(self, status: int, kind: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.kind, self.headers = status, kind, dict(headers or {})
        super().__init__(message)


class Busy(Refused):
    """There is no place left; `seconds` later there may be one."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(429, "Busy", f"{message}; come again in {seconds} s", {"Retry-After": str(seconds)})


class Gone(Refused):
    """The client has left."""

    def __init__(self) -> None:
        super().__init__(499, "Gone", "the client has left")


def status_of(error: ImpastoError) -> int:
    """Return the status of the answer to a request that ends in an error."""
    if isinstance(error, Refused):
        return error.status
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def words_of(error: ImpastoError) -> str:
    """Return an error's sentence for clients: options are fields here, without dashes."""
    if isinstance(error, UnknownStyle):
        hint = f"did you mean {' or '.join(error.nearest)}?" if error.nearest else "GET /v1/styles lists them"
        return f"no style is called {error.name!r}; {hint}"
    sentence = _ADVICE.sub("", " ".join(str(error).split()))
    return _FLAG.sub(lambda match: match[1].replace("-", "_"), sentence)


def answer(error: ImpastoError) -> JSONResponse:
    """Return the answer to a request that ends in an error: `{"error": {"type": ..., "message": ...}}`."""
    kind = error.kind if isinstance(error, Refused) else type(error).__name__
    facts: dict[str, Any] = {"type": kind, "message": words_of(error)}
    if isinstance(error, UnknownStyle):
        facts["nearest"] = list(error.nearest)
    return JSONResponse({"error": facts}, status_of(error), error.headers if isinstance(error, Refused) else None)
