"""Painting on a Ray cluster of two nodes on this machine, one of which is killed."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from cli.conftest import with_source
from impasto.batch.cluster import Cluster, check_address
from impasto.errors import EngineUnavailable, ImpastoError, InvalidOption

from .conftest import ledger, paintings, stamps

LITTLE = 100 << 20  # bytes of a node's object store


@pytest.fixture
def many(tmp_path, bytes_of):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(60):
        (folder / f"{number:02d}.jpg").write_bytes(bytes_of(number))
    return folder


@contextmanager
def two_nodes(**resources):
    """Give a cluster of two nodes of a core each, and its second node."""
    from ray.cluster_utils import Cluster as Local

    node = {"num_cpus": 1, "object_store_memory": LITTLE, "node_ip_address": "127.0.0.1", **resources}
    cluster = Local(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    try:
        yield cluster, cluster.add_node(**node)
    finally:
        cluster.shutdown()


@pytest.mark.slow
def test_a_node_that_is_killed_loses_no_photo_and_paints_none_twice(paint, many, tmp_path):
    out, before = tmp_path / "out", {}
    with two_nodes() as (cluster, second):

        def kill(progress):
            if progress.painted >= 10 and not before:
                before.update(stamps(out))
                cluster.remove_node(second, allow_graceful=False)

        done = paint(many, out, strength=1.0, workers=None, chunk=4, ray=cluster.address, follow=kill)
    assert 10 <= len(before) < 60
    after = stamps(out)
    assert len(after) == 60
    assert {name: after[name] for name in before} == before
    assert (done.painted, done.failed) == (60, [])
    assert sum(record["painted"] + record["there"] for record in ledger(out)) == 60


@pytest.mark.slow
def test_a_driver_that_is_killed_and_started_again(many, tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "impasto", "batch", str(many), str(out), "-s", "starry-night", "--model", "fast"]
    with two_nodes() as (cluster, _):
        command += ["--precision", "f32", "--chunk", "4", "--json", "--ray", cluster.address]
        first = subprocess.Popen(command, env=with_source(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        end = time.monotonic() + 500
        while not out.exists() or len(paintings(out)) < 10:
            assert time.monotonic() < end
            assert first.poll() is None, first.communicate()
            time.sleep(0.05)
        first.kill()
        first.communicate()
        time.sleep(5)  # Ray ends its actors
        before = stamps(out)
        done = subprocess.run(command, env=with_source(), capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    after = stamps(out)
    assert 10 <= len(before) < len(after) == 60
    assert {name: after[name] for name in before} == before
    said = json.loads(done.stdout)
    assert (said["painted"], said["failed"], said["earlier"]) == (60, 0, len(before))


@pytest.mark.slow
def test_actors_share_a_gpu_and_report_what_they_cannot_paint(paint, album, tmp_path):
    with two_nodes(num_gpus=1) as (cluster, _):
        with Cluster(cluster.address) as opened:
            assert (opened.cpus, opened.gpus) == (2, 2.0)
        done = paint(album, tmp_path / "out", workers=None, gpus=0.5, chunk=4, ray=cluster.address)
        assert (done.painted, len(done.failed)) == (12, 3)
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(ImpastoError, match="cannot be made"):
            paint(album, tmp_path / "file/out", ray=cluster.address)


@pytest.mark.slow
def test_a_cluster_of_its_own(paint, album, tmp_path):
    assert paint(album, tmp_path / "out", ray="auto").painted == 12


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
