"""`impasto completion`: what a shell needs to complete commands, options, styles and files."""

from __future__ import annotations

import os

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

from impasto.cli.command import Command

__all__ = ["VARIABLE", "completion"]

VARIABLE = "_IMPASTO_COMPLETE"
"""Environment variable by which a shell asks; click's own name for it."""


class _OrFiles(ShellComplete):
    """Completes file names where nothing else is known."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        """Return what the commands know, else that it may be a file."""
        return super().get_completions(args, incomplete) or [CompletionItem(incomplete, type="file")]


class _Bash(_OrFiles, BashComplete):
    """Completion for bash, from the line rather than from its words, which bash also splits at : and = and @.

    So a mix (`starry-night:0.7+great-wave`) is one word here; of a completion bash takes only what follows the last
    such sign, which is its own second argument's beginning.
    """

    source_template = """\
%(complete_func)s() {
    local line=${COMP_LINE:0:COMP_POINT} kind value
    local word=${line##*[[:space:]]}
    local before=${word%%"$2"}
    COMPREPLY=()
    while IFS=, read -r kind value; do
        case $kind in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("${value#"$before"}") ;;
        esac
    done < <(env COMP_LINE="$line" %(complete_var)s=bash_complete "$1")
    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the cursor's, without the command, and the word up to the cursor."""
        line = os.environ["COMP_LINE"]
        words = split_arg_string(line)
        incomplete = words.pop() if words and not line[-1:].isspace() else ""
        return words[1:], incomplete


class _Zsh(_OrFiles, ZshComplete):
    """Completion for zsh."""


class _Fish(_OrFiles, FishComplete):
    """Completion for fish."""


SHELLS: dict[str, type[ShellComplete]] = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}
for _shell in SHELLS.values():
    add_completion_class(_shell)


@click.command(
    cls=Command,
    examples="""
    # In bash: for every new shell
    impasto completion bash >> ~/.bashrc
    # In zsh: into a folder of $fpath
    impasto completion zsh > ~/.zfunc/_impasto
    # In fish
    impasto completion fish > ~/.config/fish/completions/impasto.fish
    """,
)
@click.argument("shell", type=click.Choice(list(SHELLS)))
def completion(shell: str) -> None:
    """Print a script that completes commands, options, styles and mixes in a shell.

    Styles are completed by any part of their names: -s star becomes starry-night, also behind the + of a mix.
    """
    from impasto.cli import impasto

    click.echo(SHELLS[shell](impasto, {}, "impasto", VARIABLE).source(), nl=False)
