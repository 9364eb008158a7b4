"""`impasto train`: a network from paintings and photos."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from impasto.cli.command import Command
from impasto.cli.options import options_of
from impasto.errors import InvalidOption
from impasto.extras import needing
from impasto.training.config import TrainConfig

__all__ = ["config_of", "pictures_of", "train"]


@click.command(
    cls=Command,
    examples="""
    # A network from scratch
    impasto train --style painting.jpg --data photos/ -o runs/mine --preview photo.jpg
    # The bundled network, taught one more painting
    impasto train --base bundled --style painting.jpg --data photos.zip --steps 400 -o runs/mine
    # A recipe
    impasto train --config configs/johnson2016.toml -o runs/johnson2016
    # Go on after an interruption
    impasto train --resume runs/mine
    # Two processes
    torchrun --nproc-per-node=2 -m impasto train --style painting.jpg --data photos/ -o runs/mine
    """,
)
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
    config = None if resume is not None else config_of(recipe, chosen)
    with needing("train", "training"):
        from impasto.export import write_model
        from impasto.training import run
        from impasto.training.distributed import leads
    trained = run.begin(config) if config is not None else run.resume(Path(str(resume)))
    if not leads():
        return
    for path in write_model(trained, Path(config.output if config is not None else str(resume))):
        click.echo(path)


def config_of(recipe: str | None, chosen: dict[str, Any]) -> TrainConfig:
    """Return the config of a recipe's file, if any, and of options that stand above it."""
    from impasto.training.recipe import read_recipe

    config = TrainConfig.from_dict({**(read_recipe(Path(recipe)) if recipe is not None else {}), **chosen})
    return replace(config, style=pictures_of(config.style), preview=pictures_of(config.preview))


def pictures_of(named: tuple[str, ...]) -> tuple[str, ...]:
    """Return the files, with folders replaced by the pictures in them."""
    from impasto.batch.jobs import find

    return tuple(map(str, find(named)))
