"""`impasto export`: a network, or one style of it, for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from impasto.cli.command import Command
from impasto.cli.options import options_of
from impasto.export.config import ExportConfig
from impasto.extras import needing

__all__ = ["export"]


@click.command(
    cls=Command,
    examples="""
    # An ONNX file that takes a picture, a style and a strength
    impasto export main -o painter.onnx
    # One style baked in, for OpenVINO
    impasto export fast -s great-wave --format openvino -o great-wave.xml
    # A folder that transformers loads with trust_remote_code
    impasto export main --format transformers -o impasto-main/
    """,
)
@click.argument("model")
@click.option(
    "-o", "--output", required=True, metavar="OUT", help="The file, or for transformers the folder, to write."
)
@options_of(ExportConfig)
def export(model: str, output: str, **given: Any) -> None:
    """Write a network for other programs.

    MODEL is main, fast, or a network's file.  What is written takes pictures of any size and gives paintings of the
    same size; it is compared with torch before it appears.  More in docs/export.md.
    """
    with needing("train", "exporting"):
        from impasto.export.exporting import export_network
    chosen = {name: value for name, value in given.items() if value is not None}
    exported = export_network(model, Path(output), **chosen)
    for path in exported.paths:
        click.echo(f"{path}  {path.stat().st_size / 1000:.0f} kB")
    for program, difference in exported.differences.items():
        click.echo(f"differs from torch by at most {difference:.1e} in {program}")
