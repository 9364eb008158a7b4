"""What the studio takes from the server's settings."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Limits"]


class Limits(Protocol):
    """Of the server's settings, those that the studio keeps to; see `impasto.server.settings`."""

    @property
    def max_bytes(self) -> str:
        """Largest picture's file."""

    @property
    def max_film(self) -> str:
        """Largest film's file."""

    @property
    def max_pixels(self) -> int:
        """Pixels of a picture, and of its painting, at most."""

    @property
    def max_seconds(self) -> float:
        """Length of a film at most, in seconds."""

    @property
    def max_memory(self) -> str:
        """Memory that painting may take, or "" for most of what is free."""

    @property
    def job_time(self) -> str:
        """Time that a job may take."""

    @property
    def max_disk(self) -> str:
        """What all that visitors bring and get may take of the disk."""

    @property
    def keep(self) -> str:
        """Time that what a visitor brought, and what became of it, is kept after the last request."""

    @property
    def folder(self) -> str:
        """Folder for scratch folders, or "" for the system's."""
