"""Print how many photos a second training takes in, beside the loop that most programs of this kind have.

    python benchmarks/training.py --data PHOTOS --painting FILE [--steps 12] [--device cpu]

The reference is written after what pytorch/examples does: Johnson's network, VGG-19 on the painting and on the photo in
every step, float32, eager, pictures read in the loop, no EMA; with the same layers, the same crops of 256 px and the
same batch of 4.  Impasto's rows are its own training steps, losses and hooks' averages included, photos by its loader.
All rows take turns, one step each, so that a machine whose speed drifts slows all of them alike; medians are printed.
Then the loader by itself.
"""

import argparse
import io
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from statistics import median

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from impasto.data import open_sources, photo_batches
from impasto.evaluation.machine import heading
from impasto.nets import registry
from impasto.perceptual.criterion import CONTENT_LAYERS, STYLE_LAYERS, PerceptualCriterion
from impasto.perceptual.device import open_device, wants_bf16
from impasto.perceptual.paintings import load_painting
from impasto.perceptual.vgg import LAYERS
from impasto.perceptual.weights import load_vgg19
from impasto.training.config import TrainConfig
from impasto.training.distributed import World
from impasto.training.loop import run_phase
from impasto.training.state import TrainState
from impasto.training.task import StyledNetwork, StyleTask, style_targets

SIZE, BATCH = 256, 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--painting", required=True)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    device, source = open_device(options.device), open_sources(options.data)
    painting = load_painting(options.painting, 512).to(device)
    whole = TrainConfig(network="impasto", size=(SIZE,), batch_size=(BATCH,))
    bare = replace(whole, steady_weight=0.0, identity_weight=0.0)
    johnson = "johnson:norm=instance"
    rows: dict[str, Callable[[], None]] = {
        "reference: Johnson's network, float32": reference(source, painting, device),
        "impasto train, Johnson's network, content and style": own(
            replace(bare, network=johnson), source, painting, device, options
        ),
        "impasto train, its network, content and style": own(bare, source, painting, device, options),
        "impasto train, its network, all losses": own(whole, source, painting, device, options),
    }
    print(f"{heading()}\n{device}, {torch.get_num_threads()} threads, batches of {BATCH} at {SIZE} px\n", flush=True)
    seconds: dict[str, list[float]] = {name: [] for name in rows}
    for turn in range(options.steps + 2):  # the first two warm up
        for name, step in rows.items():
            began = time.perf_counter()
            step()
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            if turn > 1:
                seconds[name].append(time.perf_counter() - began)
    first = median(next(iter(seconds.values())))
    print("| what | photos/s | times as fast |\n| --- | --- | --- |")
    for name, each in seconds.items():
        print(f"| {name} | {BATCH / median(each):.2f} | {first / median(each):.1f} |")
    print(f"\nThe loader alone, {options.workers} workers: {loader_rate(source, options.workers):.0f} photos/s")


def own(config, source, painting, device, options) -> Callable[[], None]:
    """Return a step of `impasto train`."""
    config = replace(config, steps=100_000)
    model = StyledNetwork(registry.build(config.network), 1).to(device, memory_format=torch.channels_last)
    state = TrainState.begin(model, config)
    criterion = PerceptualCriterion(load_vgg19()).to(device)
    world = World(0, 1, device)
    task = StyleTask(
        config,
        criterion,
        style_targets(criterion, [painting]),
        wants_bf16(device, config.precision),
        config.steps,
        world,
    )
    batches = photo_batches(source, size=SIZE, batch_size=BATCH, seed=0, workers=options.workers)

    def step() -> None:
        run_phase(state, task, itertools.islice(batches, 1), world, [])

    return step


def reference(source, painting, device) -> Callable[[], None]:
    """Return a step of the usual loop."""
    layers = tuple(sorted({*CONTENT_LAYERS, *STYLE_LAYERS}, key=LAYERS.index))
    vgg, net = Plain().to(device), registry.build("johnson:norm=instance").to(device)
    style = net.new_style()[None].to(device)
    targets = {name: gram(map_) for name, map_ in vgg(painting, layers).items() if name in STYLE_LAYERS}
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    pictures = plain_batches(source)

    def step() -> None:
        photos = next(pictures).to(device)
        optimizer.zero_grad()
        painted = net(photos, style)
        found, wanted = vgg(painted, layers), vgg(photos, layers)
        content = sum(functional.mse_loss(found[name], wanted[name]) for name in CONTENT_LAYERS)
        likeness = sum(
            functional.mse_loss(gram(found[name]), targets[name].expand(BATCH, -1, -1)) for name in STYLE_LAYERS
        )
        (content + likeness).backward()
        optimizer.step()

    return step


class Plain(nn.Module):
    """VGG-19 as most programs have it: float32, the usual memory format."""

    def __init__(self) -> None:
        super().__init__()
        known = load_vgg19()
        self.preprocessing = known.preprocessing
        self.convolutions = known.convolutions.to(memory_format=torch.contiguous_format).requires_grad_(False)

    def forward(self, x, layers):
        found, x = {}, self.preprocessing(x)
        for layer in LAYERS[: LAYERS.index(layers[-1]) + 1]:
            if layer.startswith("relu"):
                x = x.relu()
            else:
                x = self.convolutions[layer](functional.max_pool2d(x, 2) if layer[6] == "1" and layer[4] != "1" else x)
            if layer in layers:
                found[layer] = x
        return found


def gram(features):
    """Return Gram matrices, (N, C, C)."""
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2) / (flat.shape[1] * flat.shape[2])


def plain_batches(source) -> Iterator[torch.Tensor]:
    """Yield batches as a loop without workers reads them: resized to the short side, cut from the middle."""
    for number in itertools.count():
        yield torch.stack([plain_photo(source, (number * BATCH + i) % len(source)) for i in range(BATCH)])


def plain_photo(source, index):
    image = Image.open(io.BytesIO(source.read(index))).convert("RGB")
    ratio = SIZE / min(image.size)
    image = image.resize([max(SIZE, round(side * ratio)) for side in image.size], Image.Resampling.BILINEAR)
    left, top = ((side - SIZE) // 2 for side in image.size)
    pixels = np.asarray(image.crop((left, top, left + SIZE, top + SIZE)))
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 255


def loader_rate(source, workers: int, seconds: float = 8.0) -> float:
    """Return how many photos a second the loader gives when nothing else is done."""
    with closing(photo_batches(source, size=SIZE, batch_size=BATCH, seed=0, workers=workers)) as batches:
        for _ in range(4):
            next(batches)
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            count += len(next(batches))
        return count / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
