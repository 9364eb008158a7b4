"""`impasto import`: a checkpoint of another program becomes a network."""

from __future__ import annotations

from pathlib import Path

import click

from impasto.cli.command import Command
from impasto.extras import needing

__all__ = ["import_"]


@click.command(
    "import",
    cls=Command,
    examples="""
    # A style of pytorch/examples' fast_neural_style becomes a network
    impasto import candy.pth -o candy.onnx
    # It paints as any style does
    impasto stylize photo.jpg -s candy.onnx
    """,
)
@click.argument("checkpoint")
@click.option("-o", "--output", metavar="FILE", help="The .onnx file.  [CHECKPOINT's name with .onnx, in this folder]")
def import_(checkpoint: str, output: str | None) -> None:
    """Turn a checkpoint of pytorch/examples' fast_neural_style (.pth, .model) into a network.

    What comes out is a network with one style in its weights: impasto stylize PHOTO -s FILE paints with it.  Nothing
    that is in the checkpoint is executed.
    """
    with needing("train", "importing"):
        from impasto.export.checkpoint import import_checkpoint
    for path in import_checkpoint(checkpoint, output or f"{Path(checkpoint).stem}.onnx"):
        click.echo(path)
