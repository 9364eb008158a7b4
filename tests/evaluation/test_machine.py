import re
import subprocess

import pytest

from impasto import __version__
from impasto.evaluation import machine
from impasto.evaluation.machine import heading


def test_a_figure_is_headed_by_date_machine_versions_and_commit():
    line = heading()
    assert re.match(r"20\d\d-\d\d-\d\d, .+, \d+ cores, Python 3\.\d+", line)
    assert "\n" not in line
    for package in ("openvino", "onnxruntime", "torch", "numpy"):
        assert re.search(rf"\b{package} \d+\.\d+", line)
    assert re.search(r"commit [0-9a-f]{7,40}(-dirty)?$|commit v?\d.*$", line)


def test_without_git_the_commit_is_unknown(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert heading().endswith("commit unknown")


@pytest.mark.parametrize("place", ["venv/lib/python3.11/site-packages", "lib/src", "src"])
def test_the_commit_is_that_of_its_own_repository(monkeypatch, tmp_path, place):
    names = ("-c", "user.name=nobody", "-c", "user.email=nobody@localhost")
    for command in (("init", "-q"), (*names, "commit", "-q", "--allow-empty", "-m", "somebody's work")):
        subprocess.run(["git", "-C", tmp_path, *command], check=True)
    installed = tmp_path / place / "impasto/evaluation"
    installed.mkdir(parents=True)
    monkeypatch.setattr(machine, "__file__", str(installed / "machine.py"))
    assert heading().endswith("commit unknown") == (place != "src")


def test_a_git_that_hangs_is_not_waited_for(monkeypatch):
    def hang(*_, **__):
        raise subprocess.TimeoutExpired("git", 10)

    monkeypatch.setattr(subprocess, "run", hang)
    assert heading().endswith("commit unknown")


def test_packages_that_are_absent_are_said_to_be(monkeypatch):
    monkeypatch.setattr(machine, "PACKAGES", ("impasto-that-is-not-there",))
    assert "impasto-that-is-not-there absent" in heading()


def test_the_packages_version_is_one():
    from pathlib import Path

    project = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert f'\nversion = "{__version__}"\n' in project
