"""Which files are films that are taken, told by their first bytes."""

from __future__ import annotations

__all__ = ["KINDS", "START", "film_kind"]

_MARKS = (
    (4, b"ftyp", "mp4"),
    (4, b"moov", "mov"),
    (4, b"mdat", "mov"),
    (4, b"wide", "mov"),
    (0, b"\x1a\x45\xdf\xa3", "mkv"),
    (8, b"AVI ", "avi"),
    (0, b"GIF8", "gif"),
    (0, b"OggS", "ogv"),
    (0, b"FLV\x01", "flv"),
    (0, b"\x00\x00\x01\xba", "mpg"),
    (188, b"\x47", "ts"),
)
"""Where which bytes stand, and endings.  Others are refused: FFmpeg also reads lists of other files' names."""
KINDS = tuple(dict.fromkeys(kind for _, _, kind in _MARKS))
START = 256
"""Bytes that suffice."""


def film_kind(start: bytes) -> str | None:
    """Return the ending that suits a film with these first bytes, or None for what is no film that is known."""
    return next((kind for at, mark, kind in _MARKS if start[at:].startswith(mark)), None)
