"""Painting on a Ray cluster of two nodes on this machine, one of which is killed."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.conftest import with_source
from impasto.batch.cluster import Cluster, check_address
from impasto.errors import EngineUnavailable, InvalidOption

from .conftest import ledger, paintings, report, stamps

PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}


@pytest.fixture
def many(tmp_path, bytes_of):
    """Return a folder of 60 photos."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(60):
        (folder / f"{number:02d}.jpg").write_bytes(bytes_of(number))
    return folder


@contextmanager
def two_nodes(gpus=0):
    """Give the address of a cluster of two nodes, of a core each, and a function that kills the second."""
    command = [sys.executable, str(Path(__file__).parent / "nodes.py"), str(gpus)]
    with subprocess.Popen(command, env=with_source(), **{**PIPES, "stderr": subprocess.DEVNULL}) as process:

        def told(word):
            return next(line for line in process.stdout if line.startswith(word)).split()[-1]

        def kill():
            process.stdin.write("kill\n")
            process.stdin.flush()
            told("killed")

        try:
            yield told("address"), kill
        finally:
            process.stdin.close()
            process.wait(120)


def started(source, output, address, *options):
    """Start the command on a cluster."""
    command = [sys.executable, "-m", "impasto", "batch", str(source), str(output), "-s", "starry-night", "--json"]
    command += ["--model", "fast", "--precision", "f32", "--ray", address, *map(str, options)]
    return subprocess.Popen(command, env=with_source(), **PIPES)


def ended(process):
    """Return what a command says at its end."""
    out, err = process.communicate(timeout=900)
    assert out, err
    return json.loads(out.splitlines()[-1]), process.returncode


def until_some_are_painted(out, process):
    end = time.monotonic() + 600
    while not out.exists() or len(paintings(out)) < 10:
        assert time.monotonic() < end
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    return stamps(out)


@pytest.mark.slow
def test_a_node_that_is_killed_loses_no_photo_and_paints_none_twice(many, tmp_path):
    out = tmp_path / "out"
    with two_nodes() as (address, kill):
        process = started(many, out, address, "--chunk", 4)
        until_some_are_painted(out, process)
        kill()
        before = stamps(out)
        said, code = ended(process)
    assert 10 <= len(before) < 60
    after = stamps(out)
    assert len(after) == 60
    assert {name: after[name] for name in before} == before
    assert (code, said["painted"], said["failed"]) == (0, 60, 0)
    assert sum(record["painted"] + record["there"] for record in ledger(out)) == 60


@pytest.mark.slow
def test_a_driver_that_is_killed_and_started_again(many, tmp_path):
    out = tmp_path / "out"
    with two_nodes() as (address, _):
        first = started(many, out, address, "--chunk", 4)
        until_some_are_painted(out, first)
        first.kill()
        first.communicate()
        time.sleep(5)  # Ray ends its actors
        before = stamps(out)
        said, code = ended(started(many, out, address, "--chunk", 4))
    after = stamps(out)
    assert 10 <= len(before) < len(after) == 60
    assert {name: after[name] for name in before} == before
    assert (code, said["painted"], said["failed"], said["earlier"]) == (0, 60, 0, len(before))


@pytest.mark.slow
def test_actors_share_a_gpu_and_report_what_they_cannot_paint(album, tmp_path):
    with two_nodes(gpus=1) as (address, _):
        said, code = ended(started(album, tmp_path / "out", address, "--gpus", 0.5, "--strength", 0))
    assert (code, said["painted"], said["failed"]) == (1, 12, 3)
    assert len([line for line in report(tmp_path / "out") if "error" in line]) == 3


@pytest.mark.parametrize("address", ["photos/", "photos", "s3://bucket", "", "ray://"])
def test_what_is_no_address(address):
    with pytest.raises(InvalidOption, match="--ray"):
        check_address(address)


@pytest.mark.parametrize("address", ["auto", "10.0.0.1:6379", "head.local:6379", "ray://head:10001", "[::1]:6379"])
def test_addresses(address):
    check_address(address)


def test_without_ray(paint, album, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EngineUnavailable, match=r"impasto\[batch,ray\]"):
        paint(album, tmp_path / "out", ray="auto")


def test_nobody_is_told(monkeypatch):
    monkeypatch.delenv("RAY_USAGE_STATS_ENABLED", raising=False)
    pytest.importorskip("ray")
    Cluster("127.0.0.1:1")
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


def test_gpus_are_for_ray(paint, album, tmp_path):
    with pytest.raises(InvalidOption, match="--gpus"):
        paint(album, tmp_path / "out", gpus=0.5)
