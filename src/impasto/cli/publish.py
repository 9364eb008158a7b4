"""`impasto publish`: networks and styles on the Hugging Face Hub."""

from __future__ import annotations

from pathlib import Path

import click

from impasto.cli.command import Command
from impasto.errors import InvalidOption

__all__ = ["publish"]


@click.command(
    cls=Command,
    examples="""
    # A network of your own with its styles
    impasto publish runs/mine/network.onnx --to you/paintings
    # One style; the card is written for it
    impasto publish my.style --to you/paintings
    # What would be sent, as a folder
    impasto publish my.style -o to-send/
    """,
)
@click.argument("what", nargs=-1, required=True, metavar="WHAT...")
@click.option("--to", "repo", metavar="USER/REPO", help="The repository, which is made where it is not there.")
@click.option("--private", is_flag=True, help="Where the repository is made, only you see it.")
@click.option("-o", "--output", metavar="FOLDER", help="Write the files here and send nothing.")
def publish(what: tuple[str, ...], repo: str | None, private: bool, output: str | None) -> None:
    """Put a network and its styles on the Hugging Face Hub, with a card of what their files say.

    WHAT is main, fast or a network's file, with which the styles beside it go, or .style files, or both.  Everybody
    then paints with -s hf:USER/REPO/STYLE.  Log in first: hf auth login.
    """
    from impasto.model import publishing

    if output is not None:
        for path in publishing.write_repository(what, Path(output), repo or "user/repo"):
            click.echo(path)
    elif repo is not None:
        click.echo(publishing.publish(what, repo, private=private))
    else:
        raise InvalidOption("say where to: --to USER/REPO, or --output FOLDER to look at it first")
