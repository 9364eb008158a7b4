"""A training run from its config to a finished network: begin, resume, finish."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from impasto.data import PhotoSource, open_sources, photo_batches
from impasto.errors import InvalidOption, TrainingError
from impasto.atomic import atomic_write
from impasto.image import fit, read, resize, to_eight_bits
from impasto.nets import registry
from impasto.nets.base import PaintingNet
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.weights import load_vgg19
from impasto.training import hooks
from impasto.training.config import Phase, TrainConfig
from impasto.training.distributed import World
from impasto.training.loop import Hook, run_phase
from impasto.training.state import CHECKPOINT, TrainState
from impasto.training.task import StyledNetwork, StyleTask, style_targets

__all__ = ["Trained", "begin", "load_picture", "resume", "trained"]

PREVIEW_SIZE = 384  # px of the long side


@dataclass(frozen=True)
class Trained:
    """What a run has made.

    net: with the averaged weights, on the CPU, in evaluation mode; vectors: {style: (P,) float32}, in order, the
    identity's under "identity" if it was learned; facts: what a model file says of its training.
    """

    net: PaintingNet
    vectors: dict[str, Tensor]
    facts: dict[str, Any]


def begin(config: TrainConfig) -> Trained:
    """Train from the start; raises InvalidOption if the config names no style, data or output, or holds a run."""
    for name in ("style", "data", "output"):
        if not getattr(config, name):
            raise InvalidOption(f"training needs --{name}")
    run = Path(config.output)
    if (run / CHECKPOINT).exists():
        raise InvalidOption(f"--output: {run} holds a run; go on with it by --resume {run}, or name another folder")
    return _train(config, None)


def resume(run: Path) -> Trained:
    """Go on with the run in this folder from its last checkpoint, with the options that it began with."""
    saved = TrainState.load(run)
    config = TrainConfig.from_dict({**saved["config"], "output": str(run)})
    return _train(config, saved)


def trained(run: Path) -> Trained:
    """Return what the run in this folder has made so far, from its last checkpoint."""
    saved = TrainState.load(run)
    config = TrainConfig.from_dict({**saved["config"], "output": str(run)})
    names = style_names(config.style)
    state = TrainState.begin(StyledNetwork(registry.build(config.network), len(names)), config)
    state.restore(saved)
    return _finished(state, config, names)


def style_names(paintings: Sequence[str]) -> list[str]:
    """Return the paintings' names without folder and suffix; raises InvalidOption if two are the same."""
    names = [Path(painting).stem for painting in paintings]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise InvalidOption(f"--style: two paintings are called {sorted(twice)[0]!r}; rename one")
    return names


def load_picture(path: str, long_side: int) -> Tensor:
    """Return a picture file, scaled to a long side in px, as (1, 3, H, W) float32 RGB in [0, 1]."""
    pixels = to_eight_bits(read(path).pixels)
    pixels = resize(pixels, fit(pixels.shape[:2], long_side))
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255


def _train(config: TrainConfig, saved: dict[str, Any] | None) -> Trained:
    world = World.join(config.device)
    names = style_names(config.style)
    source = open_sources(config.data)
    phases = config.phases(len(source), world.size)
    torch.manual_seed(config.seed)
    model = StyledNetwork(registry.build(config.network), len(names))
    model.to(world.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    state = TrainState.begin(model, config)
    if saved is not None:
        state.restore(saved)
    criterion = PerceptualCriterion(
        load_vgg19(config.vgg, pooling=config.pooling),  # type: ignore[arg-type]
        content_layers=config.content_layers,
        style_layers=config.style_layers,
        family=config.losses,  # type: ignore[arg-type]
    ).to(world.device)
    task = StyleTask(config, criterion, world.wants_bf16(config.precision), phases[-1].last, world.rank)
    with ExitStack() as stack:
        beside = [stack.enter_context(closing(hook)) for hook in _hooks(state, config, world, names, task.steps)]
        for phase in phases:
            if state.step < phase.last:
                _run_phase(phase, state, task, source, world, beside)
    return _finished(state, config, names)


def _run_phase(
    phase: Phase, state: TrainState, task: StyleTask, source: PhotoSource, world: World, beside: Sequence[Hook]
) -> None:
    config, criterion = task.config, task.criterion
    paintings = [load_picture(path, phase.style_size).to(world.device) for path in config.style]
    done = state.step - phase.first
    batches = photo_batches(
        source,
        size=phase.size,
        batch_size=phase.batch_size,
        seed=config.seed,
        first_sample=phase.first_sample + done * phase.batch_size * world.size,
        steps=phase.last - state.step,
        workers=config.workers,
        rank=world.rank,
        world_size=world.size,
        blank=config.blank,
    )
    run_phase(state, task, batches, style_targets(criterion, paintings), config, world, beside)


def _hooks(state: TrainState, config: TrainConfig, world: World, names: Sequence[str], steps: int) -> list[Hook]:
    if not world.leads:
        return []
    run = Path(config.output)
    try:
        run.mkdir(parents=True, exist_ok=True)
        with atomic_write(run / "config.json") as file:
            file.write(json.dumps(config.to_dict(), indent=2).encode())
    except OSError as error:
        raise TrainingError(f"--output: cannot write to {run} ({error.strerror})") from error
    beside: list[Hook] = [
        hooks.Progress(state.step, steps),
        hooks.Record(run, config.log_every),
        hooks.TensorBoard(run, config.log_every),
        hooks.Checkpoints(run, config),
    ]
    if config.preview:
        photos = [(Path(path).stem, _whole_strides(load_picture(path, PREVIEW_SIZE), state.model.net.stride))
                  for path in config.preview]
        on_device = [(name, photo.to(world.device)) for name, photo in photos]
        beside.append(hooks.Previews(run, config.preview_every, on_device, names))
    return beside


def _whole_strides(picture: Tensor, stride: int) -> Tensor:
    """Crop a picture to multiples of the stride."""
    height, width = (side // stride * stride for side in picture.shape[2:])
    return picture[:, :, :height, :width]


def _finished(state: TrainState, config: TrainConfig, names: Sequence[str]) -> Trained:
    model = state.averaged.cpu().eval()
    vectors = dict(zip(names, model.vectors.detach().float(), strict=False))
    if config.identity_weight and model.net.style_parameters:
        vectors["identity"] = model.identity[0].detach().float()
    facts = {
        "network": registry.describe(model.net),
        "vgg": config.vgg,
        "steps": state.step,
        "hours": round(state.seconds / 3600, 2),
        "config": {key: value for key, value in config.to_dict().items() if key not in ("data", "output", "preview")},
    }
    return Trained(model.net, vectors, facts)
