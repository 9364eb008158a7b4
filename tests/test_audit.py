"""The audit never takes silence for good news."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = str(Path(__file__).parents[1] / "scripts" / "audit.py")
CLEAN = {"name": "a", "version": "1", "vulns": []}
FLAWED = {"name": "b", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}
SKIPPED = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ([CLEAN], None, "1 packages looked up, 0 known"),
        ([CLEAN, FLAWED], 1, "b 2: CVE-1, mended in 3"),
        ([CLEAN, SKIPPED], 3, "NOT DONE (1 packages could not be looked up: c"),
        ([SKIPPED], 3, "NOT DONE"),
        ([], 3, "NOT DONE"),
        (None, 3, "NOT DONE (ConnectionError"),
    ],
)
def test_what_is_said_of_an_answer(monkeypatch, capsys, answer, code, words):
    said = "" if answer is None else json.dumps({"dependencies": answer})
    done = subprocess.CompletedProcess([], 1, said, "ConnectionError: no route")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    monkeypatch.setattr(sys, "argv", [SCRIPT])
    try:
        runpy.run_path(SCRIPT, run_name="__main__")
        ended = None
    except SystemExit as end:
        ended = end.code
    assert ended == code
    assert words in capsys.readouterr().out
