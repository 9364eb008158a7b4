import json
import socket
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing

from impasto.errors import EngineUnavailable
from impasto.perceptual.device import wants_bf16
from impasto.training.distributed import World
from impasto.training.run import begin
from training.processes import work
from training.samples import checkpoint, differing


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """Return a function that sets the variables that torchrun does; without it there are none."""
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"):
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


@pytest.fixture
def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def test_two_processes_train_one_network(make_config, tmp_path, free_port):
    config = make_config(blank=0.0, steps=2, checkpoint_every=1)
    (tmp_path / "config.json").write_text(json.dumps(config.to_dict()))
    torch.multiprocessing.spawn(work, (free_port, str(tmp_path), str(tmp_path / "config.json")), nprocs=2)
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
