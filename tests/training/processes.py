"""What two processes of one run do, for test_distributed."""

import json
import os
from pathlib import Path

import torch
import torch.distributed as dist

from impasto.training import run
from impasto.training.config import TrainConfig
from impasto.training.distributed import World
from training.samples import SmallEyes


def learn(rank, port, given):
    """Be process `rank` of two: train."""
    os.environ |= {
        "RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_RANK": str(rank), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port,
    }  # fmt: skip
    torch.set_num_threads(1)
    run.load_vgg19 = lambda source, pooling: SmallEyes()
    run.begin(TrainConfig.from_dict(json.loads(Path(given).read_text())))


def work(rank, ports, folder, given):
    """Be process `rank` of two: average gradients, then train; leave the results in FOLDER/RANK.pt.

    ports: of both groups that the processes make; on one and the same they might find what is left of the first.
    """
    first, second = ports
    os.environ |= {
        "RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_RANK": str(rank), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": first,
    }  # fmt: skip
    torch.set_num_threads(1)
    with World.join("cpu") as world:
        place = (world.rank, world.size, world.leads)
        parameters = [torch.nn.Parameter(torch.zeros(shape)) for shape in ((2, 3), (4,), (1,))]
        for parameter in parameters[:2]:
            parameter.grad = torch.full(parameter.shape, float(rank + 1)).reshape(parameter.shape)
        parameters[0].grad[0, 1] = 10.0 * rank
        world.average_gradients(parameters)
        gradients = [parameter.grad for parameter in parameters]
    left = not dist.is_initialized()
    os.environ["MASTER_PORT"] = second
    run.load_vgg19 = lambda source, pooling: SmallEyes()
    made = run.begin(TrainConfig.from_dict(json.loads(Path(given).read_text())))
    results = {"place": place, "gradients": gradients, "left": left}
    torch.save({**results, "net": made.net.state_dict(), "vectors": made.vectors}, Path(folder) / f"{rank}.pt")
