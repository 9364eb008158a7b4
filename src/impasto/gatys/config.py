"""What an optimisation is: every option, its default and its sentence, and the presets."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from impasto.errors import InvalidOption
from impasto.options import adapted, bytes_of, check, check_name, option, seconds_of

__all__ = ["PRESETS", "OptimizeConfig"]

COLOURS = ("style", "match", "luminance")
LOSSES = ("gram", "mean-deviation", "wasserstein", "histogram", "nearest")
MOST_KINDS = 8


@dataclass(frozen=True)
class OptimizeConfig:
    """How a picture is optimised.  Frozen, and written into the result, so that it can be repeated."""

    size: int = option(512, "px of the result's long side; 0 keeps the photo's size", low=0)
    weights: tuple[float, ...] = option((1.0,), "share of each painting, in their order", low=0)
    start: str = option(
        "auto",
        "what to begin with: network (the fast network's painting), photo, noise, mean (the paintings' colours), a "
        "picture or a .style file; auto is network where a style of this painting is known, else photo",
    )
    preset: str = option("", "settings of a paper, which other options still change", choices=("", "gatys-2015"))

    style_strength: float = option(
        0.5, "content distance that the style may cost: 0 is content only, 1 style only", low=0, high=1
    )
    style_weight: float = option(0.0, "weight of the style loss, where not 0, instead of --style-strength", low=0)
    content_weight: float = option(1.0, "weight of the content loss", low=0)
    tv_weight: float = option(0.0, "weight of the total variation, against noise", low=0)
    edge_weight: float = option(0.0, "weight of the Laplacian loss, which keeps the photo's edges", low=0)
    style_loss: str = option("gram", "what of the painting is matched", choices=LOSSES)
    losses: str = option(
        "relative", "relative losses or the 2015 paper's absolute ones", choices=("relative", "absolute")
    )
    content_layers: tuple[str, ...] = option(("relu4_2",), "VGG-19 layers that content is compared at")
    style_layers: tuple[str, ...] = option(
        ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"), "VGG-19 layers that style is compared at"
    )
    pooling: str = option("max", "VGG-19's pooling", choices=("max", "average"))
    vgg: str = option("caffe", "VGG-19's weights: caffe, torchvision, or the path of torchvision's checkpoint")

    stroke: float = option(1.0, "size of the strokes: of the painting, relative to the result", low=0.1, high=4)
    fine: str = option(
        "", "painting that fine strokes (relu1_1 and relu2_1) are taken from, the layout from the others"
    )
    color: str = option(
        "style", "the painting's colours, the photo's matched to it first, or its luminance only", choices=COLOURS
    )
    semantic: str = option(
        "", "pair kinds of things in photo and painting, as sky with sky: auto, or how many kinds there are, 2 to 8"
    )

    steps: tuple[int, ...] = option(
        (0,), "steps in all, or of each scale; 0 means 150 in all, or as many as --budget allows", low=0
    )
    budget: str = option("", "time to take, such as 30s or 5m")
    smallest: int = option(256, "px of the long side of the coarsest scale", low=32)
    optimizer: str = option("lbfgs", "the solver", choices=("lbfgs", "adam"))
    lr: float = option(0.02, "Adam's learning rate, in units of the picture's range", low=0)
    average: float = option(0.9, "decay of the running average of Adam's pictures", low=0, high=0.9999)
    history: int = option(16, "pairs of steps that L-BFGS remembers", low=1, high=200)
    seed: int = option(0, "seed of everything random", low=0, high=2**31 - 1)
    precision: str = option(
        "auto", "bf16 runs VGG-19 in bfloat16, losses stay float32", choices=("auto", "f32", "bf16")
    )
    device: str = option("auto", "auto, cpu, cuda or cuda:N")
    max_memory: str = option("", "memory to use at most, such as 4GB; else what is free")

    def __post_init__(self) -> None:
        check(self)
        if self.budget:
            seconds_of(self.budget, "--budget")
        if any(self.steps) and self.budget:
            raise InvalidOption("--steps and --budget both bound the work; give one")
        if self.max_memory:
            bytes_of(self.max_memory, "--max-memory")
        if len(self.steps) > 1 and not self.steps[0]:
            raise InvalidOption("--steps must not be 0 for the first scale")
        if self.semantic not in ("", "auto", *map(str, range(2, MOST_KINDS + 1))):
            raise InvalidOption(f"--semantic is auto or a number from 2 to {MOST_KINDS}, got {self.semantic!r}")
        if not sum(self.weights):
            raise InvalidOption("--weights must not be all zero")
        if self.losses == "absolute" and self.style_loss != "gram":
            raise InvalidOption(f"--losses absolute knows Gram matrices only, not --style-loss {self.style_loss}")
        if self.losses == "absolute" and not self.style_weight:
            raise InvalidOption("--losses absolute needs --style-weight, as a strength is for relative ones")

    @classmethod
    def of(cls, **given: Any) -> OptimizeConfig:
        """Return the config of what is given, on top of the preset that is named in it, if any.

        Raises InvalidOption for an unknown name or a value that does not fit.
        """
        for name in given:
            check_name(cls, name, "optimize")
        preset = given.get("preset", "")
        if preset and preset not in PRESETS:
            raise InvalidOption(f"--preset is one of {', '.join(PRESETS)}, got {preset!r}")
        defaults = {field.name: field.default for field in dataclasses.fields(cls)}
        values = {name: adapted(value, defaults[name]) for name, value in given.items()}
        return cls(**{**PRESETS.get(preset, {}), **values})

    @property
    def kinds(self) -> int:
        """How many kinds of things to pair; 0 where that is to be found out."""
        return 0 if self.semantic == "auto" else int(self.semantic)


PRESETS: dict[str, dict[str, Any]] = {
    "gatys-2015": {
        "losses": "absolute",
        "style_weight": 1e3,
        "content_layers": ("conv4_2",),
        "style_layers": ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"),
        "pooling": "average",
        "start": "noise",
        "smallest": 1 << 20,
        "steps": (500,),
        "precision": "f32",
    },
}
"""Gatys et al. 2015, "A Neural Algorithm of Artistic Style", section "Methods": white noise, one scale, ratio of the
weights 1e-3, layers as there; their figures used average pooling.  Differs: VGG-19's weights are not rescaled."""
