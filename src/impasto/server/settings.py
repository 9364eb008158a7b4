"""What a server is: every option, its default and its sentence."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from impasto.errors import InvalidOption
from impasto.options import bytes_of, check, flag, option, seconds_of

__all__ = ["LOOPBACK", "ServerSettings"]

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
"""What browsers call this machine itself, as it stands in a Host header without its port."""


@dataclass(frozen=True)
class ServerSettings:
    """Where a server listens, whom it serves, and what it lends them."""

    host: str = option("127.0.0.1", "address to listen at; any but this machine's own needs --key")
    port: int = option(8000, "port to listen at; 0 takes a free one", low=0, high=65535)
    key: str = option("", "secret that every request must bring; the variable IMPASTO_KEY keeps it out of lists")
    studio: bool = option(True, "the web studio at /")
    queue: int = option(64, "pictures that are painted or wait at most; further ones are sent away", low=1)
    deadline: str = option("60s", "time that a picture may take, waiting included")
    max_bytes: str = option("32MB", "largest request with pictures")
    max_film: str = option("512MB", "largest request with a film")
    max_pixels: int = option(50_000_000, "pixels of a picture, and of its painting, at most", low=1)
    max_seconds: float = option(300.0, "length of a film at most, in seconds", low=1)
    max_memory: str = option("", "memory to take at most, such as 2GB; else most of what is free")
    max_disk: str = option("8GB", "room on the disk for all that visitors of the studio bring and get")
    jobs: int = option(8, "jobs that run or wait at most; one runs at a time; 0 takes none", low=0)
    job_time: str = option("30m", "time that a job may take")
    keep: str = option("1h", "time that a job's result is kept")
    styles: str = option("", "folder in which learned styles are kept; without it they go when the server ends")
    folder: str = option("", "folder for a scratch folder of the server's own; else the system's")
    engine: str = option("auto", "auto, openvino, onnxruntime or torch")
    device: str = option("auto", "auto, cpu, cuda, or a device the engine knows")
    precision: str = option("auto", "auto, f32 or bf16")

    def __post_init__(self) -> None:
        check(self)
        for name in ("deadline", "job_time", "keep"):
            seconds_of(getattr(self, name), flag(name))
        for name in ("max_bytes", "max_film", "max_disk", "max_memory"):
            if name != "max_memory" or self.max_memory:
                bytes_of(getattr(self, name), flag(name))
        if not self.is_local and not self.key:
            raise InvalidOption(
                f"--host {self.host} lets others in; give --key SECRET (or IMPASTO_KEY), which every request must bring"
            )
        if not (self.key.isascii() and self.key.isprintable()) or ":" in self.key:
            raise InvalidOption("--key must be printable ASCII without a colon, so that any client can send it")

    @property
    def is_local(self) -> bool:
        """Whether only this machine itself can reach the server."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False
