"""What a training run and a fit are: every option, its default and its sentence."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any, TypeVar

from impasto.errors import InvalidOption
from impasto.options import adapted, check, check_name, check_value, flag, option, seconds_of

__all__ = ["FitConfig", "Phase", "TrainConfig", "TuneConfig", "check_sizes"]

T = TypeVar("T")


@dataclass(frozen=True)
class Phase:
    """A part of a run with one picture size.

    first, last: steps, last excluded; size: px of the photos' crops; style_size: px of the paintings' long side.
    """

    first: int
    last: int
    size: int
    batch_size: int
    style_size: int


@dataclass(frozen=True)
class TrainConfig:
    """A training run.  Frozen, saved with the run, and all that a resumed run needs."""

    style: tuple[str, ...] = option((), "painting to learn, or a folder of them; each becomes a style of the network")
    data: tuple[str, ...] = option((), "folder, zip, tars or hf:USER/NAME of photos to train on")
    output: str = option("", "folder of the run: checkpoints, record, previews and the finished network")
    base: str = option(
        "", "finished run, network's file, bundled or fast to start from; its styles of the same names go on"
    )
    teacher: str = option("", "network to imitate, named as for --base; it must know every style")
    network: str = option(
        "", "architecture, such as impasto, impasto:channels=48 or johnson:norm=batch; by default --base's, or impasto"
    )

    steps: int = option(0, "training steps; 0 means as many as --epochs asks for", low=0)
    epochs: float = option(2.0, "passes over the photos, where --steps is 0", low=0)
    size: tuple[int, ...] = option((128, 256), "px of the photos' crops, one number for each phase", low=32)
    batch_size: tuple[int, ...] = option((8, 4), "photos in a step, for each phase", low=1)
    style_size: tuple[int, ...] = option((512,), "px of the paintings' long side, for each phase", low=64)
    share: tuple[float, ...] = option((0.4, 0.6), "share of the steps that each phase gets", low=0)

    content_weight: float = option(1.0, "weight of the content loss", low=0)
    style_weight: float = option(6.0, "weight of the style loss", low=0)
    style_start: float = option(0.15, "style weight at the first step, as a part of --style-weight", low=0, high=1)
    style_ramp: float = option(0.4, "part of the run over which the style weight rises", low=0, high=1)
    tv_weight: float = option(1.0, "weight of the total variation", low=0)
    range_weight: float = option(10.0, "weight of the penalty on values outside [0, 1]", low=0)
    identity_weight: float = option(5.0, "weight of the learned identity style's error; 0 learns none", low=0)
    steady_weight: float = option(10.0, "weight of the change that noise and a shift of the photo make", low=0)
    steady_noise: float = option(0.02, "deviation of that noise", low=0, high=1)
    steady_shift: int = option(6, "largest such shift in px", low=0)
    teacher_weight: float = option(200.0, "weight of the error against the teacher's paintings", low=0)
    between_weight: float = option(
        100.0, "weight of that error between styles, and between a style and the photo; 0 leaves both to chance", low=0
    )
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
    auto: bool = option(
        False, "balance the styles by their gradients, and go back to the last good state when the loss spikes"
    )
    ema: float = option(0.998, "decay of the running average of the weights that is exported", low=0, high=0.99999)
    seed: int = option(0, "seed of everything random", low=0, high=2**31 - 1)

    precision: str = option(
        "auto", "bf16 runs networks in bfloat16, losses stay float32", choices=("auto", "f32", "bf16")
    )
    device: str = option("auto", "auto, cpu, cuda or cuda:N")
    workers: int = option(2, "processes that read photos", low=0)
    blank: float = option(0.02, "part of the photos replaced by smooth patches, against blobs on sky", low=0, high=1)
    preview: tuple[str, ...] = option((), "photo that previews are painted of, or a folder of them")
    preview_every: int = option(250, "steps between previews", low=1)
    checkpoint_every: int = option(100, "steps between checkpoints", low=1)
    log_every: int = option(10, "steps between lines of the record", low=1)

    def __post_init__(self) -> None:
        check(self)
        _check_counts(self, ("batch_size", "style_size", "share"))
        if not any(self.share):
            raise InvalidOption("--share must not be all zero")
        if not self.steps and not self.epochs:
            raise InvalidOption("--steps and --epochs are both 0, so there is nothing to train")
        if not self.is_perceptual and not (self.teacher and self.teacher_weight):
            raise InvalidOption(
                "--content-weight and --style-weight are both 0 and there is no --teacher to learn from"
            )
        if self.steady_weight and self.steady_shift > min(self.size) // 4:
            raise InvalidOption(
                f"--steady-shift must be at most a quarter of the smallest --size, {min(self.size) // 4}, "
                f"got {self.steady_shift}"
            )

    @property
    def is_perceptual(self) -> bool:
        """Whether the perceptual network is asked; without it a network learns from its teacher alone."""
        return bool(self.content_weight or self.style_weight)

    def phases(self, photos: int, world_size: int = 1) -> list[Phase]:
        """Return the run's phases, in order and without gaps, for a number of photos and of processes.

        photos, world_size: at least 1.  At least one phase, each of at least one step.
        """
        count = len(self.size)
        batches, styles = _spread(self.batch_size, count), _spread(self.style_size, count)
        # Fractions, as sums of floats may fall short of the whole and leave steps over.
        shares = _spread(tuple(map(Fraction, self.share)), count)
        total = self.steps or self._steps_of_epochs(photos, batches, shares, world_size)
        phases, first, done = [], 0, Fraction(0)
        for size, batch, style, share in zip(self.size, batches, styles, shares, strict=True):
            done += share / sum(shares)
            last = round(total * done)
            phases.append(Phase(first, last, size, batch, style))
            first = last
        return [phase for phase in phases if phase.last > phase.first]

    def _steps_of_epochs(
        self, photos: int, batches: tuple[int, ...], shares: tuple[Fraction, ...], world_size: int
    ) -> int:
        a_step = sum(batch * share for batch, share in zip(batches, shares, strict=True)) / sum(shares)
        return max(1, ceil(Fraction(self.epochs) * photos / (a_step * world_size)))

    def to_dict(self) -> dict[str, Any]:
        """Return the options as plain values (tuples as lists), for JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in vars(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainConfig:
        """Return the config of plain values, as from TOML or JSON.

        A lone value will do for a tuple, a list too, and an int for a float.
        Raises InvalidOption for an unknown name, an ill-typed value, or one that does not fit.
        """
        cls.check_plain(values)
        defaults = {field.name: field.default for field in dataclasses.fields(cls)}
        return cls(**{key: adapted(value, defaults[key]) for key, value in values.items()})

    @classmethod
    def check_plain(cls, values: Mapping[str, Any]) -> None:
        """Raise InvalidOption as `from_dict` does, but look at each value by itself only: these may be some of many."""
        fields = {field.name: field for field in dataclasses.fields(cls)}
        for key, value in values.items():
            check_name(cls, key, "training")
            check_value(fields[key], adapted(value, fields[key].default))


@dataclass(frozen=True)
class FitConfig:
    """How a style is learned."""

    photos: tuple[str, ...] = option((), "folder, zip or tar of photos to learn on; else those that come with Impasto")
    budget: str = option("3m", "time to learn for, such as 90s, 3m or 1h")
    steps: int = option(0, "learn for so many steps instead of --budget", low=0)
    size: tuple[int, ...] = option(
        (128, 256), "px of the photos' crops, one number for each phase of equal time", low=32
    )
    batch_size: tuple[int, ...] = option((8, 3), "photos in a step, for each phase", low=1)
    style_size: int = option(512, "px of the painting's long side: larger makes larger strokes", low=64)
    content_weight: float = option(1.0, "weight of the content loss", low=0)
    style_weight: float = option(8.0, "weight of the style loss", low=0)
    tv_weight: float = option(0.5, "weight of the total variation", low=0)
    lr: float = option(2e-2, "Adam's learning rate for the vector", low=0)
    mixing_lr: float = option(5e-3, "Adam's learning rate for the mixing", low=0)
    ema: float = option(0.95, "decay of the running average of the vector", low=0, high=0.9999)
    seed: int = option(0, "seed of everything random", low=0, high=2**31 - 1)
    vgg: str = option("caffe", "VGG-19's weights: caffe, torchvision, or the path of torchvision's checkpoint")
    precision: str = option("auto", "bf16 runs networks in bfloat16", choices=("auto", "f32", "bf16"))
    device: str = option("auto", "auto, cpu, cuda or cuda:N")

    def __post_init__(self) -> None:
        check(self)
        seconds_of(self.budget, "--budget")
        _check_counts(self, ("batch_size",))

    def phases(self) -> list[tuple[int, int]]:
        """Return size in px and batch size of each phase, in order."""
        return list(zip(self.size, _spread(self.batch_size, len(self.size)), strict=True))


@dataclass(frozen=True)
class TuneConfig:
    """How a run's options are searched."""

    judge: tuple[str, ...] = option((), "photo set apart that trials are judged on, or a folder of them")
    judge_weight: float = option(10.0, "weight of the style distance in what trials are judged by", low=0)
    trials: int = option(20, "runs to make in all", low=1)
    budget: str = option("", "time after which no further run is begun, such as 2h")
    lr_range: tuple[float, ...] = option((5e-4, 8e-3), "lowest and highest learning rate", low=1e-8)
    style_range: tuple[float, ...] = option((2.0, 20.0), "lowest and highest style weight", low=1e-8)
    widths: tuple[int, ...] = option((32, 48, 64), "channels of the network to choose from", low=1)

    def __post_init__(self) -> None:
        check(self)
        if self.budget:
            seconds_of(self.budget, "--budget")
        for name in ("lr_range", "style_range"):
            values = getattr(self, name)
            if len(values) != 2 or values[0] > values[1]:
                raise InvalidOption(f"{flag(name)} is two rising numbers, got {','.join(map(str, values))}")


def check_sizes(sizes: Sequence[int], stride: int) -> None:
    """Raise InvalidOption unless crops of these sizes, in px, fit a network of this stride."""
    for size in sizes:
        if size % stride:
            raise InvalidOption(f"--size must be a multiple of {stride} for this network, got {size}")


def _check_counts(config: TrainConfig | FitConfig, names: Sequence[str]) -> None:
    """Raise InvalidOption unless the options of these names have one value, or one for each of the config's sizes."""
    for name in names:
        values, phases = getattr(config, name), len(config.size)
        if values != getattr(type(config), name) and len(values) not in (1, phases):
            raise InvalidOption(
                f"{flag(name)} has {len(values)} numbers, --size has {phases}: give one, or one for each phase"
            )


def _spread(values: tuple[T, ...], count: int) -> tuple[T, ...]:
    """Return `count` values: where there are fewer, as of a lone one or of a default, the last again and again."""
    return values[:count] + values[-1:] * (count - len(values))
