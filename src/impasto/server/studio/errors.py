"""What the studio's requests are refused for beside what painting raises."""

from __future__ import annotations

from impasto.errors import ImpastoError

__all__ = ["Full", "NotHere", "TooLarge", "TooMuch"]


class NotHere(ImpastoError):
    """Something is not, or no longer, among the visitor's things."""

    status = 404


class TooLarge(ImpastoError):
    """A file has more bytes than the server takes."""

    status = 413


class Full(ImpastoError):
    """What all visitors have brought fills the room that there is for it."""

    status = 507


class TooMuch(ImpastoError):
    """A visitor has more work or more pictures than one may have, or there are too many visitors."""

    status = 429
