"""Each command's help ends with examples, and they are such as the command takes."""

import click
import pytest

from command_lines import calls, check
from impasto.cli import COMMANDS
from impasto.cli import impasto as group
from impasto.cli.command import Command


def examples_of(name):
    command = group.get_command(click.Context(group), name)
    assert isinstance(command, Command), (
        f"impasto {name} has no examples: define it with @click.command(cls=Command, examples=...), "
        "see impasto/cli/command.py"
    )
    return command.examples


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_help_ends_with_two_to_five_examples(impasto, name):
    examples = examples_of(name)
    lines = [line for line in examples.splitlines() if not line.startswith("#")]
    assert 2 <= len(lines) <= 5
    help_ = impasto(name, "--help").out
    assert help_.endswith("Examples:\n" + "".join(f"  {line}\n" for line in examples.splitlines()))


@pytest.mark.parametrize("name", COMMANDS)
def test_each_example_says_what_it_is_for_and_is_taken(name):
    lines = examples_of(name).splitlines()
    for comment, line in zip(lines[::2], lines[1::2], strict=True):
        assert comment.startswith("# ")
        (arguments,) = calls(line)
        check(arguments)
    assert any(call[0] == name for call in calls("\n".join(lines)))


def test_the_examples_of_the_whole():
    for arguments in calls(group.examples):
        check(arguments)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("impasto stylize photo.jpg --strenght 1", "No such option"),
        ("impasto fit", "Missing parameter: painting"),
        ("impasto paint photo.jpg", "no command impasto paint"),
    ],
)
def test_what_is_wrong_is_noticed(line, error):
    with pytest.raises(click.UsageError, match=error):
        check(calls(line)[0])


def test_calls_are_found_among_other_words():
    text = "cat impasto.txt | impasto stylize - -o - > painted.png  # impasto\n"
    text += "torchrun -m impasto train \\\n  -o x; impasto styles"
    assert calls(text) == [["stylize", "-", "-o", "-"], ["train", "-o", "x"], ["styles"]]
