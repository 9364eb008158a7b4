"""A training run from its config to a finished network: begin, resume, finish."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from impasto.atomic import atomic_write
from impasto.data import PhotoSource, PhotoStream, deaths_told, open_sources, photo_batches
from impasto.errors import InvalidOption, TrainingError
from impasto.model import IDENTITY, MODELS, Manifest, network_of, styles_beside
from impasto.nets import registry
from impasto.nets.base import PaintingNet
from impasto.nets.narrowing import narrow
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.device import wants_bf16
from impasto.perceptual.paintings import Sketch, load_painting, sketch_painting
from impasto.perceptual.vgg import LAYERS
from impasto.perceptual.weights import load_vgg19
from impasto.runtime.engines.torch_engine import load_net
from impasto.training import hooks
from impasto.training.balance import balanced
from impasto.training.config import Phase, TrainConfig, check_sizes
from impasto.training.distributed import World, under_torchrun
from impasto.training.guard import Guard
from impasto.training.interrupts import delayed_interrupt, ended_by_sigterm
from impasto.training.loop import Hook, run_phase
from impasto.training.pictures import is_standard, load_previews, style_names
from impasto.training.progress import Progress
from impasto.training.state import CHECKPOINT, TrainState
from impasto.training.task import StyledNetwork, StyleTask, Teacher, style_targets

__all__ = ["Trained", "architecture", "begin", "resume", "trained"]


_PRIVATE = ("base", "data", "output", "preview", "style", "teacher", "vgg")
"""Options that say where things lie on the machine that trained, which is nobody's business."""


@dataclass(frozen=True)
class Trained:
    """What a run has made.

    net: with the averaged weights, on the CPU, in evaluation mode; vectors: {style: (P,) float32}, in order, the
    identity's under "identity" if it was learned; facts: what a model file says of its training; sketches: what style
    files say of their paintings, if these were at hand.
    """

    net: PaintingNet
    vectors: dict[str, Tensor]
    facts: dict[str, Any]
    sketches: dict[str, Sketch] = field(default_factory=dict)


def begin(config: TrainConfig) -> Trained:
    """Train from the start; or go on, where torchrun starts the processes of this very run again.

    Before the first step raises InvalidOption if the config names no style, data or output, if its folder holds a run
    already or its options do not fit the network; PictureError for a painting or preview that cannot be read; DataError
    for data without photos; WeightsError, EngineUnavailable; TrainingError if the output cannot be written.
    Later raises TrainingError if the loss is no longer a number, or the disk is full.  SIGTERM ends the process, as
    Ctrl-C does, with a checkpoint.
    """
    for name in ("style", "data", "output"):
        if not getattr(config, name):
            raise InvalidOption(f"training needs --{name}")
    config, run = replace(config, network=architecture(config)), Path(config.output)
    if (run / CHECKPOINT).exists():
        if under_torchrun() and _began_with(config, run):
            return resume(run)
        raise InvalidOption(f"--output: {run} holds a run; go on with it by --resume {run}, or name another folder")
    return _train(config, None)


def resume(run: Path) -> Trained:
    """Go on with the run in this folder from its last checkpoint, with the options that it began with.

    A finished run is returned as it is, also where its photos and paintings are gone.  Raises as `begin` does, and
    TrainingError if there is no checkpoint or it is damaged.
    """
    saved = TrainState.load(run)
    return _train(_config_of(saved, run), saved)


def trained(run: Path) -> Trained:
    """Return what the run in this folder has made so far, from its last checkpoint; raises TrainingError."""
    saved = TrainState.load(run)
    config = _config_of(saved, run)
    return _finished(_state(config, saved), config)


def architecture(config: TrainConfig) -> str:
    """Return the network's name that a config means; raises as `begin` does for its base."""
    return config.network or (registry.describe(_base(config.base, "--base").net) if config.base else "impasto")


def _began_with(config: TrainConfig, run: Path) -> bool:
    """Return whether the run in this folder began with these options; its steps have been counted since."""
    known = _config_of(TrainState.load(run), run)
    return known == replace(config, output=str(run), steps=config.steps or known.steps)


def _config_of(saved: dict[str, Any], run: Path) -> TrainConfig:
    return TrainConfig.from_dict({**saved["config"], "output": str(run)})


def _state(config: TrainConfig, saved: dict[str, Any] | None, device: torch.device | str = "cpu") -> TrainState:
    """Return the state of a checkpoint, or the one before the first step."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = StyledNetwork(registry.build(config.network), len(style_names(config.style)))
    model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    state = TrainState.begin(model, config)
    if saved is not None:
        state.restore(saved)
    elif config.base:
        _start_from(_base(config.base, "--base"), state, config)
    return state


def _base(name: str, option: str) -> Trained:
    """Return what is in a run's folder, a network's file or a bundled one; raises TrainingError and ModelError.

    name: `bundled` is the bundled main one; option: the one that names it.
    """
    name = "main" if name == "bundled" else name
    if name not in MODELS and Path(name).is_dir():
        return trained(Path(name))
    if name not in MODELS and Path(name).suffix not in (".onnx", ".safetensors"):
        raise TrainingError(f"{option}: {name} holds no run and is no network file")
    network = network_of(name)
    net, metadata = load_net(network.with_suffix(".safetensors"))
    manifest = Manifest.from_metadata(metadata, str(network))
    vectors = {style.name: torch.from_numpy(style.vector) for style in styles_beside(network)}
    if manifest.identity:
        vectors[IDENTITY] = torch.tensor(manifest.identity)
    return Trained(net, vectors, dict(manifest.training))


def _start_from(base: Trained, state: TrainState, config: TrainConfig) -> None:
    """Take over a base's weights, vectors and facts; a style that it does not know starts as the mean of its styles.

    Of a base with more channels those are taken that matter most, and moments that are no longer taken are those of
    the first photos; see `impasto.nets.narrowing`.
    """
    styles = [vector for name, vector in base.vectors.items() if name != IDENTITY]
    unknown = torch.stack(styles).mean(0) if styles else base.net.new_style()
    wanted = [base.vectors.get(name, unknown) for name in style_names(config.style)]
    vectors = torch.stack([*wanted, base.vectors.get(IDENTITY, base.net.new_identity())])
    model = state.model
    if registry.describe(base.net) == registry.describe(model.net):
        model.net.load_state_dict(base.net.state_dict())
    else:
        try:
            check_sizes(config.size, model.net.stride)
            photos = _first_photos(config, open_sources(config.data))
            vectors = narrow(base.net, vectors, model.net, photos)
        except InvalidOption as error:
            raise InvalidOption(
                f"--base: {config.base} is a run of {base.facts['network']}, which --network is not; {error}"
            ) from error
    model.vectors.data.copy_(vectors)
    state.averaged.load_state_dict(model.state_dict())
    state.base = base.facts


def _teacher(config: TrainConfig, net: PaintingNet, device: torch.device) -> Teacher:
    """Return whom `net` shall imitate; raises InvalidOption if it does not know a style, and as `_base` does."""
    known = _base(config.teacher, "--teacher")
    names = style_names(config.style)
    if strange := [name for name in names if name not in known.vectors]:
        raise InvalidOption(f"--teacher: {config.teacher} knows no style {strange[0]}")
    if config.between_weight and net.style_parameters:
        if IDENTITY not in known.vectors:
            raise InvalidOption(f"--teacher: {config.teacher} has learned no identity; give --between-weight 0")
        names = [*names, IDENTITY]
    net = known.net.to(device, memory_format=torch.channels_last).requires_grad_(False)  # type: ignore[call-overload]
    return Teacher(net, torch.stack([known.vectors[name] for name in names]).to(device))


def _train(config: TrainConfig, saved: dict[str, Any] | None) -> Trained:
    with World.join(config.device) as world, ended_by_sigterm(), ExitStack() as stack:
        state = _state(config, saved, world.device)
        if 0 < config.steps <= state.step:
            return _finished(state, config)
        _check_fit(config, state.model.net)
        source = open_sources(config.data)
        # Written down, so that a run that goes on with more or fewer processes keeps its course.
        config = replace(config, steps=config.phases(len(source), world.size)[-1].last)
        phases = config.phases(len(source))
        left = [phase for phase in phases if phase.last > state.step]
        # What can be wrong with pictures and folders is found before the seconds that VGG-19 takes.
        paintings = {
            phase.style_size: [load_painting(file, phase.style_size) for file in config.style] for phase in left
        }
        beside = _hooks(state, config, world, phases[-1].last, stack) if world.leads else []
        guard = Guard(state, config.checkpoint_every) if config.auto else None
        criterion = _criterion(config, world.device)
        sketching = criterion if is_standard(config) else None
        state.sketches = {Path(painting).stem: sketch_painting(painting, sketching) for painting in config.style}
        teacher = _teacher(config, state.model.net, world.device) if config.teacher else None
        for phase in left:
            sized = [painting.to(world.device) for painting in paintings[phase.style_size]]
            targets = style_targets(criterion, sized)
            bf16 = wants_bf16(world.device, config.precision)
            task = StyleTask(config, criterion, targets, bf16, phases[-1].last, world, teacher)
            if config.auto and config.is_perceptual:
                task.balance = balanced(criterion, sized, _first_photos(config, source).to(world.device))
            with deaths_told(), closing(_batches(config, phase, state, source, world)) as batches:
                run_phase(state, task, batches, world, beside, guard)
    return _finished(state, config)


def _check_fit(config: TrainConfig, net: PaintingNet) -> None:
    """Raise InvalidOption for what the config alone cannot know to be wrong."""
    check_sizes(config.size, net.stride)
    for name, layers in (("content-layers", config.content_layers), ("style-layers", config.style_layers)):
        for layer in layers:
            if layer not in LAYERS:
                raise InvalidOption(f"--{name}: VGG-19 has no layer {layer!r}; it has conv1_1, relu1_1, ... relu5_4")


def _criterion(config: TrainConfig, device: torch.device) -> PerceptualCriterion:
    return PerceptualCriterion(
        load_vgg19(config.vgg, pooling=config.pooling),  # type: ignore[arg-type]
        content_layers=config.content_layers,
        style_layers=config.style_layers,
        family=config.losses,  # type: ignore[arg-type]
    ).to(device)


def _batches(
    config: TrainConfig, phase: Phase, state: TrainState, source: PhotoSource, world: World
) -> Generator[Tensor, None, None]:
    """Yield a phase's batches, (N, 3, S, S) uint8, for this process, from where the run is to the phase's last step."""
    return photo_batches(
        source,
        size=phase.size,
        batch_size=phase.batch_size,
        seed=config.seed,
        first_sample=state.samples,
        steps=phase.last - state.step,
        workers=config.workers,
        rank=world.rank,
        world_size=world.size,
        blank=config.blank,
    )


def _first_photos(config: TrainConfig, source: PhotoSource) -> Tensor:
    """Return some photos, (N, 3, S, S) float32 in [0, 1], the same in every process and however often it is resumed."""
    stream = PhotoStream(source, config.size[0], config.seed, blank=0.0)
    pixels = torch.from_numpy(stream.samples(range(min(4, len(source)))).pixels)
    return pixels.permute(0, 3, 1, 2).float() / 255


def _hooks(state: TrainState, config: TrainConfig, world: World, steps: int, stack: ExitStack) -> list[Hook]:
    """Return what happens beside the training, each to be closed by the stack; makes the run's folder."""
    run, names = Path(config.output), style_names(config.style)
    photos = [(name, photo.to(world.device)) for name, photo in load_previews(config.preview, state.model.net.stride)]
    _make_folder(run, config)

    def closed(hook: Hook) -> Hook:
        stack.callback(_close, hook)
        return hook

    beside = [
        closed(hooks.Record(run, config.log_every, state.step)),
        closed(hooks.TensorBoard(run, config.log_every, state.step)),
        closed(hooks.Checkpoints(run, config, state)),
        closed(Progress(state.step, steps)),
    ]
    return [*beside, closed(hooks.Previews(run, config.preview_every, photos, names))] if photos else beside


def _close(hook: Hook) -> None:
    with delayed_interrupt():
        hook.close()


def _make_folder(run: Path, config: TrainConfig) -> None:
    try:
        (run / "previews").mkdir(parents=True, exist_ok=True)
        with atomic_write(run / "config.json") as file:
            file.write(json.dumps(config.to_dict(), indent=2).encode())
    except OSError as error:
        raise TrainingError(f"--output: cannot write to {run} ({error.strerror})") from error


def _finished(state: TrainState, config: TrainConfig) -> Trained:
    model = state.averaged.cpu().eval()
    vectors = dict(zip(style_names(config.style), model.vectors.detach().float(), strict=False))
    if config.identity_weight and model.net.style_parameters:
        vectors[IDENTITY] = model.identity[0].detach().float()
    facts = {
        "network": registry.describe(model.net),
        "vgg": Path(config.vgg).name,
        "steps": state.step,
        "hours": round(state.seconds / 3600, 2),
        "config": {key: value for key, value in config.to_dict().items() if key not in _PRIVATE}
        | {"style": style_names(config.style)},
        "base": state.base,
    }
    return Trained(model.net, vectors, facts, state.sketches)
