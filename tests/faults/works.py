"""What is disturbed: each work takes a folder, and can be given the same folder again after it was killed."""

import json
import sys
from importlib import import_module

from impasto.errors import ImpastoError

GIVEN = ("photos", "film.mp4", "large.png", "painting.png", "model", "run.json")
"""What every work finds in its own folder, as links."""
STYLE = "model/styles/dots.style"


def command(*arguments):
    """Run the command and return its exit code."""
    from impasto.cli import main

    try:
        main([str(argument) for argument in arguments])
    except SystemExit as end:
        return end.code


def folder(place):
    """Paint a folder of photos, as far as they are not painted."""
    return command("stylize", place / "photos", "-s", place / STYLE, "-o", place / "out/", "--skip-existing")


def batch(place):
    """Paint a folder of photos as a collection, with a ledger."""
    return command("batch", place / "photos", place / "out", "-s", place / STYLE, "--workers", 1, "--chunk", 1)


def film(place):
    """Paint a film."""
    (place / "out").mkdir(exist_ok=True)
    return command("video", place / "film.mp4", "-s", place / STYLE, "-o", place / "out" / "film.mp4")


def large(place):
    """Paint a picture in strips, by way of scratch files."""
    from impasto.runtime import stylizer

    (place / "out").mkdir(exist_ok=True)
    stylizer.room_within = lambda limit: 55_000_000  # less than painting it at once takes
    return command("stylize", place / "large.png", "-s", place / STYLE, "-o", place / "out" / "large.png")


def fit(place):
    """Learn a style, for a fixed number of steps rather than for a time."""
    from impasto.training import fit as module
    from training.samples import SmallEyes

    (place / "out").mkdir(exist_ok=True)
    module.load_vgg19 = lambda source="caffe": SmallEyes()
    network = place / "model" / "network.onnx"
    options = ("--steps", 40, "--size", 32, "--batch-size", 2, "--style-size", 64)
    return command("fit", place / "painting.png", "-o", place / "out" / "my.style", "--model", network, *options)


def train(place, workers=0):
    """Train, or go on where there is a checkpoint."""
    import torch

    from impasto.training import run
    from impasto.training.config import TrainConfig
    from impasto.training.state import CHECKPOINT
    from training.samples import SmallEyes

    torch.set_num_threads(1)
    run.load_vgg19 = lambda source, pooling: SmallEyes()
    options = json.loads((place / "run.json").read_text())
    config = TrainConfig.from_dict({**options, "output": str(place / "out"), "workers": workers})
    try:
        run.resume(place / "out") if (place / "out" / CHECKPOINT).exists() else run.begin(config)
    except ImpastoError as error:
        sys.stderr.write(f"impasto: {error}\n")
        return 1
    return 0


def train_with_a_worker(place):
    """Train with another process that reads the photos."""
    return train(place, workers=1)


WORKS = {work.__name__: work for work in (folder, batch, film, large, fit, train, train_with_a_worker)}


NEEDED = ("impasto.api", "impasto.cli.stylize", "impasto.runtime.engines.openvino_engine")
LEARNING = ("torch.utils.tensorboard", "impasto.cli.fit", "impasto.training.fit", "impasto.training.run")


def preload(work):
    """Import what a work needs, so that its own time is spent on what can be disturbed."""
    own = {"film": ("impasto.cli.video", "impasto.video.film"), "batch": ("impasto.cli.batch", "impasto.batch.run")}
    for name in (*NEEDED, *own.get(work, ()), *(LEARNING if work in ("fit", "train", "train_with_a_worker") else ())):
        import_module(name)
