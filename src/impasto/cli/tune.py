"""`impasto tune`: the best options of a training run, found by short runs."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import Any

import click

from impasto.cli.command import Command
from impasto.cli.options import options_of
from impasto.cli.train import config_of, pictures_of
from impasto.extras import needing
from impasto.training.config import TrainConfig, TuneConfig

__all__ = ["tune"]

SEARCHED = ("lr", "style_weight", "preview")


@click.command(
    cls=Command,
    examples="""
    # Twenty short runs, in at most three hours
    impasto tune --style painting.jpg --data photos/ --judge unseen/ --steps 300 --trials 20 --budget 3h -o study
    # Then the run itself, with what was best
    impasto train --config study/best.toml --style painting.jpg --data photos/ -o runs/mine
    """,
)
@click.option("--config", "recipe", metavar="FILE", help="A recipe (TOML) whose options hold where none is given here.")
@options_of(TuneConfig)
@options_of(TrainConfig, but=SEARCHED)
def tune(recipe: str | None, **given: Any) -> None:
    """Search learning rate, style weight and width of a training run, whose other options are given.

    Each trial is a run of --steps, judged on the photos that --judge sets apart.  The study in --output goes on where
    it was when the same is asked again; best.toml in it is a recipe of the best options.
    """
    own = {field.name for field in dataclasses.fields(TuneConfig)}
    chosen = {name: value for name, value in given.items() if value is not None}
    config = TuneConfig(**{name: value for name, value in chosen.items() if name in own})
    base = config_of(recipe, {name: value for name, value in chosen.items() if name not in own})
    with needing("tune", "tuning"):
        from impasto.training.tune import tune as tuned
    judge = pictures_of(config.judge)
    best = tuned(replace(base, preview=()), replace(config, judge=judge), lambda line: click.echo(line, err=True))
    options = ", ".join(f"{name} {value}" for name, value in best.options.items())
    click.echo(f"best of {best.trials} trials, {best.objective:.4f}: {options}\n{best.recipe}")
