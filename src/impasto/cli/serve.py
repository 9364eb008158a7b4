"""`impasto serve`: painting over HTTP."""

from __future__ import annotations

import os
from typing import Any

import click

from impasto.cli.command import Command
from impasto.cli.options import options_of
from impasto.extras import needing
from impasto.server.settings import ServerSettings

__all__ = ["serve"]


@click.command(
    cls=Command,
    examples="""
    # A studio and an HTTP API for this machine, at http://127.0.0.1:8000
    impasto serve
    # For the whole network: everybody must bring the key
    impasto serve --host 0.0.0.0 --port 9000 --key "$(cat key.txt)"
    # The API alone
    impasto serve --no-studio
    """,
)
@options_of(ServerSettings)
def serve(**given: Any) -> None:
    """Serve painting over HTTP, with a web studio.

    It listens to this machine alone unless --host says otherwise.  Ctrl-C ends it.  docs/server.md says what may be
    asked for.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    settings = ServerSettings(**{"key": os.environ.get("IMPASTO_KEY", ""), **chosen})
    with needing("serve", "serving"):
        from impasto.server.run import run
    run(settings, lambda line: click.echo(f"impasto: {line}", err=True))
