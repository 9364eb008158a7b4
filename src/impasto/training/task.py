"""What is trained: a network and its style vectors, by perceptual losses.  The loop knows nothing of this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from impasto.errors import InvalidOption
from impasto.nets.base import PaintingNet
from impasto.perceptual import losses
from impasto.perceptual.criterion import Distances, PerceptualCriterion
from impasto.training.config import TrainConfig
from impasto.training.distributed import World

__all__ = ["StyleTask", "StyledNetwork", "Targets", "Teacher", "style_targets"]

Targets = dict[str, Tensor]
"""{layer: (S, C, C)}: the Gram matrices of S paintings."""


class StyledNetwork(nn.Module):
    """A painting network together with the vectors of its styles.

    vectors: (styles + 1, P) float32; the last is the identity's.  P is 0 for a network that has its style in its
    weights; raises InvalidOption if it is to have several.
    """

    def __init__(self, net: PaintingNet, styles: int) -> None:
        super().__init__()
        if not net.style_parameters and styles > 1:
            raise InvalidOption(f"--network: this one has its style in its weights: it takes 1 --style, not {styles}")
        self.net = net
        self.vectors = nn.Parameter(torch.stack([net.new_style()] * styles + [net.new_identity()]))

    @property
    def identity(self) -> Tensor:
        """The identity's vector, (1, P)."""
        return self.vectors[-1:]

    def forward(self, photos: Tensor, indexes: Tensor) -> Tensor:
        """Return paintings, (N, 3, H, W), about [0, 1], of such RGB photos in [0, 1].

        indexes: each one's style, (N,) int64.
        """
        painted: Tensor = self.net(photos, self.vectors[indexes])
        return painted


def style_targets(criterion: PerceptualCriterion, paintings: Sequence[Tensor]) -> Targets:
    """Return the Gram matrices of paintings, each (1, 3, H, W) RGB in [0, 1], stacked in their order."""
    each = [criterion.style_target(painting) for painting in paintings]
    return {layer: torch.cat([target[layer] for target in each]) for layer in criterion.style_layers}


@dataclass(frozen=True)
class Teacher:
    """A trained network whose paintings a smaller one learns to imitate.

    vectors: (styles + 1, P) float32, in the order of the model's own; the last is the identity's.
    Source: Hinton et al. 2015, "Distilling the Knowledge in a Neural Network".  Differs: the targets are pictures.
    A step without perceptual losses takes a small part of the time of one with them.
    """

    net: PaintingNet
    vectors: Tensor

    @torch.no_grad()
    def paint(self, photos: Tensor, vectors: Tensor) -> Tensor:
        """Return paintings, (N, 3, S, S), about [0, 1], of such photos; vectors: (N, P), of its own styles."""
        painted: Tensor = self.net(photos, vectors)
        return painted


@dataclass
class StyleTask:
    """One step's loss.

    targets: of all styles; bf16: whether networks run in bfloat16; steps: of the whole run; world: the processes;
    teacher: whom to imitate, or None; balance: what each style's loss is multiplied by, (S,) float32, or None: the
    terms that are reported are without it.
    Everything random is a function of (seed, step), drawn for the photos of all processes, of which each takes its
    share: so a resumed run repeats what it would have done, and two processes do what one does with twice the batch.
    """

    config: TrainConfig
    criterion: PerceptualCriterion
    targets: Targets
    bf16: bool
    steps: int
    world: World = field(default_factory=World)
    teacher: Teacher | None = None
    balance: Tensor | None = None

    def loss(self, model: StyledNetwork, photos: Tensor, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss to minimise and its unweighted terms, all float32 scalars.

        photos: (N, 3, S, S) float32 RGB in [0, 1]; each is painted in a style of its own; step: steps done before.
        """
        config = self.config
        chance = self._chance(step)
        dealt = _deal_styles(len(photos) * self.world.size, len(model.vectors) - 1, chance)
        styles = self.world.share(dealt).to(photos.device)
        with torch.autocast(photos.device.type, torch.bfloat16, enabled=self.bf16):
            painted = model(photos, styles).float()
            terms = {"tv": self._total_variation(painted), "range": losses.out_of_range(painted)}
            if config.is_perceptual:
                distances = self._distances(painted, photos, styles)
                terms |= {"content": distances.content, "style": distances.style}
            if self.teacher is not None and config.teacher_weight:
                error = painted - self.teacher.paint(photos, self.teacher.vectors[styles]).float()
                terms["teacher"] = error.square().flatten(1).mean(1)
            if config.steady_weight:
                terms["steady"] = self._unsteadiness(model, photos, styles, painted, chance)
            if config.identity_weight and model.net.style_parameters:
                terms["identity"] = self._identity_error(model, photos)
            if self.teacher is not None and config.between_weight and model.net.style_parameters:
                terms["between"] = self._error_between(self.teacher, model, photos, styles, chance)
        report = {name: term.mean() for name, term in terms.items()}
        weights = self.weights(step)
        weighted = dict(report)
        if self.balance is not None and "style" in terms:
            weighted["style"] = (self.balance[styles] * terms["style"]).mean()
        return torch.stack([weights[name] * term for name, term in weighted.items()]).sum(), report

    def _chance(self, step: int) -> torch.Generator:
        # The generator reads only 32 bits of its seed; Knuth's factor spreads the run's seeds over these.
        return torch.Generator().manual_seed((self.config.seed * 2654435761 + step * 4096) % 2**32)

    def weights(self, step: int) -> dict[str, float]:
        """Return the weight of each term after so many steps; the style's rises over `style_ramp` of the run."""
        config = self.config
        risen = min(1.0, step / (config.style_ramp * self.steps)) if config.style_ramp else 1.0
        return {
            "content": config.content_weight,
            "style": config.style_weight * (config.style_start + (1 - config.style_start) * risen),
            "tv": config.tv_weight,
            "range": config.range_weight,
            "steady": config.steady_weight,
            "identity": config.identity_weight,
            "teacher": config.teacher_weight,
            "between": config.between_weight,
        }

    def _distances(self, painted: Tensor, photos: Tensor, styles: Tensor) -> Distances:
        style = {layer: gram[styles] for layer, gram in self.targets.items()}
        distances: Distances = self.criterion(painted, self.criterion.content_target(photos), style)
        return distances

    def _total_variation(self, painted: Tensor) -> Tensor:
        relative = self.config.losses == "relative"
        return losses.total_variation(painted) if relative else losses.absolute_total_variation(painted)

    def _unsteadiness(
        self, model: StyledNetwork, photos: Tensor, styles: Tensor, painted: Tensor, chance: torch.Generator
    ) -> Tensor:
        """Return how much half of the paintings change, beyond the shift, when the photos are shifted and noisy.

        Mean squares over the middle of the pictures, (N / 2,) float32.
        Source: Rainy and de Berker 2018 (noise); Huang et al. 2017 and Ruder et al. 2018 (motion between frames).
        Differs: the motion is a whole-pixel shift, so it is known exactly, and what leaves the picture at one side is
        left out of the comparison instead of being estimated.
        """
        half, most = slice(0, (len(photos) + 1) // 2), self.config.steady_shift
        shift = tuple(torch.randint(-most, most + 1, (2,), generator=chance).tolist())
        some, *shape = photos[half].shape
        drawn = torch.randn((some * self.world.size, *shape), generator=chance)
        noise = self.world.share(drawn).to(photos.device) * self.config.steady_noise
        moved = torch.roll(photos[half], shift, (2, 3)) + noise
        expected = torch.roll(painted[half], shift, (2, 3))
        difference: Tensor = (model(moved, styles[half]).float() - expected).square()
        # At least the pixels that came round from the other side; but small pictures must keep a middle.
        margin = min(max(model.net.stride * 4, most), photos.shape[2] // 4)
        return difference[:, :, margin:-margin, margin:-margin].flatten(1).mean(1)

    def _identity_error(self, model: StyledNetwork, photos: Tensor) -> Tensor:
        """Return the mean squared error of some photos painted in the identity style, (N / 4,) float32."""
        some = photos[: (len(photos) + 3) // 4]
        error: Tensor = model.net(some, model.identity).float() - some
        return error.square().flatten(1).mean(1)

    def _error_between(
        self, teacher: Teacher, model: StyledNetwork, photos: Tensor, styles: Tensor, chance: torch.Generator
    ) -> Tensor:
        """Return how far half of the photos, painted between their style and another, are from the teacher's there.

        Mean squared errors, (N / 2,) float32.  Every second other is the identity, as strength leads from it to a
        style.  Of what lies between two vectors a network that learns only the ends knows nothing: it may change all at
        once there, or away from both.
        """
        half, last = slice(0, (len(photos) + 1) // 2), len(model.vectors) - 1
        drawn = torch.rand((len(photos[half]) * self.world.size, 2), generator=chance)
        others, shares = self.world.share(drawn).to(photos.device).tensor_split(2, dim=1)
        ends = (2 * last * others[:, 0]).long().clamp(max=last), styles[half]

        def between(vectors: Tensor) -> Tensor:
            return torch.lerp(vectors[ends[0]], vectors[ends[1]], shares)

        painted = model.net(photos[half], between(model.vectors)).float()
        error: Tensor = painted - teacher.paint(photos[half], between(teacher.vectors)).float()
        return error.square().flatten(1).mean(1)


def _deal_styles(photos: int, styles: int, chance: torch.Generator) -> Tensor:
    """Return a style for each photo, (photos,) int64, dealt like cards: none comes twice before all came once."""
    rounds = -(-photos // styles)
    return torch.cat([torch.randperm(styles, generator=chance) for _ in range(rounds)])[:photos]
