"""A command whose help ends with examples."""

from __future__ import annotations

import inspect
from typing import Any

import click

__all__ = ["Command"]


class Command(click.Command):
    """A command with examples: `@click.command(cls=Command, examples=...)`.

    examples: command lines, each under a comment that says what it is for.  They end the command's help, its manual and
    its part of the reference, and the tests parse each of them.
    """

    def __init__(self, *arguments: Any, examples: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.examples = inspect.cleandoc(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, their lines as they are."""
        with formatter.section("Examples"):
            for line in self.examples.splitlines():
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")
