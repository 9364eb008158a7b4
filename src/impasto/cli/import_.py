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
    # A network of another program that was exported as ONNX
    impasto import mosaic-9.onnx -o mosaic.onnx
    # Both paint as any style does
    impasto stylize photo.jpg -s candy.onnx
    """,
)
@click.argument("checkpoint")
@click.option(
    "-o", "--output", metavar="FILE", help="The .onnx file.  [CHECKPOINT's name with .onnx or -impasto.onnx, here]"
)
@click.option(
    "--range", "range_", type=click.Choice(["auto", "255", "1", "symmetric"]), default="auto", show_default=True,
    help="Pixels of an .onnx file: 0 to 255, 0 to 1, or -1 to 1; auto paints a photo to see.",
)  # fmt: skip
def import_(checkpoint: str, output: str | None, range_: str) -> None:
    """Turn a checkpoint of another program (.pth, .model), or any painting network as ONNX, into a network.

    Checkpoints are those of pytorch/examples' fast_neural_style, of rrmina/fast-neural-style-pytorch and of
    gordicaleksa/pytorch-neural-style-transfer-johnson.  An .onnx file takes one picture and gives one.
    What comes out is a network with one style in its weights: impasto stylize PHOTO -s FILE paints with it.  Nothing
    that is in the checkpoint is executed.
    """
    with needing("train", "importing"):
        from impasto.export.checkpoint import import_checkpoint
    given = Path(checkpoint)
    named = f"{given.stem}-impasto.onnx" if given.suffix.lower() == ".onnx" else f"{given.stem}.onnx"
    for path in import_checkpoint(checkpoint, output or named, range_=range_):
        click.echo(path)
