from importlib import import_module

import click
import pytest

from impasto import __version__
from impasto.cli import COMMANDS, module_of
from impasto.runtime.stylizer import StylizeOptions


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_the_commands_are_listed_in_the_order_of_use(impasto, flag):
    result = impasto(flag)
    assert (result.code, result.err) == (0, "")
    lines = result.out.split("Commands:")[1].partition("Examples:")[0].splitlines()
    listed = [line.split()[0] for line in lines if line.startswith("  ") and line[2:3].strip()]  # others go on
    assert listed == list(COMMANDS)


def test_without_a_command_the_help_is_shown(impasto):
    result = impasto()
    assert (result.code, result.out) == (2, "")
    assert result.err == impasto("--help").out


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_a_module_and_help(impasto, command):
    found = getattr(import_module(f"impasto.cli.{module_of(command)}"), module_of(command))
    assert isinstance(found, click.Command)
    result = impasto(command, "--help")
    assert (result.code, result.err) == (0, "")
    assert COMMANDS[command].split()[0] in result.out.split("\n\n")[1]  # both begin with the same verb
    for parameter in found.params:
        if isinstance(parameter, click.Option):
            assert parameter.help
            assert parameter.help.rstrip("] ").lower().endswith((".", *"0123456789abcdefghijklmnopqrstuvwxyz"))


def test_options_and_their_defaults_come_from_the_dataclass(impasto):
    out = " ".join(impasto("stylize", "--help").out.split())
    assert "--strength FLOAT How much of the style, from 0 (the photo itself) to 1. [1.0]" in out
    assert f"[{StylizeOptions().max_pixels}]" in out


def test_the_version(impasto):
    assert impasto("--version").out == f"impasto, version {__version__}\n"
