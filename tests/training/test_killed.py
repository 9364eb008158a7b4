"""Runs in processes of their own that are killed, interrupted, and gone on with."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from impasto.training.run import begin, resume
from training.samples import checkpoint, differing

TESTS = Path(__file__).parents[1]
PATIENCE = 300  # s; the machine may be busy
MANY = 5000  # steps; none of these runs comes to its end


@pytest.fixture
def start(tmp_path):
    """Return a function that starts a run in a new process group, and waits until it has done some steps."""
    started = []

    def begin_there(config, steps):
        given = tmp_path / "config.json"
        given.write_text(json.dumps(config.to_dict()))
        path = os.pathsep.join([str(TESTS), *sys.path])
        process = subprocess.Popen(
            [sys.executable, str(TESTS / "training" / "runner.py"), str(given)],
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        started.append(process)
        record, end = Path(config.output) / "record.jsonl", time.monotonic() + PATIENCE
        while not record.exists() or len(record.read_bytes().splitlines()) < steps:
            assert process.poll() is None, process.communicate()[1].decode()
            assert time.monotonic() < end
            time.sleep(0.01)
        return process

    yield begin_there
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def steps_of(run):
    return [json.loads(line)["step"] for line in (run / "record.jsonl").read_text().splitlines()]


@pytest.mark.usefixtures("small_eyes")
@pytest.mark.parametrize("workers", [0, 1])
def test_a_run_that_is_interrupted_on_its_terminal_goes_on_exactly(make_config, tmp_path, start, workers):
    options = {"steps": MANY, "size": (32,), "workers": workers, "checkpoint_every": 10_000}
    process = start(make_config(output=str(tmp_path / "parts"), **options), steps=3)
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to the workers too
    _, errors = process.communicate(timeout=PATIENCE)
    assert errors.decode().rstrip().endswith("KeyboardInterrupt")
    reached = checkpoint(tmp_path / "parts")["step"]
    assert 3 <= reached < MANY
    assert steps_of(tmp_path / "parts") == list(range(1, reached + 1))
    _finish_and_compare(make_config, tmp_path, options, reached + 2)


@pytest.mark.usefixtures("small_eyes")
@pytest.mark.parametrize("to_all", [False, True])
def test_a_run_that_is_terminated_by_a_scheduler_goes_on_exactly(make_config, tmp_path, start, to_all):
    options = {"steps": MANY, "size": (32,), "workers": 2, "checkpoint_every": 10_000}
    process = start(make_config(output=str(tmp_path / "parts"), **options), steps=3)
    (os.killpg if to_all else os.kill)(process.pid, signal.SIGTERM)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 143
    assert errors.decode().splitlines()[-1].startswith("ended by SIGTERM; what was reached is kept"), errors.decode()
    reached = checkpoint(tmp_path / "parts")["step"]
    assert steps_of(tmp_path / "parts") == list(range(1, reached + 1))
    _finish_and_compare(make_config, tmp_path, options, reached + 2)


@pytest.mark.usefixtures("small_eyes")
def test_a_run_that_is_killed_goes_on_exactly_from_its_last_checkpoint(make_config, tmp_path, start):
    options = {"steps": MANY, "size": (32,), "checkpoint_every": 5}
    process = start(make_config(output=str(tmp_path / "parts"), **options), steps=8)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
    reached = checkpoint(tmp_path / "parts")["step"]
    assert reached >= 5
    assert reached % 5 == 0
    _finish_and_compare(make_config, tmp_path, options, reached + 2)


def _finish_and_compare(make_config, tmp_path, options, steps):
    """Go on for some steps and stop again; compare with a run that was never stopped."""

    class Enough(Exception):
        pass

    def stop_at(recorded):
        def after_step(self, state, report, photos):
            recorded(self, state, report, photos)
            if state.step == steps:
                raise Enough

        return after_step

    from impasto.training import hooks

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hooks.Record, "after_step", stop_at(hooks.Record.after_step))
        with pytest.raises(Enough):
            resume(tmp_path / "parts")
        with pytest.raises(Enough):
            begin(make_config(output=str(tmp_path / "whole"), **options))
    assert checkpoint(tmp_path / "whole")["step"] == steps
    assert steps_of(tmp_path / "parts") == steps_of(tmp_path / "whole") == list(range(1, steps + 1))
    assert differing(checkpoint(tmp_path / "whole"), checkpoint(tmp_path / "parts")) == []
