"""Searching a run's learning rate, style weight and width with Optuna: short runs, judged on photos set apart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from impasto.atomic import atomic_write, make_folder
from impasto.errors import Diverged, EngineUnavailable, InvalidOption, TrainingError
from impasto.options import seconds_of
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.paintings import load_painting
from impasto.perceptual.weights import load_vgg19
from impasto.training import run
from impasto.training.config import TrainConfig, TuneConfig
from impasto.training.pictures import load_previews
from impasto.training.state import CHECKPOINT
from impasto.training.task import style_targets

if TYPE_CHECKING:
    from optuna import Study, Trial

__all__ = ["Best", "tune"]

BEST, STUDY = "best.toml", "study.db"


@dataclass(frozen=True)
class Best:
    """What a study has found.

    objective: content + judge_weight * style on the photos set apart, smaller is better; options: the tuned ones;
    trials: how many were judged; recipe: the file of the options, for `impasto train --config`.
    """

    objective: float
    options: dict[str, Any]
    trials: int
    recipe: Path


def tune(base: TrainConfig, config: TuneConfig, follow: Callable[[str], None] = lambda line: None) -> Best:
    """Search until there are so many trials or the budget is over, and return the best.

    Learning rate (the vectors' keeps its ratio to it), style weight and the network's width are searched.
    base: of all runs; its output is the study's folder, in which study.db keeps every trial: the same call goes on
    with it, and a trial that was interrupted goes on from its checkpoint.  follow: called with a line after each trial.
    A trial whose loss leaves its way is one that has come to its end; whatever else is wrong ends the search, and that
    trial is made again by the next call.
    Raises InvalidOption for a folder that holds another study, EngineUnavailable if Optuna is absent, TrainingError if
    no trial was judged or study.db cannot be used, and as `training.run.begin` does.
    """
    if not base.output:
        raise InvalidOption("tuning needs --output, the study's folder")
    if not config.judge:
        raise InvalidOption("tuning needs --judge, photos set apart")
    base = replace(base, network=run.architecture(base))
    judge = _Judge(base, config)
    folder = make_folder(Path(base.output))

    def objective(trial: Trial) -> float:
        chosen = _chosen(trial, base, config)
        try:
            made = run.resume(Path(chosen.output)) if _begun(chosen) else run.begin(chosen)
        except Diverged as error:  # a learning rate that is too large is an answer, too
            follow(f"trial {trial.number}: {_written(chosen)}: {error}")
            raise _optuna().TrialPruned from error
        value = judge(made)
        follow(f"trial {trial.number}: {_written(chosen)}: {value:.4f}")
        return value

    seconds = seconds_of(config.budget, "--budget") if config.budget else None
    with _damage_told(folder / STUDY):
        study = _open(folder, base, config)
        done = _again(study)
        if done < config.trials:
            study.optimize(objective, n_trials=config.trials - done, timeout=seconds)
        return _best(study, base, config)


class _Judge:
    """Judges finished runs on the photos set apart, always by the relative losses."""

    def __init__(self, base: TrainConfig, config: TuneConfig) -> None:
        self.weight = config.judge_weight
        # Multiples of 16 suit the stride of every network there is.
        self.photos = [photo for _, photo in load_previews(config.judge, 16)]
        self.criterion = PerceptualCriterion(load_vgg19(base.vgg, pooling=base.pooling))  # type: ignore[arg-type]
        paintings = [load_painting(file, base.style_size[-1]) for file in base.style]
        self.targets = style_targets(self.criterion, paintings)

    @torch.inference_mode()
    def __call__(self, made: run.Trained) -> float:
        """Return the mean of content + weight * style over photos and styles."""
        styles = range(len(next(iter(self.targets.values()))))
        return fmean(self._objective(made, photo, style) for photo in self.photos for style in styles)

    def _objective(self, made: run.Trained, photo: Tensor, style: int) -> float:
        vector = list(made.vectors.values())[style][None]
        target = {layer: gram[style : style + 1] for layer, gram in self.targets.items()}
        painted = made.net(photo, vector).clamp(0, 1)
        found = self.criterion(painted, self.criterion.content_target(photo), target)
        return float(found.content + self.weight * found.style)


def _optuna() -> Any:
    try:
        import optuna
    except ModuleNotFoundError as error:
        raise EngineUnavailable(f"tuning needs {error.name}; pip install 'impasto[tune]'") from error
    return optuna


@contextmanager
def _damage_told(study: Path) -> Iterator[None]:
    """Raise TrainingError where the database of a study cannot be read or written."""
    unusable = _optuna().exceptions.StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, unusable) as error:
        cause = error.__cause__ or error
        reason = getattr(cause, "orig", None) or cause
        raise TrainingError(f"--output: {study} cannot be used ({reason}); mend it, or name another folder") from error


def _open(folder: Path, base: TrainConfig, config: TuneConfig) -> Study:
    """Return the folder's study; raises InvalidOption if it is one of other options."""
    optuna = _optuna()
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # it would print the trace of an error that is told in one line
    study: Study = optuna.create_study(
        study_name="impasto", storage=f"sqlite:///{folder / STUDY}", direction="minimize", load_if_exists=True
    )
    # As many seeds as trials, or a study that goes on would ask for the same random ones again.
    study.sampler = optuna.samplers.TPESampler(seed=base.seed + len(study.trials))
    asked = json.loads(json.dumps({"train": base.to_dict(), "tune": {**vars(config), "trials": 0, "budget": ""}}))
    known = study.user_attrs.get("asked", asked)
    if known != asked:
        names = [name for part in asked for name in asked[part] if known[part].get(name) != asked[part][name]]
        raise InvalidOption(
            f"--output: {folder} holds a study with another {' and '.join(names)}; give the same, or another folder"
        )
    study.set_user_attr("asked", asked)
    return study


def _again(study: Study) -> int:
    """Enqueue the trials that were interrupted, and return how many have come to their end."""
    states = _optuna().trial.TrialState
    for trial in study.get_trials(states=(states.RUNNING, states.FAIL)):
        if trial.state == states.RUNNING:
            study.tell(trial.number, state=states.FAIL)
        if trial.params and trial.params not in [other.params for other in study.trials[trial.number + 1 :]]:
            study.enqueue_trial(trial.params)
    return len(study.get_trials(states=(states.COMPLETE, states.PRUNED)))


def _chosen(trial: Trial, base: TrainConfig, config: TuneConfig) -> TrainConfig:
    lr = trial.suggest_float("lr", *config.lr_range, log=True)
    style_weight = trial.suggest_float("style_weight", *config.style_range, log=True)
    channels = trial.suggest_categorical("channels", config.widths)
    name = hashlib.sha256(json.dumps(trial.params, sort_keys=True).encode()).hexdigest()[:12]
    return replace(
        base,
        lr=lr,
        vector_lr=lr * base.vector_lr / base.lr,
        style_weight=style_weight,
        network=_widened(base.network, channels),
        output=str(Path(base.output) / "trials" / name),
    )


def _widened(network: str, channels: int) -> str:
    """Return a network's name with another number of channels."""
    family, _, fields = network.partition(":")
    kept = [field for field in fields.split(",") if field and not field.startswith("channels=")]
    return f"{family}:{','.join([f'channels={channels}', *kept])}"


def _begun(config: TrainConfig) -> bool:
    return (Path(config.output) / CHECKPOINT).exists()


def _written(config: TrainConfig) -> str:
    return f"lr {config.lr:.2g}, style weight {config.style_weight:.2g}, {config.network}"


def _best(study: Study, base: TrainConfig, config: TuneConfig) -> Best:
    states = _optuna().trial.TrialState
    judged = study.get_trials(states=(states.COMPLETE,))
    if not judged:
        raise TrainingError("no trial came to its end; give a longer --budget, or smaller learning rates")
    best = min(judged, key=lambda trial: float(trial.value or 0))
    lr = best.params["lr"]
    options = {
        "network": _widened(base.network, best.params["channels"]),
        "lr": lr,
        "vector_lr": lr * base.vector_lr / base.lr,
        "style_weight": best.params["style_weight"],
    }
    recipe = Path(base.output) / BEST
    lines = [f"# The best of {len(judged)} trials of impasto tune: {best.value:.4f}"]
    lines += [f"{name} = {json.dumps(value)}" for name, value in options.items()]
    with atomic_write(recipe) as file:
        file.write("\n".join([*lines, ""]).encode())
    return Best(float(best.value or 0), options, len(judged), recipe)
