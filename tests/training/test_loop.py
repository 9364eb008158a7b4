import math
import signal

import pytest
import torch
from torch import Tensor

from impasto.errors import TrainingError
from impasto.nets import registry
from impasto.training.config import TrainConfig
from impasto.training.distributed import World
from impasto.training.loop import run_phase, undo_rounding
from impasto.training.state import TrainState
from impasto.training.task import StyledNetwork
from training.samples import TINY, differing


class Task:
    """Makes a network grey; what `spoil` does to the loss of a step is its own affair."""

    steps = 10

    def __init__(self, config, spoil=lambda loss, step: loss):
        self.config, self.spoil, self.seen = config, spoil, []

    def loss(self, model: StyledNetwork, photos: Tensor, step: int):
        self.seen.append((photos, step))
        error = (model(photos, torch.zeros(len(photos), dtype=torch.int64)) - 0.5).square().mean()
        return self.spoil(error, step), {"error": error}


class Notes:
    def __init__(self, state, act=lambda step: None):
        self.steps, self.reports, self.photos, self.act, self.state = [], [], [], act, state

    def after_step(self, state, report, photos):
        self.steps.append(state.step)
        self.reports.append(report)
        self.photos.append(photos)
        self.act(state.step)

    def close(self):
        pass


def make(network=TINY, **options):
    config = TrainConfig(**{"warmup": 0, "schedule": "constant", **options})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return TrainState.begin(StyledNetwork(registry.build(network), 1), config), config


def batches(count, size=16):
    generator = torch.Generator().manual_seed(0)
    return [torch.randint(0, 256, (2, 3, size, size), generator=generator, dtype=torch.uint8) for _ in range(count)]


def snapshot(state):
    parts = (state.model.state_dict(), state.average.state_dict(), state.optimizer.state_dict()["state"])
    return [
        {
            key: value.clone() if isinstance(value, Tensor) else {name: one.clone() for name, one in value.items()}
            for key, value in part.items()
        }
        for part in parts
    ]


def test_every_batch_is_a_step_and_every_hook_hears_of_it():
    state, config = make()
    task, notes = Task(config), [Notes(state), Notes(state)]
    run_phase(state, task, iter(batches(4)), World(), notes)
    assert state.step == 4
    assert state.seconds > 0
    assert [step for _, step in task.seen] == [0, 1, 2, 3]
    for note in notes:
        assert note.steps == [1, 2, 3, 4]
        assert note.photos == [2] * 4
        assert [set(report) for report in note.reports] == [{"loss", "error"}] * 4
    losses = [report["loss"] for report in notes[0].reports]
    assert losses == sorted(losses, reverse=True)
    assert all(isinstance(value, float) for report in notes[0].reports for value in report.values())


def test_hooks_are_told_of_the_photos_of_all_processes():
    state, config = make()
    notes = Notes(state)

    class Pair(World):
        def average(self, values):
            return values

    run_phase(state, Task(config), batches(1), Pair(0, 2), [notes])
    assert notes.photos == [4]


def test_photos_arrive_as_floats_in_channels_last():
    state, config = make()
    task, [batch] = Task(config), batches(1)
    run_phase(state, task, [batch], World(), [])
    photos = task.seen[0][0]
    assert photos.dtype == torch.float32
    assert photos.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(photos, batch.float() / 255, atol=0.51 / 255)


def test_the_gradient_is_clipped():
    norms = {}
    for clip in (0.0, 0.01):
        state, config = make(clip=clip)
        run_phase(state, Task(config), batches(1), World(), [])
        norms[clip] = math.sqrt(sum(p.grad.square().sum().item() for p in state.parameters() if p.grad is not None))
    assert norms[0.0] > 0.02
    assert norms[0.01] == pytest.approx(0.01, rel=1e-3)


def test_weight_decay_shrinks_the_network_and_not_the_vectors():
    plain, config = make()
    decayed, config_decayed = make(weight_decay=0.5, lr=1e-2)
    plain.rates[0] = 1e-2
    for state, options in ((plain, config), (decayed, config_decayed)):
        run_phase(state, Task(options), batches(1), World(), [])
    last, last_decayed = plain.model.net.last.weights.weight, decayed.model.net.last.weights.weight
    before = make()[0].model.net.last.weights.weight
    assert torch.allclose(last_decayed, last - 1e-2 * 0.5 * before, atol=1e-6)
    assert torch.equal(plain.model.vectors, decayed.model.vectors)


@pytest.mark.parametrize("number", [math.nan, math.inf])
@pytest.mark.parametrize("network", [TINY, "johnson:norm=batch,channels=4"])
def test_a_loss_that_is_no_number_stops_with_the_step_and_the_state_before_it(number, network):
    state, config = make(network)
    before = []

    def spoil(loss, step):
        return loss * number if step == 3 else loss

    def keep(step):
        before[:] = [snapshot(state)]

    notes = Notes(state, keep)
    with pytest.raises(TrainingError, match=f"the loss became {number} at step 4, .*lower --lr"):
        run_phase(state, Task(config, spoil), batches(6), World(), [notes])
    assert notes.steps == [1, 2, 3]
    assert (state.step, state.whole) == (3, True)
    assert differing(snapshot(state), before[0]) == []


def test_a_gradient_that_is_no_number_stops_before_it_reaches_the_weights():
    def spoil(loss, step):
        # Its value is 0, the gradient of its root is not finite.
        return loss + (loss - loss).sqrt() if step == 1 else loss

    for clip in (1.0, 0.0):
        state, config = make(clip=clip)
        with pytest.raises(TrainingError, match="the gradient's norm became nan at step 2"):
            run_phase(state, Task(config, spoil), batches(3), World(), [])
        assert state.step == 1
        assert all(p.isfinite().all() for p in state.parameters())


def test_ctrl_c_lets_the_step_and_its_hooks_finish():
    state, config = make()

    def spoil(loss, step):
        if step == 2:
            signal.raise_signal(signal.SIGINT)
        return loss

    notes = Notes(state)
    with pytest.raises(KeyboardInterrupt):
        run_phase(state, Task(config, spoil), batches(6), World(), [notes])
    assert notes.steps == [1, 2, 3]
    assert (state.step, state.whole) == (3, True)


def test_a_step_that_breaks_off_in_the_update_is_not_whole(monkeypatch):
    state, config = make()
    monkeypatch.setattr(state.average, "update_parameters", lambda model: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run_phase(state, Task(config), batches(1), World(), [])
    assert not state.whole


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_photo_gives_finite_gradients_in_a_network_of_many_norms(level):
    state, _ = make("impasto:channels=8,blocks=5,decoder=8x8")
    blank = torch.full((2, 3, 64, 64), level, dtype=torch.uint8)
    painted = state.model(undo_rounding(blank, 3, World()), torch.tensor([0, 1]))
    (painted - 0.3).square().mean().backward()
    norms = torch.stack([gradient.norm() for p in state.model.parameters() if (gradient := p.grad) is not None])
    assert norms.isfinite().all()
    assert norms.norm() < 1e6


def test_undoing_rounding_moves_a_pixel_by_half_a_step_and_repeats_itself():
    batch = batches(1)[0]
    moved = undo_rounding(batch, 5, World()) * 255 - batch
    assert moved.abs().max() <= 0.5 + 1e-4
    assert moved.std() == pytest.approx(1 / math.sqrt(12), rel=0.1)
    assert torch.equal(undo_rounding(batch, 5, World()), undo_rounding(batch, 5, World()))
    assert not torch.equal(undo_rounding(batch, 5, World()), undo_rounding(batch, 6, World()))


def test_processes_share_the_noise_of_one_with_all_their_photos():
    batch = torch.cat([batches(1)[0]] * 2)
    whole = undo_rounding(batch, 5, World())
    for rank in (0, 1):
        assert torch.equal(undo_rounding(batch[rank::2], 5, World(rank, 2)), whole[rank::2])
