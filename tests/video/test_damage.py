"""Films of which a part cannot be read or written: what is before it, or beside it, is kept."""

import errno
import re

import av
import pytest

from impasto.errors import FilmError
from impasto.video import stylize_film
from impasto.video.reading import FilmReader
from impasto.video.writing import FilmWriter

from .conftest import look_into, moving

SOUND = re.compile(rb"\xa3(?:[\x81-\xff]|[\x40-\x7f].)\x82(..)\x80", re.DOTALL)
"""Where a packet of a Matroska file's second track begins: its length, its track, its time."""


def earlier(data, block):
    """Let a packet of sound come before the ones that it follows."""
    data[block.start(1) : block.end(1)] = b"\x00\x80"


def garbage(data, block):
    """Let a packet of sound be no sound."""
    data[block.end() : block.end() + 40] = b"\xff\x00" * 20


@pytest.mark.parametrize(
    ("damage", "name"), [(earlier, "out.mkv"), (earlier, "out.mp4"), (earlier, "out.webm"), (garbage, "out.webm")]
)
def test_a_packet_of_sound_that_is_damaged_is_left_out(film, dots, tmp_path, damage, name):
    source = film("hurt.mkv", moving(50), sound="aac")
    data = bytearray(source.read_bytes())
    for at in (40, 45):
        damage(data, list(SOUND.finditer(data))[at])
    source.write_bytes(data)
    painted = stylize_film(source, tmp_path / name, dots)
    (notice,) = painted.notices
    assert re.search(r"hurt.mkv: track 1 of its sound is damaged at 0:00:0\d\.\d+; .* left out", notice)
    after = look_into(tmp_path / name)
    assert len(after.times) == painted.frames == 50
    assert after.sound_seconds == pytest.approx(2, abs=0.15)


@pytest.mark.parametrize("steady", [True, False])
def test_what_comes_before_a_numbered_picture_that_is_damaged_is_kept(film, dots, tmp_path, steady):
    stylize_film(film(), f"{tmp_path}/frames/", dots)
    fifth = tmp_path / "frames" / "000005.png"
    fifth.write_bytes(fifth.read_bytes()[:60])
    with pytest.raises(FilmError, match=r"frames: the frame at 0:00:00.160 cannot be read: .*000005.png.* holds what"):
        stylize_film(tmp_path / "frames", tmp_path / "out.mp4", dots, steady=steady)
    assert len(look_into(tmp_path / "out.mp4").times) == 4


class Failing:
    """A container of PyAV's that fails at a call, or at a packet, of a method."""

    def __init__(self, container, method, number, error):
        self.container, self.method, self.left, self.error = container, method, number, error

    def __getattr__(self, name):
        inner = getattr(self.container, name)
        return {"demux": self._demux, "mux": self._mux}[name] if name == self.method else inner

    def _demux(self, *streams):
        for packet in self.container.demux(*streams):
            self._count()
            yield packet

    def _mux(self, packets):
        self._count()
        self.container.mux(packets)

    def _count(self):
        self.left -= 1
        if self.left == 0:
            raise self.error


def test_what_comes_before_a_failure_of_the_disk_is_kept(film, dots, tmp_path, monkeypatch):
    opened, error = FilmReader._opened, av.error.OSError(errno.EIO, "Input/output error")
    monkeypatch.setattr(FilmReader, "_opened", lambda self: Failing(opened(self), "demux", 8, error))
    with pytest.raises(FilmError, match=r"film.mp4: cannot be read after 0:00:00.\d+ \(Input/output error\); .* holds"):
        stylize_film(film(), tmp_path / "out.mp4", dots)
    assert 0 < len(look_into(tmp_path / "out.mp4").times) < 12


def test_what_comes_before_a_frame_that_the_container_refuses_is_kept(film, dots, tmp_path, monkeypatch):
    begin, error = FilmWriter._begin, av.error.ArgumentError(errno.EINVAL, "Invalid argument")

    def begun(self):
        begin(self)
        self.container = Failing(self.container, "mux", 6, error)

    monkeypatch.setattr(FilmWriter, "_begin", begun)
    with pytest.raises(FilmError, match=r"out.mkv: the frame at 0:00:00.200 cannot be written \(Invalid argument\)"):
        stylize_film(film(), tmp_path / "out.mkv", dots, codec="ffv1")
    assert len(look_into(tmp_path / "out.mkv").times) == 5
