import logging
import math
from copy import deepcopy

import pytest
import torch

from impasto.errors import TrainingError
from impasto.nets import registry
from impasto.training.config import TrainConfig
from impasto.training.distributed import World
from impasto.training.guard import IN_A_ROW, KNOWN, MOST, SPIKE, Guard
from impasto.training.loop import run_phase
from impasto.training.run import begin
from impasto.training.state import TrainState
from impasto.training.task import StyledNetwork
from training.samples import TINY, checkpoint, differing


@pytest.fixture
def state():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return TrainState.begin(StyledNetwork(registry.build(TINY), 2), TrainConfig())


def weights(state):
    return {name: value.clone() for name, value in state.model.state_dict().items()}


def step(state, guard, loss):
    """Let a step change the weights, after a loss was seen, and let the guard look at it."""
    with torch.no_grad():
        state.model.vectors.add_(0.01)
    state.step += 1
    guard.after_step(state, loss)


def test_what_is_put_back_is_the_last_good_state_but_not_the_steps(state, caplog):
    guard = Guard(state, every=KNOWN)
    for _ in range(KNOWN):
        step(state, guard, 1.0)
    good = weights(state)
    for _ in range(3):
        step(state, guard, 1.1)
    with caplog.at_level(logging.WARNING, "impasto.training"):
        for _ in range(IN_A_ROW):
            step(state, guard, SPIKE * 1.2)
    assert differing(good, weights(state)) == []
    assert (state.step, state.slowdown) == (KNOWN + 3 + IN_A_ROW, 0.5)
    (record,) = caplog.records
    assert f"back to the weights of step {KNOWN}, learning rates times 0.5" in record.getMessage()
    state.set_learning_rates(1000, TrainConfig(warmup=0, schedule="constant"))
    assert state.optimizer.param_groups[0]["lr"] == pytest.approx(1e-3)


def test_what_is_kept_is_put_back_as_often_as_it_is_asked_for(state):
    def learn(scale):
        painted = state.model(torch.rand(2, 3, 16, 16), torch.tensor([0, 1]))
        state.optimizer.zero_grad()
        (painted.square().mean() * scale).backward()
        state.update()

    learn(1.0)
    guard = Guard(state, every=1000)
    good = deepcopy({part: getattr(state, part).state_dict() for part in ("model", "average", "optimizer")})
    for _ in range(3):
        learn(1000.0)
        guard.go_back(state, "the loss became nan")
        back = {part: getattr(state, part).state_dict() for part in good}
        assert differing(good, back) == []


@pytest.mark.parametrize("interrupted", [5, KNOWN, KNOWN + 5, KNOWN + 6, KNOWN + 5 + IN_A_ROW, KNOWN + 8 + IN_A_ROW])
def test_an_interruption_changes_nothing_also_in_a_row_of_spikes(state, tmp_path, interrupted):
    def learn(state, guard, numbers):
        for number in numbers:
            photos = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(number))
            state.optimizer.zero_grad()
            state.model(photos, torch.tensor([0, 1])).square().mean().backward()
            state.update()
            guard.after_step(state, 1.0 if number < KNOWN + 4 else 10.0)

    config, last = TrainConfig(), KNOWN + 12 + IN_A_ROW
    other = TrainState.begin(deepcopy(state.model), config)
    learn(state, Guard(state, every=8), range(last))
    learn(other, Guard(other, every=8), range(interrupted))
    other.save(tmp_path, config)
    resumed = TrainState.begin(deepcopy(other.model), config)
    resumed.restore(TrainState.load(tmp_path))
    learn(resumed, Guard(resumed, every=8), range(interrupted, last))
    assert state.slowdown == resumed.slowdown < 1
    assert vars(state.memory).keys() == vars(resumed.memory).keys()
    assert differing(vars(state.memory), vars(resumed.memory)) == []
    for part in ("model", "average", "optimizer"):
        assert differing(getattr(state, part).state_dict(), getattr(resumed, part).state_dict()) == []


def test_strange_photos_now_and_then_are_no_reason(state):
    guard = Guard(state, every=10)
    for number in range(200):
        step(state, guard, 100.0 if number % IN_A_ROW == IN_A_ROW - 1 else 1.0)
    assert state.slowdown == 1


def test_a_loss_that_rises_slowly_is_no_spike(state):
    guard = Guard(state, every=10)
    for number in range(400):
        step(state, guard, 1.03 ** (number / 2))
    assert state.slowdown == 1


def test_nothing_is_unusual_before_anything_is_known(state):
    guard = Guard(state, every=10)
    for loss in (100.0, 1.0, 50.0, *[2.0] * (KNOWN - 4)):
        step(state, guard, loss)
    assert state.slowdown == 1


def test_what_cannot_be_helped_is_an_error(state):
    guard = Guard(state, every=1000)
    for _ in range(MOST):
        guard.go_back(state, "the loss became nan")
    with pytest.raises(TrainingError, match=r"the loss became nan at step 0, and going back 5 times.*--lr"):
        guard.go_back(state, "the loss became nan")


class Poisoned:
    """A task whose loss is no number at one step."""

    def __init__(self, config, at):
        self.config, self.steps, self.at = config, 12, at

    def loss(self, model, photos, step):
        loss = model(photos, torch.zeros(len(photos), dtype=torch.long)).square().mean()
        return (loss * math.nan if step + 1 == self.at else loss), {"style": loss.detach()}


def test_a_nan_at_step_7_is_passed_over_with_a_guard_and_ends_the_run_without(state, caplog):
    config = TrainConfig(auto=True)
    batches = [torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8) for _ in range(12)]
    with caplog.at_level(logging.WARNING, "impasto.training"):
        run_phase(state, Poisoned(config, 7), batches, World(), [], Guard(state, every=5))
    assert (state.step, state.slowdown, state.samples) == (12, 0.5, 24)
    assert all(value.isfinite().all() for value in state.model.state_dict().values())
    assert "step 7: the loss became nan at step 7; back to the weights of step 5" in caplog.text
    state.step = 0
    with pytest.raises(TrainingError, match="the loss became nan at step 7"):
        run_phase(state, Poisoned(config, 7), batches, World(), [])


@pytest.mark.usefixtures("small_eyes")
def test_a_run_that_is_guarded_goes_on_exactly(make_config, tmp_path):
    from impasto.training import hooks
    from impasto.training.run import resume

    class Enough(Exception):
        pass

    options = {"auto": True, "steps": 6, "checkpoint_every": 2}
    begin(make_config(output=str(tmp_path / "whole"), **options))
    recorded = hooks.Record.after_step

    def stop(self, state, report, photos):
        recorded(self, state, report, photos)
        if state.step == 4:
            raise Enough

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hooks.Record, "after_step", stop)
        with pytest.raises(Enough):
            begin(make_config(output=str(tmp_path / "parts"), **options))
    resume(tmp_path / "parts")
    assert differing(checkpoint(tmp_path / "whole"), checkpoint(tmp_path / "parts")) == []
