import errno
from types import SimpleNamespace

import pytest
import torch

from impasto.errors import TrainingError
from impasto.nets import registry
from impasto.training import state as state_module
from impasto.training.config import TrainConfig
from impasto.training.state import TrainState
from impasto.training.task import StyledNetwork
from training.samples import TINY, differing


def make(network=TINY, styles=2, seed=0, **options):
    config = TrainConfig(**options)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return TrainState.begin(StyledNetwork(registry.build(network), styles), config), config


def step(state, seed=0):
    photos = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(seed))
    state.model(photos, torch.tensor([0, 1])).square().mean().backward()
    state.update()
    state.optimizer.zero_grad()


@pytest.fixture
def saved(tmp_path):
    state, config = make()
    for seed in range(3):
        step(state, seed)
    state.seconds = 1.5
    state.save(tmp_path, config)
    return tmp_path, state, config


def test_a_checkpoint_has_the_keys_and_names_that_it_always_had(saved):
    run, _, config = saved
    stored = torch.load(run / "checkpoint.pt", weights_only=True)
    assert set(stored) == {"config", "step", "seconds", "model", "average", "optimizer", "base", "sketches"} | {
        "memory",
        "samples",
        "slowdown",
    }
    assert (stored["step"], stored["seconds"]) == (3, 1.5)
    assert TrainConfig.from_dict(stored["config"]) == config
    assert {name.split(".")[0] for name in stored["model"]} == {"net", "vectors"}
    assert set(stored["average"]) == {"n_averaged", *(f"module.{name}" for name in stored["model"])}


def test_what_is_restored_goes_on_as_the_original(saved):
    run, state, _ = saved
    other, _ = make(seed=1)
    other.restore(TrainState.load(run))
    assert (other.step, other.seconds) == (3, 1.5)
    for one in (state, other):
        step(one, 9)
    assert differing(one.model.state_dict(), state.model.state_dict()) == []
    for part in ("model", "average", "optimizer"):
        assert differing(getattr(other, part).state_dict(), getattr(state, part).state_dict()) == []


def test_a_checkpoint_of_before_there_were_guards_is_restored(saved):
    stored = TrainState.load(saved[0])
    for key in ("memory", "samples", "slowdown"):
        del stored[key]
    other, _ = make(seed=1)
    other.restore(stored)
    assert (other.memory, other.samples, other.slowdown) == (None, 0, 1.0)


def test_each_group_has_its_own_learning_rate():
    state, config = make(lr=0.5, vector_lr=0.25, warmup=0, schedule="constant", weight_decay=0.1)
    state.set_learning_rates(100, config)
    assert [group["lr"] for group in state.optimizer.param_groups] == [0.5, 0.25]
    assert [group["weight_decay"] for group in state.optimizer.param_groups] == [0.1, 0.0]
    state.step = 50
    state.set_learning_rates(100, TrainConfig(warmup=0))
    assert [group["lr"] for group in state.optimizer.param_groups] == pytest.approx([0.25, 0.125])


def test_all_parameters_are_learned():
    state, _ = make()
    learned = {id(p) for group in state.optimizer.param_groups for p in group["params"]}
    assert learned == {id(p) for p in state.parameters()}


def test_the_average_follows_the_weights_slowly():
    state, _ = make(ema=0.9)
    weights = []
    for seed in range(4):
        step(state, seed)
        weights.append(state.model.vectors.detach().clone())
    expected = weights[0]
    for updates, value in enumerate(weights[1:], 1):
        decay = min(0.9, (1 + updates) / (10 + updates))
        expected = decay * expected + (1 - decay) * value
    assert torch.allclose(state.averaged.vectors, expected, atol=1e-6)


def test_the_average_takes_batch_norms_moments_too():
    state, _ = make("johnson:norm=batch,channels=4", styles=1)
    photos = torch.rand(2, 3, 16, 16)
    for _ in range(3):
        state.model(photos, torch.tensor([0, 0])).square().mean().backward()
        state.update()
    buffers = dict(state.averaged.named_buffers())
    assert {int(value) for name, value in buffers.items() if name.endswith("num_batches_tracked")} == {3}
    means = [value for name, value in buffers.items() if name.endswith("running_mean")]
    assert all(mean.any() and mean.isfinite().all() for mean in means)


@pytest.mark.parametrize("content", [None, b"", b"rubbish", "truncated", "tensor", "no config"])
def test_a_checkpoint_that_is_absent_or_damaged_is_named(saved, content):
    run = saved[0]
    path = run / "checkpoint.pt"
    if content is None:
        path.unlink()
    elif content == "truncated":
        path.write_bytes(path.read_bytes()[:5000])
    elif isinstance(content, str):
        torch.save(torch.zeros(3) if content == "tensor" else {"step": 3}, path)
    else:
        path.write_bytes(content)
    with pytest.raises(TrainingError, match=r"holds no run|is damaged|is not a checkpoint") as refused:
        TrainState.load(run)
    assert str(run) in str(refused.value)


def test_a_run_that_is_no_folder_holds_no_run(tmp_path, save):
    for run in (tmp_path / "absent", save("file", b"x")):
        with pytest.raises(TrainingError, match="holds no run"):
            TrainState.load(run)


@pytest.mark.parametrize("changes", [{"network": "impasto:channels=16,blocks=1,decoder=8x8"}, {"styles": 3}])
def test_the_state_of_another_network_is_refused(saved, changes):
    other, _ = make(**changes)
    with pytest.raises(TrainingError, match="not one of this run's network and styles"):
        other.restore(TrainState.load(saved[0]))


@pytest.mark.parametrize("key", ["model", "average", "optimizer", "step", "seconds"])
def test_a_checkpoint_without_a_part_is_refused(saved, key):
    stored = TrainState.load(saved[0])
    del stored[key]
    with pytest.raises(TrainingError, match="not one of this run's"):
        make()[0].restore(stored)


def test_a_full_disk_keeps_the_checkpoint_before(saved, monkeypatch):
    run, state, config = saved
    before = (run / "checkpoint.pt").read_bytes()

    def full(path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(state_module, "atomic_write", full)
    state.step = 7
    with pytest.raises(TrainingError, match=r"cannot be written at step 7 \(No space left on device\)"):
        state.save(run, config)
    assert (run / "checkpoint.pt").read_bytes() == before


def test_buffers_are_put_back_when_the_block_raises():
    state, _ = make("johnson:norm=batch,channels=4", styles=1)
    photos, first = torch.rand(2, 3, 16, 16), torch.tensor([0, 0])
    before = {name: value.clone() for name, value in state.model.named_buffers()}
    with pytest.raises(ZeroDivisionError), state.buffers_kept():
        state.model(photos, first)
        raise ZeroDivisionError
    assert differing(dict(state.model.named_buffers()), before) == []
    with state.buffers_kept():
        state.model(photos, first)
    assert differing(dict(state.model.named_buffers()), before) != []


def test_a_state_is_whole_but_for_the_middle_of_an_update(monkeypatch):
    state, _ = make()
    seen = []
    monkeypatch.setattr(state, "optimizer", SimpleNamespace(step=lambda: seen.append(state.whole)))
    assert state.whole
    state.update()
    assert seen == [False]
    assert (state.whole, state.step) == (True, 1)
