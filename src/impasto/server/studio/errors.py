"""What the studio's requests are refused for beside what painting raises."""

from __future__ import annotations

from impasto.errors import ImpastoError

__all__ = ["NotHere", "TooLarge", "TooMuch"]


class NotHere(ImpastoError):
    """Something is not, or no longer, among the visitor's things."""

    status = 404


class TooLarge(ImpastoError):
    """A file has more bytes than the server takes."""

    status = 413


class TooMuch(ImpastoError):
    """A visitor has more work waiting than one may have."""

    status = 429
