"""What a training run is: every option, its default and its sentence."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from math import ceil
from typing import Any

from impasto.errors import InvalidOption
from impasto.options import check, option

__all__ = ["Phase", "TrainConfig"]


@dataclass(frozen=True)
class Phase:
    """A part of a run with one picture size.

    first, last: steps, last excluded; size: px of the photos' crops; style_size: px of the paintings' long side;
    first_sample: photos that all earlier phases and ranks have consumed.
    """

    first: int
    last: int
    size: int
    batch_size: int
    style_size: int
    first_sample: int


@dataclass(frozen=True)
class TrainConfig:
    """A training run.  Frozen, saved with the run, and all that a resumed run needs."""

    style: tuple[str, ...] = option((), "painting to learn, one or several; each becomes a style of the network")
    data: tuple[str, ...] = option((), "folder, zip or tar of photos to train on, one or several")
    output: str = option("", "folder of the run: checkpoints, record, previews and the finished network")
    network: str = option("impasto", "architecture, such as impasto, impasto:channels=48 or johnson:norm=batch")

    steps: int = option(0, "training steps; 0 means as many as --epochs asks for", low=0)
    epochs: float = option(2.0, "passes over the photos, where --steps is 0", low=0)
    size: tuple[int, ...] = option((128, 256), "px of the photos' crops, one number for each phase", low=32)
    batch_size: tuple[int, ...] = option((8, 4), "photos in a step, for each phase", low=1)
    style_size: tuple[int, ...] = option((512,), "px of the paintings' long side, for each phase", low=64)
    share: tuple[float, ...] = option((0.4, 0.6), "share of the steps that each phase gets", low=0)

    content_weight: float = option(1.0, "weight of the content loss", low=0)
    style_weight: float = option(6.0, "weight of the style loss", low=0)
    style_start: float = option(0.15, "style weight at the first step, as a part of --style-weight", low=0, high=1)
    style_ramp: float = option(0.4, "part of the run over which the style weight rises to its full value", low=0, high=1)
    tv_weight: float = option(1.0, "weight of the total variation", low=0)
    range_weight: float = option(10.0, "weight of the penalty on values outside [0, 1]", low=0)
    identity_weight: float = option(5.0, "weight of the learned identity style's error; 0 learns none", low=0)
    steady_weight: float = option(10.0, "weight of the change that noise and a shift of the photo make", low=0)
    steady_noise: float = option(0.02, "deviation of that noise", low=0, high=1)
    steady_shift: int = option(6, "largest such shift in px", low=0)
    losses: str = option("relative", "relative losses or the papers' absolute ones", choices=("relative", "absolute"))
    content_layers: tuple[str, ...] = option(("relu4_2",), "VGG-19 layers that content is compared at")
    style_layers: tuple[str, ...] = option(
        ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"), "VGG-19 layers that style is compared at"
    )
    vgg: str = option("caffe", "VGG-19's weights: caffe, torchvision, or the path of torchvision's checkpoint")
    pooling: str = option("max", "VGG-19's pooling", choices=("max", "average"))

    lr: float = option(2e-3, "Adam's learning rate for the network", low=0)
    vector_lr: float = option(6e-3, "Adam's learning rate for the style vectors", low=0)
    weight_decay: float = option(0.0, "decoupled weight decay of the network", low=0)
    warmup: int = option(50, "steps over which the learning rate rises from 0", low=0)
    schedule: str = option("cosine", "course of the learning rate after the warm-up", choices=("cosine", "constant"))
    clip: float = option(1.0, "largest norm of the gradient; 0 does not clip", low=0)
    ema: float = option(0.998, "decay of the running average of the weights that is exported", low=0, high=0.99999)
    seed: int = option(0, "seed of everything random", low=0)

    precision: str = option("auto", "bf16 runs networks in bfloat16, losses stay float32", choices=("auto", "f32", "bf16"))
    device: str = option("auto", "auto, cpu, cuda or cuda:N")
    workers: int = option(2, "processes that read photos", low=0)
    blank: float = option(0.02, "part of the photos replaced by smooth patches, against blobs on blank sky", low=0, high=1)
    preview: tuple[str, ...] = option((), "photo that previews are painted of, one or several")
    preview_every: int = option(250, "steps between previews", low=1)
    checkpoint_every: int = option(100, "steps between checkpoints", low=1)
    log_every: int = option(10, "steps between lines of the record", low=1)

    def __post_init__(self) -> None:
        check(self)
        for name in ("batch_size", "style_size", "share"):
            if len(getattr(self, name)) not in (1, len(self.size)):
                raise InvalidOption(f"--{name.replace('_', '-')} has {len(getattr(self, name))} numbers, "
                                    f"--size has {len(self.size)}: give one, or one for each phase")
        if sum(self.share) <= 0:
            raise InvalidOption("--share must not be all zero")

    def phases(self, photos: int, world_size: int = 1) -> list[Phase]:
        """Return the run's phases, in order and without gaps, for a number of photos and of processes."""
        count = len(self.size)
        batches, styles, shares = (_spread(values, count) for values in (self.batch_size, self.style_size, self.share))
        total = self.steps or self._steps_of_epochs(photos, batches, shares, world_size)
        phases, first, sample, done = [], 0, 0, 0.0
        for size, batch, style, share in zip(self.size, batches, styles, shares, strict=True):
            done += share / sum(shares)
            last = round(total * min(done, 1.0))
            phases.append(Phase(first, last, size, batch, style, sample))
            sample += (last - first) * batch * world_size
            first = last
        return [phase for phase in phases if phase.last > phase.first]

    def _steps_of_epochs(self, photos: int, batches: tuple[Any, ...], shares: tuple[Any, ...], world_size: int) -> int:
        a_step = sum(batch * share for batch, share in zip(batches, shares, strict=True)) / sum(shares)
        return max(1, ceil(self.epochs * photos / (a_step * world_size)))

    def to_dict(self) -> dict[str, Any]:
        """Return the options as plain values (tuples as lists), for JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in vars(self).items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TrainConfig:
        """Return the config of plain values, as from TOML or JSON; raises InvalidOption for an unknown or ill-typed one."""
        fields = {field.name: field for field in dataclasses.fields(cls)}
        unknown = set(values) - set(fields)
        if unknown:
            raise InvalidOption(f"there is no training option {sorted(unknown)[0]!r}")
        return cls(**{key: _like(key, value, fields[key].default) for key, value in values.items()})


def _spread(values: tuple[Any, ...], count: int) -> tuple[Any, ...]:
    return values if len(values) == count else values * count


def _like(name: str, value: Any, default: Any) -> Any:
    """Return value as the type of the option's default: a lone value for a tuple, an int for a float."""
    if isinstance(default, tuple):
        return tuple(value) if isinstance(value, (list, tuple)) else (value,)
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not type(default):
        raise InvalidOption(f"training option {name!r} is of type {type(default).__name__}, got {value!r}")
    return value
