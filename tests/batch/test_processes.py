"""Painting processes, and what is left when one of them, or what started them, is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from cli.conftest import with_source
from impasto.errors import ImpastoError

from .conftest import ledger, paintings, stamps

pytestmark = pytest.mark.skipif(not hasattr(os, "kill"), reason="needs signals")


@pytest.fixture
def many(tmp_path, bytes_of):
    """Return a folder of 40 photos."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number:02d}.jpg").write_bytes(bytes_of(number))
    return folder


@pytest.fixture
def start():
    """Return a function that starts the command in a process of its own."""
    started = []

    def call(*arguments):
        command = [sys.executable, "-m", "impasto", "batch", *map(str, arguments), "-s", "starry-night"]
        command += ["--model", "fast", "--precision", "f32"]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=with_source(), text=True
        )
        started.append(process)
        return process

    yield call
    for process in started:
        process.kill()
        process.communicate()


def until(condition, seconds=300):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def workers_of(process):
    """Return the painting processes that a command started."""
    children = psutil.Process(process.pid).children()
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


@pytest.mark.slow
def test_two_processes_paint_all(paint, many, tmp_path):
    done = paint(many, tmp_path / "out", workers=2)
    assert (done.painted_now, len(paintings(tmp_path / "out"))) == (40, 40)


def test_the_run_goes_on_where_it_was_killed(start, many, tmp_path):
    out = tmp_path / "out"
    first = start(many, out, "--workers", 2, "--chunk", 5)
    until(lambda: out.exists() and len(paintings(out)) >= 8)
    workers = workers_of(first)
    first.kill()
    first.communicate()
    psutil.wait_procs(workers, timeout=100)  # they end by themselves
    before = stamps(out)
    assert 8 <= len(before) < 40
    second = start(many, out, "--workers", 2, "--chunk", 5, "--json")
    said = json.loads(second.communicate(timeout=500)[0])
    assert second.returncode == 0
    after = stamps(out)
    assert len(after) == 40
    assert {name: after[name] for name in before} == before
    assert (said["painted"], said["earlier"], said["failed"]) == (40, len(before), 0)
    assert {path.name for path in (out / ".impasto").iterdir()} == {"run.json", "done", "lock"}


def test_a_process_that_is_killed_is_replaced(start, many, tmp_path):
    out = tmp_path / "out"
    process = start(many, out, "--workers", 2, "--chunk", 5, "--json")
    until(lambda: out.exists() and len(paintings(out)) >= 6)
    before = stamps(out)
    os.kill(workers_of(process)[0].pid, signal.SIGKILL)
    said = json.loads(process.communicate(timeout=500)[0])
    assert process.returncode == 0
    assert (said["painted"], said["failed"]) == (40, 0)
    after = stamps(out)
    assert {name: after[name] for name in before} == before
    assert sum(record["painted"] + record["there"] for record in ledger(out)) == len(after) == 40


@pytest.mark.slow
def test_ctrl_c_ends_all_and_the_same_command_goes_on(start, many, tmp_path):
    out = tmp_path / "out"
    process = start(many, out, "--workers", 2)
    until(lambda: out.exists() and len(paintings(out)) >= 3)
    workers = workers_of(process)
    for each in (process.pid, *(worker.pid for worker in workers)):  # as a terminal does
        os.kill(each, signal.SIGINT)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert not psutil.wait_procs(workers, timeout=100)[1]
    again = start(many, out, "--workers", 1)
    again.communicate(timeout=500)
    assert again.returncode == 0
    assert len(paintings(out)) == 40


DEADLY = """
import os, signal
from impasto.image import files
import impasto.batch.worker as worker
read = worker.read
def deadly(data, **options):
    if options["name"].endswith("07.jpg"):
        os.kill(os.getpid(), signal.SIGKILL)
    return read(data, **options)
worker.read = deadly
"""


@pytest.mark.slow
def test_a_photo_that_ends_its_process_is_found_and_left_out(paint, many, tmp_path, monkeypatch):
    """As one does for which there is not enough memory; sitecustomize brings it into the processes."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(DEADLY)
    source = Path(__file__).parents[2] / "src"
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), str(source)]))
    done = paint(many, tmp_path / "out", workers=2, limit=12, chunk=6)
    assert done.painted == 11
    assert [Path(name).name for name, _ in done.failed] == ["07.jpg"]
    assert "ended the process" in done.failed[0][1]


def test_processes_that_cannot_begin_are_an_error(paint, many, tmp_path, monkeypatch):
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text("import os; os._exit(3)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    with pytest.raises(ImpastoError, match="exit code 3"):
        paint(many, tmp_path / "out", workers=2)


def test_what_stops_a_process_stops_the_run(paint, many, tmp_path, monkeypatch):
    (tmp_path / "site").mkdir()
    program = "import errno, impasto.batch.store as store\ndef full(*_): raise OSError(errno.ENOSPC, 'disk full')\n"
    (tmp_path / "site/sitecustomize.py").write_text(program + "store.atomic_write = full\n")
    source = Path(__file__).parents[2] / "src"
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), str(source)]))
    with pytest.raises(ImpastoError, match="disk full"):
        paint(many, tmp_path / "out", workers=2)
