"""`impasto train`: a network from paintings and photos."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from impasto.cli.options import options_of
from impasto.errors import InvalidOption
from impasto.training.config import TrainConfig

__all__ = ["train"]


@click.command()
@click.option("--config", "recipe", metavar="FILE", help="A recipe (TOML) whose options hold where none is given here.")
@click.option("--resume", metavar="RUN", help="Go on with the run in this folder, with the options that it began with.")
@options_of(TrainConfig)
def train(recipe: str | None, resume: str | None, **given: Any) -> None:
    """Train a network on paintings and photos.

    Writes checkpoints, a record and previews into the run's folder and, at the end, network.onnx, its safetensors twin
    and a .style file for each painting.  Ctrl-C keeps what was reached; --resume goes on from it exactly.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    if resume is not None and (chosen or recipe):
        raise InvalidOption("--resume takes no other options: a run goes on as it began")
    from impasto.export import write_model
    from impasto.training import run

    trained = run.resume(Path(resume)) if resume is not None else run.begin(_config(recipe, chosen))
    for path in write_model(trained, Path(resume or chosen["output"])):
        click.echo(path)


def _config(recipe: str | None, chosen: dict[str, Any]) -> TrainConfig:
    from impasto.training.recipe import read_recipe

    for name in ("style", "preview"):
        if name in chosen:
            chosen[name] = _pictures(chosen[name])
    return TrainConfig.from_dict({**(read_recipe(Path(recipe)) if recipe else {}), **chosen})


def _pictures(named: tuple[str, ...]) -> tuple[str, ...]:
    """Return the files, with folders replaced by the pictures in them."""
    from impasto.batch.jobs import plan

    return tuple(str(job.photo) for job in plan(named, None, "style"))
