import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing

from impasto.errors import EngineUnavailable, InvalidOption, TrainingError
from impasto.perceptual.device import wants_bf16
from impasto.training import run as run_module
from impasto.training.distributed import World, leads, under_torchrun
from impasto.training.run import begin, resume
from training.processes import learn, work
from training.samples import checkpoint, differing


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """Return a function that sets the variables that torchrun does; without it there are none."""
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RUN_ID"):
        monkeypatch.delenv(name, raising=False)

    def change(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return change


def test_alone_a_process_leads_a_world_of_one():
    with World.join("cpu") as world:
        assert (world.rank, world.size, world.device, world.leads) == (0, 1, torch.device("cpu"), True)
        assert not dist.is_initialized()


def test_alone_gradients_stay_as_they_are():
    parameter = torch.nn.Parameter(torch.zeros(3))
    parameter.grad = gradient = torch.tensor([1.0, 2.0, 3.0])
    World().average_gradients([parameter])
    assert parameter.grad is gradient
    assert gradient.tolist() == [1, 2, 3]


def test_the_place_comes_from_the_environment(environment, monkeypatch):
    monkeypatch.setattr(dist, "is_initialized", lambda: True)
    environment(RANK="2", WORLD_SIZE="3", LOCAL_RANK="1")
    with World.join("cpu") as world:
        assert (world.rank, world.size, world.leads) == (2, 3, False)


@pytest.mark.parametrize("name", ["RANK", "WORLD_SIZE", "LOCAL_RANK"])
def test_an_environment_that_makes_no_sense_is_named(environment, name):
    environment(**{name: "two"})
    with pytest.raises(EngineUnavailable, match=f"{name} is 'two' in the environment"), World.join("cpu"):
        pass


def test_processes_that_do_not_find_one_another_are_an_error(environment):
    environment(RANK="1", WORLD_SIZE="2")
    words = r"process 1 of 2 does not find the others \(.*MASTER_ADDR"
    with pytest.raises(EngineUnavailable, match=words), World.join("cpu"):
        pass


@pytest.mark.parametrize("device", ["warp", "meta", "cuda:x", ""])
def test_a_device_that_is_not_known_is_refused(device):
    with pytest.raises(EngineUnavailable, match="--device is auto, cpu, cuda or cuda:N, got"), World.join(device):
        pass


class TestDevices:
    @pytest.fixture(autouse=True)
    def _two(self, monkeypatch):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)

    @pytest.mark.parametrize(
        ("name", "local_rank", "expected"),
        [("auto", "0", "cuda:0"), ("auto", "1", "cuda:1"), ("cuda", "1", "cuda:1"), ("cuda:0", "1", "cuda:0"),
         ("cpu", "1", "cpu")],
    )  # fmt: skip
    def test_each_process_of_a_machine_takes_its_own(self, environment, name, local_rank, expected):
        environment(LOCAL_RANK=local_rank)
        with World.join(name) as world:
            assert world.device == torch.device(expected)

    def test_one_too_many_is_refused(self):
        words = "--device cuda:2: torch sees only 2 CUDA devices"
        with pytest.raises(EngineUnavailable, match=words), World.join("cuda:2"):
            pass


def test_without_a_gpu_auto_is_the_cpu_and_cuda_an_error(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with World.join("auto") as world:
        assert world.device == torch.device("cpu")
    with pytest.raises(EngineUnavailable, match="--device cuda:1: torch sees no CUDA device"), World.join("cuda:1"):
        pass


def test_bfloat16_is_used_where_it_is_asked_for_or_fast(monkeypatch):
    cpu = torch.device("cpu")
    assert wants_bf16(cpu, "bf16")
    assert not wants_bf16(cpu, "f32")
    for avx, amx, expected in ((False, False, False), (True, False, True), (False, True, True)):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda avx=avx: avx)
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda amx=amx: amx)
        assert wants_bf16(cpu, "auto") is expected


def free_ports(count):
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [str(each.getsockname()[1]) for each in sockets]


def test_two_processes_train_one_network(make_config, tmp_path):
    config = make_config(blank=0.0, steps=2, checkpoint_every=1)
    (tmp_path / "config.json").write_text(json.dumps(config.to_dict()))
    torch.multiprocessing.spawn(work, (free_ports(2), str(tmp_path), str(tmp_path / "config.json")), nprocs=2)
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1))
    assert (first["place"], second["place"]) == ((0, 2, True), (1, 2, False))
    for results in (first, second):
        rows, four, none = results["gradients"]
        assert rows.tolist() == [[1.5, 5.0, 1.5], [1.5, 1.5, 1.5]]
        assert four.tolist() == [1.5] * 4
        assert none is None
        assert results["left"]
    assert differing(first["net"], second["net"]) == []
    assert differing(first["vectors"], second["vectors"]) == []
    run = Path(config.output)
    assert checkpoint(run)["step"] == 2
    assert [json.loads(line)["step"] for line in (run / "record.jsonl").read_text().splitlines()] == [1, 2]


def test_the_share_of_each_process_is_every_so_manieth():
    values = torch.arange(6)
    assert World().share(values).tolist() == [0, 1, 2, 3, 4, 5]
    assert [World(rank, 2).share(values).tolist() for rank in (0, 1)] == [[0, 2, 4], [1, 3, 5]]


def test_who_leads_and_whether_torchrun_started_it_comes_from_the_environment(environment):
    assert leads()
    assert not under_torchrun()
    environment(RANK="1", TORCHELASTIC_RUN_ID="none")
    assert not leads()
    assert under_torchrun()


@pytest.mark.usefixtures("small_eyes")
@pytest.mark.parametrize("bound", [{"steps": 4}, {"steps": 0, "epochs": 1.0}])
def test_torchrun_goes_on_with_its_own_run_though_this_machine_lost_no_process(make_config, environment, bound):
    class Lost(Exception):
        pass

    def lose(self, state, report, photos):
        if state.step == 2:
            raise Lost

    config = make_config(**bound, checkpoint_every=1)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Lost):
        patch.setattr(run_module.hooks.Previews, "after_step", lose)
        begin(replace(config, preview=config.style))
    environment(TORCHELASTIC_RUN_ID="none", TORCHELASTIC_RESTART_COUNT="0")
    with pytest.raises(InvalidOption, match="holds a run"):
        begin(config)
    assert begin(replace(config, preview=config.style)).facts["steps"] == 4
    assert [line["step"] for line in losses(config.output)] == [1, 2, 3, 4]
    with pytest.raises(InvalidOption, match="holds a run"):
        begin(replace(config, preview=config.style, steps=5))


def test_a_process_that_has_lost_the_others_says_how_to_go_on(monkeypatch):
    def broken(values):
        raise RuntimeError("[gloo/transport/tcp/pair.cc:534]\nConnection closed by peer [127.0.0.1]:2345")

    monkeypatch.setattr(dist, "all_reduce", broken)
    words = r"process 1 of 2 has lost the others \(Connection closed by peer .*--resume goes on"
    with pytest.raises(TrainingError, match=words):
        World(1, 2).average(torch.ones(3))


def losses(run):
    return [json.loads(line) for line in (Path(run) / "record.jsonl").read_text().splitlines()]


def in_two_processes(config, tmp_path):
    given = tmp_path / "two.json"
    given.write_text(json.dumps(config.to_dict()))
    torch.multiprocessing.spawn(learn, (*free_ports(1), str(given)), nprocs=2)


@pytest.mark.slow
@pytest.mark.usefixtures("small_eyes")
def test_two_processes_do_what_one_does_with_twice_the_batch(make_config, tmp_path):
    options = {"steps": 10, "style_ramp": 0.5, "auto": True}
    in_two_processes(make_config(output=str(tmp_path / "two"), batch_size=(4,), **options), tmp_path)
    begin(make_config(output=str(tmp_path / "one"), batch_size=(8,), **options))
    one, two = losses(tmp_path / "one"), losses(tmp_path / "two")
    assert len(one) == len(two) == 10
    for each, other in zip(one, two, strict=True):
        for name in ("loss", "content", "style", "tv", "steady", "identity"):
            assert other[name] == pytest.approx(each[name], rel=1e-4, abs=1e-5), (each["step"], name)
    assert checkpoint(tmp_path / "one")["samples"] == checkpoint(tmp_path / "two")["samples"] == 80


@pytest.mark.slow
@pytest.mark.usefixtures("small_eyes")
def test_a_run_of_two_processes_goes_on_in_one_with_the_photos_that_come_next(make_config, tmp_path, monkeypatch):
    config = make_config(epochs=4.0, steps=0, batch_size=(2,), checkpoint_every=1)
    in_two_processes(config, tmp_path)
    run = Path(config.output)
    saved = torch.load(run / "checkpoint.pt", weights_only=True)
    assert (saved["step"], saved["samples"], saved["config"]["steps"]) == (8, 32, 8)  # 8 photos, 4 times, 4 a step
    saved["config"]["steps"] = 10
    torch.save(saved, run / "checkpoint.pt")
    seen, batches = [], run_module.photo_batches
    monkeypatch.setattr(run_module, "photo_batches", lambda *a, **given: seen.append(given) or batches(*a, **given))
    resume(run)
    assert [(given["first_sample"], given["steps"], given["world_size"]) for given in seen] == [(32, 2, 1)]
    assert checkpoint(run)["samples"] == 36


TESTS = Path(__file__).parents[1]
PATIENCE = 300  # s; the machine may be busy


@pytest.fixture
def torchrun(tmp_path):
    """Return a function that starts a run under torchrun in two processes, and waits until it has done some steps."""
    started = []

    def start(config, restarts, steps=4):
        given = tmp_path / "config.json"
        given.write_text(json.dumps(config.to_dict()))
        command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", f"--max-restarts={restarts}"]
        process = subprocess.Popen(
            [sys.executable, *command, str(TESTS / "training" / "runner.py"), str(given)],
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path]),
                "OMP_NUM_THREADS": "1",
                "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",  # else a restart finds the addresses of before it
            },
            stderr=(tmp_path / "err.txt").open("wb"),
            start_new_session=True,
        )
        started.append(process)
        end = time.monotonic() + PATIENCE
        while not (Path(config.output) / "checkpoint.pt").exists() or len(losses(config.output)) < steps:
            assert process.poll() is None, (tmp_path / "err.txt").read_text()
            assert time.monotonic() < end
            time.sleep(0.05)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def kill_one(process, rank):
    """Kill the process of this rank that torchrun has started, without warning."""
    import psutil

    for child in psutil.Process(process.pid).children(recursive=True):
        if child.environ().get("RANK") == str(rank) and "runner.py" in " ".join(child.cmdline()):
            child.kill()
            return
    pytest.fail("torchrun has no such process")


@pytest.mark.slow
@pytest.mark.usefixtures("small_eyes")
def test_a_killed_process_ends_the_run_with_a_sentence_and_one_process_goes_on(make_config, tmp_path, torchrun):
    config = make_config(steps=100_000, size=(32,), checkpoint_every=2)
    process = torchrun(config, restarts=0)
    kill_one(process, 1)
    assert process.wait(PATIENCE) != 0
    err = (tmp_path / "err.txt").read_text()
    # torchrun sends SIGTERM as soon as it sees the loss, which may be before the other process does.
    assert "process 0 of 2 has lost the others" in err or "ended by SIGTERM; what was reached is kept" in err
    saved = torch.load(Path(config.output) / "checkpoint.pt", weights_only=True)
    assert saved["step"] >= 2
    assert saved["samples"] == 4 * saved["step"]
    saved["config"]["steps"] = saved["step"] + 2
    torch.save(saved, Path(config.output) / "checkpoint.pt")
    resume(Path(config.output))
    assert checkpoint(Path(config.output))["samples"] == saved["samples"] + 4


@pytest.mark.slow
def test_torchrun_starts_a_run_again_that_lost_a_process(make_config, tmp_path, torchrun):
    config = make_config(steps=400, size=(32,), checkpoint_every=2)
    process = torchrun(config, restarts=1)
    kill_one(process, 1)
    assert process.wait(PATIENCE) == 0, (tmp_path / "err.txt").read_text()
    run = Path(config.output)
    assert (checkpoint(run)["step"], checkpoint(run)["samples"]) == (400, 1600)
    assert [line["step"] for line in losses(run)] == list(range(1, 401))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.usefixtures("small_eyes")
def test_a_gpu_trains_as_the_cpu_does(make_config, tmp_path):
    losses = {}
    for device, precision in (("cpu", "f32"), ("cuda", "f32"), ("cuda", "bf16")):
        run = tmp_path / f"{device}-{precision}"
        begin(make_config(output=str(run), device=device, precision=precision))
        losses[run.name] = json.loads((run / "record.jsonl").read_text().splitlines()[-1])["loss"]
    assert losses["cuda-f32"] == pytest.approx(losses["cpu-f32"], rel=0.02)
    assert losses["cuda-bf16"] == pytest.approx(losses["cpu-f32"], rel=0.1)
