import os
import stat
import threading
from pathlib import Path

import pytest

from impasto.atomic import atomic_write, take_lock


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_the_block_ends(tmp_path):
    with atomic_write(tmp_path / "new") as stream:
        stream.write(b"whole")
        assert not (tmp_path / "new").exists()
    assert (tmp_path / "new").read_bytes() == b"whole"
    assert names(tmp_path) == ["new"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failure_in_the_middle_leaves_the_old_file_and_nothing_else(tmp_path, error):
    (tmp_path / "kept").write_bytes(b"old")
    with pytest.raises(error), atomic_write(tmp_path / "kept") as stream:
        stream.write(b"half")
        raise error
    assert (tmp_path / "kept").read_bytes() == b"old"
    assert names(tmp_path) == ["kept"]


def test_a_failure_of_the_disk_leaves_nothing(tmp_path, monkeypatch):
    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="space"), atomic_write(tmp_path / "new") as stream:
        stream.write(b"half")
    assert names(tmp_path) == []


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_permissions_follow_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        with atomic_write(tmp_path / "new") as stream:
            stream.write(b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o666 & ~umask


def test_a_replaced_file_keeps_its_permissions(tmp_path):
    (tmp_path / "secret").touch()
    (tmp_path / "secret").chmod(0o600)
    with atomic_write(tmp_path / "secret") as stream:
        stream.write(b"new")
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_a_link_is_written_through(tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "link").symlink_to("file")
    with atomic_write(tmp_path / "link") as stream:
        stream.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_pipe_is_written_to_not_replaced(tmp_path):
    pipe, received = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
    reader.start()
    with atomic_write(pipe) as stream:
        stream.write(b"through")
    reader.join(timeout=5)
    assert received == [b"through"]
    assert pipe.is_fifo()


def test_a_name_as_long_as_names_can_be(tmp_path):
    with atomic_write(tmp_path / ("n" * 255)) as stream:
        stream.write(b"x")
    assert names(tmp_path) == ["n" * 255]


def test_errors_of_the_system_come_as_they_are(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "absent" / "new"):
        pass
    with pytest.raises(IsADirectoryError), atomic_write(tmp_path):
        pass


def test_what_a_killed_process_has_left_is_removed_and_what_another_writes_is_not(tmp_path):
    import fcntl

    (tmp_path / ".impasto-left.tmp").write_bytes(b"half")
    (tmp_path / ".impasto-mine.txt").write_bytes(b"a user's")
    with (tmp_path / ".impasto-busy.tmp").open("xb") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)
        with atomic_write(tmp_path / "new") as stream:
            stream.write(b"x")
    assert names(tmp_path) == [".impasto-busy.tmp", ".impasto-mine.txt", "new"]


def test_a_draft_that_another_process_has_taken_for_a_left_one_is_begun_anew(tmp_path, monkeypatch):
    import fcntl

    real, calls = fcntl.flock, []

    def swept_first(stream, how):
        if not calls:
            Path(stream.name).unlink()
        calls.append(how)
        real(stream, how)

    monkeypatch.setattr(fcntl, "flock", swept_first)
    with atomic_write(tmp_path / "new") as stream:
        stream.write(b"whole")
    assert (tmp_path / "new").read_bytes() == b"whole"
    assert len(calls) == 2
    assert names(tmp_path) == ["new"]


def test_a_lock_is_for_one_or_for_those_who_share_it(tmp_path):
    lock = tmp_path / "lock"
    with take_lock(lock), pytest.raises(BlockingIOError):
        take_lock(lock, shared=True)
    with take_lock(lock, shared=True), take_lock(lock, shared=True), pytest.raises(BlockingIOError):
        take_lock(lock)
    take_lock(lock).close()
    take_lock(lock).close()


def test_where_there_are_no_locks_all_may_enter(tmp_path, monkeypatch):
    def none(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", none)
    with take_lock(tmp_path / "lock"), take_lock(tmp_path / "lock"):
        assert names(tmp_path) == ["lock"]
