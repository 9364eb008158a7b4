"""Write the manual pages of the command and its subcommands, from their help.

python scripts/man.py build/man && man -l build/man/impasto-stylize.1
"""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from commands import Described, described

from impasto import __version__
from impasto.cli import impasto

LEFT = ".nh\n.ad l"
"""No hyphenation, and lines that end where they end."""


def main() -> None:
    """Write a page for each command and one for all."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    commands = list(described())
    pages = {command.name.replace(" ", "-"): page(command) for command in commands}
    for name, lines in {**pages, "impasto": overview(commands)}.items():
        (folder / f"{name}.1").write_text("\n".join(lines) + "\n", "utf-8")
        print(folder / f"{name}.1")


def page(command: Described) -> Iterator[str]:
    """Yield the lines of a command's page."""
    name = command.name.replace(" ", "-")
    yield from (_title(name), LEFT, ".SH NAME", f"{_plain(name)} \\- {_plain(command.sentence.rstrip('.'))}")
    yield from (".SH SYNOPSIS", _plain(command.usage), ".SH DESCRIPTION")
    for paragraph in command.paragraphs:
        yield from (".PP", _plain(paragraph))
    yield ".SH OPTIONS"
    for option, text in command.options:
        yield from (".TP", f"\\fB{_plain(option)}\\fR", _plain(text))
    yield from _examples(command.examples)
    yield from (".SH SEE ALSO", "impasto(1)")


def overview(commands: Iterable[Described]) -> Iterator[str]:
    """Yield the lines of the page of them all."""
    yield from (_title("impasto"), LEFT, ".SH NAME", "impasto \\- paint photos and films in the style of a picture")
    yield from (".SH SYNOPSIS", "impasto [\\-\\-debug] COMMAND ...", ".SH DESCRIPTION", _plain(impasto.help or ""))
    yield ".SH COMMANDS"
    for command in commands:
        yield from (".TP", f"\\fB{_plain(command.name.replace(' ', '-'))}\\fR(1)", _plain(command.sentence))
    yield from _examples(impasto.examples)


def _title(name: str) -> str:
    return f'.TH "{_plain(name.upper())}" "1" "" "Impasto {__version__}" "Impasto"'


def _examples(examples: str) -> Iterator[str]:
    yield from (".SH EXAMPLES", ".nf")
    for line in examples.splitlines():
        yield f".PP\n{_plain(line[2:])}:" if line.startswith("# ") else f"    {_plain(line)}"
    yield ".fi"


def _plain(text: str) -> str:
    """Return text in which nothing is markup of roff's."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(?=[.'])", r"\\&", escaped, flags=re.MULTILINE)


if __name__ == "__main__":
    main()
