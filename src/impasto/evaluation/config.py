"""How paintings are judged: every option, its default and its sentence."""

from __future__ import annotations

from dataclasses import dataclass

from impasto.options import check, option

__all__ = ["EvaluateConfig"]


@dataclass(frozen=True)
class EvaluateConfig:
    """An evaluation.  Written into its report, so that it can be repeated."""

    size: int = option(512, "px of the long side at which photos are painted and all is judged", low=64)
    pairs: int = option(0, "judge at most so many pairs of photo and painting, evenly spread; 0 means all", low=0)
    gatys: tuple[int, ...] = option((100, 500), "iterations of Gatys' method to stand beside; 0 leaves it out", low=0)
    gatys_start: str = option("noise", "what Gatys' method begins with", choices=("noise", "photo"))
    style_weight: float = option(10.0, "weight of the style distance in the objective, also in Gatys'", low=0)
    tv_weight: float = option(10.0, "weight of the total variation there, against noise", low=0)
    resamples: int = option(2000, "resamples that the intervals are taken from", low=100)
    frames: int = option(24, "frames of each film that are judged", low=2)
    shown: int = option(4, "pairs on the contact sheet", low=1)
    seed: int = option(0, "seed of everything random", low=0, high=2**31 - 1)
    vgg: str = option("caffe", "VGG-19's weights: caffe, torchvision, or the path of torchvision's checkpoint")
    precision: str = option(
        "auto",
        "bf16 runs VGG-19 in bfloat16 in Gatys' method; the judge is always float32",
        choices=("auto", "f32", "bf16"),
    )
    device: str = option("auto", "auto, cpu, cuda or cuda:N")

    def __post_init__(self) -> None:
        check(self)

    @property
    def iterations(self) -> tuple[int, ...]:
        """The iterations of Gatys' method that become rows, rising; none where the option is 0."""
        return tuple(sorted({count for count in self.gatys if count}))
