"""A run in a process of its own: python runner.py CONFIG.json, or RUN to resume it."""

import json
import sys
from pathlib import Path

import torch

from impasto.training import run
from impasto.training.config import TrainConfig
from training.samples import SmallEyes

if __name__ == "__main__":
    torch.set_num_threads(1)
    run.load_vgg19 = lambda source, pooling: SmallEyes()
    given = Path(sys.argv[1])
    if given.is_dir():
        run.resume(given)
    else:
        run.begin(TrainConfig.from_dict(json.loads(given.read_text())))
