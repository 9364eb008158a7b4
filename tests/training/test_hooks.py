import errno
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from impasto.errors import TrainingError, UnwritableOutput
from impasto.nets import registry
from impasto.training import hooks
from impasto.training.config import TrainConfig
from impasto.training.state import TrainState
from impasto.training.task import StyledNetwork
from training.samples import TINY


def at(step, **more):
    return SimpleNamespace(step=step, seconds=step / 4, **more)


def lines(run):
    return [json.loads(line) for line in (run / "record.jsonl").read_text().splitlines()]


def test_the_record_has_the_means_since_its_last_line(tmp_path):
    record = hooks.Record(tmp_path, 3, 0)
    for step in range(1, 8):
        record.after_step(at(step), {"loss": float(step), "tv": 1.0}, 2)
    record.close()
    assert lines(tmp_path) == [
        {"step": 3, "seconds": 0.8, "loss": 2.0, "tv": 1.0},
        {"step": 6, "seconds": 1.5, "loss": 5.0, "tv": 1.0},
    ]


def test_lines_after_the_checkpoint_are_taken_out_on_resume(tmp_path):
    record = hooks.Record(tmp_path, 1, 0)
    for step in range(1, 6):
        record.after_step(at(step), {"loss": float(step)}, 2)
    again = hooks.Record(tmp_path, 1, 3)
    assert [line["step"] for line in lines(tmp_path)] == [1, 2, 3]
    again.after_step(at(4), {"loss": 4.0}, 2)
    assert [line["step"] for line in lines(tmp_path)] == [1, 2, 3, 4]


@pytest.mark.parametrize("rest", [b'{"step": 3, "lo', b'{"step": 3}', b"\x00\x00\x00\n", b"[]\n", b'"step"\n', b"{}\n"])
def test_a_line_that_was_cut_off_is_taken_out(tmp_path, rest):
    (tmp_path / "record.jsonl").write_bytes(b'{"step": 1}\n{"step": 2}\n' + rest)
    hooks.Record(tmp_path, 1, 3)
    assert (tmp_path / "record.jsonl").read_bytes() == b'{"step": 1}\n{"step": 2}\n'


def test_a_record_with_nothing_to_take_out_is_not_touched(tmp_path):
    path = tmp_path / "record.jsonl"
    path.write_bytes(b'{"step": 1}\n{"step": 2}\n')
    before = path.stat()
    hooks.Record(tmp_path, 1, 2)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_record_that_cannot_be_written_is_named(tmp_path):
    record = hooks.Record(tmp_path / "absent", 1, 0)
    with pytest.raises(TrainingError, match=r"record\.jsonl cannot be written \(No such file"):
        record.after_step(at(1), {"loss": 1.0}, 2)
    (tmp_path / "record.jsonl").mkdir()
    with pytest.raises(TrainingError, match=r"record\.jsonl cannot be written"):
        hooks.Record(tmp_path, 1, 0)


def test_tensorboard_gets_the_same_means_and_forgets_what_is_done_again(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    first = hooks.TensorBoard(tmp_path, 2, 0)
    for step in range(1, 7):
        first.after_step(at(step), {"loss": float(step)}, 2)
    first.close()
    second = hooks.TensorBoard(tmp_path, 2, 4)
    for step in range(5, 9):
        second.after_step(at(step), {"loss": 10.0 * step}, 2)
    second.close()
    board = EventAccumulator(str(tmp_path / "tensorboard"))
    board.Reload()
    points = [(point.step, point.value) for point in board.Scalars("train/loss")]
    assert points == [(2, 1.5), (4, 3.5), (6, 55), (8, 75)]


@pytest.fixture
def state():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return TrainState.begin(StyledNetwork(registry.build(TINY), 2), TrainConfig())


def test_a_preview_has_a_row_for_each_photo_with_all_styles_of_the_average(tmp_path, state):
    (tmp_path / "previews").mkdir()
    photos = [("tall", torch.zeros(1, 3, 40, 24)), ("wide", torch.ones(1, 3, 16, 48))]
    with torch.no_grad():
        state.averaged.vectors.zero_()
        state.averaged.net.last.weights.bias.copy_(torch.tensor([0.5, -0.5, -0.5]))  # pure red
    previews = hooks.Previews(tmp_path, 5, photos, ["a", "b"])
    for step in range(1, 6):
        state.step = step
        previews.after_step(state, {}, 2)
    previews.close()
    [path] = (tmp_path / "previews").iterdir()
    assert path.name == "step-000005.png"
    sheet = np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3)
    assert (sheet == (255, 0, 0)).all(1).sum() == 2 * (40 * 24 + 16 * 48)
    assert state.averaged.training


def test_a_preview_that_cannot_be_written_is_an_error_with_its_name(tmp_path, state):
    previews = hooks.Previews(tmp_path / "absent", 1, [("a", torch.zeros(1, 3, 8, 8))], ["a", "b"])
    with pytest.raises(UnwritableOutput, match=r"step-000000\.png"):
        previews.paint(state)


class Saved(SimpleNamespace):
    """A state that notes the steps at which it was saved."""

    def save(self, run: Path, config: TrainConfig) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "full")
        self.saved.append(self.step)


def checkpoints(last, every=3, first=0, whole=True):
    state = Saved(step=first, saved=[], whole=True, full=False)
    hook = hooks.Checkpoints(Path(), TrainConfig(checkpoint_every=every), state)
    for step in range(first + 1, last + 1):
        state.step = step
        hook.after_step(state, {}, 2)
    state.whole = whole
    hook.close()
    return state.saved


def test_checkpoints_come_when_they_are_due_and_at_the_end():
    assert checkpoints(7) == [3, 6, 7]
    assert checkpoints(6) == [3, 6]
    assert checkpoints(2) == [2]
    assert checkpoints(5, first=4) == [5]


def test_no_checkpoint_without_a_step_or_of_half_a_step():
    assert checkpoints(0) == []
    assert checkpoints(4, first=4) == []
    assert checkpoints(7, whole=False) == [3, 6]
