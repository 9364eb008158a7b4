"""What the commands' own help says, in parts: for the reference on the site and for the manual pages."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass

import click

from impasto.cli import COMMANDS, impasto


@dataclass(frozen=True)
class Described:
    """A command: its name, its sentence in the list, usage, text in paragraphs, options with their help, examples."""

    name: str
    sentence: str
    usage: str
    paragraphs: list[str]
    options: list[tuple[str, str]]
    examples: str


def described() -> Iterator[Described]:
    """Yield each command in the order of use."""
    parent = click.Context(impasto, info_name="impasto", **impasto.context_settings)
    for name, sentence in COMMANDS.items():
        command = impasto.get_command(parent, name)
        if command is None:
            raise LookupError(f"impasto has no command {name}")
        context = click.Context(command, info_name=name, parent=parent)
        options = [each for each in command.get_params(context) if isinstance(each, click.Option)]
        records = [option.get_help_record(context) for option in options]
        yield Described(
            f"impasto {name}",
            sentence,
            f"impasto {name} {' '.join(command.collect_usage_pieces(context))}",
            [" ".join(each.split()) for each in inspect.cleandoc(command.help or "").split("\n\n")],
            [record for record in records if record],
            getattr(command, "examples", ""),
        )
