"""The pages of the site that are made when it is built: MkDocs calls these functions (mkdocs.yml, hooks)."""

import dataclasses
import html
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from commands import Described, described
from mkdocs.structure.files import File

from impasto import errors
from impasto.options import flag

ROOT = Path(__file__).parent.parent
ELSEWHERE = {"recipes.md": "configs/README.md", "changelog.md": "CHANGELOG.md"}
"""Pages that are files of the repository outside of docs."""
OPTIONS = re.compile(r"<!-- options: ([\w.]+)\.(\w+) -->")
"""Stands in a page where a table of an options dataclass belongs."""


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are not in docs."""
    pages = {page: (ROOT / file).read_text("utf-8") for page, file in ELSEWHERE.items()}
    for name, content in {**pages, "commands.md": commands_page()}.items():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put tables where they are asked for, and lead links to where their files are on the site."""
    for page, file in ELSEWHERE.items():
        markdown = markdown.replace(f"](../{file})", f"]({page})")
    markdown = markdown.replace("<!-- errors -->", str(errors.__doc__).partition("\n\n")[2].strip())
    return OPTIONS.sub(lambda match: "\n".join(_options_table(match[1], match[2])), markdown)


def commands_page() -> str:
    """Return the reference of all commands."""
    lines = [
        "# Commands",
        "",
        "What `impasto COMMAND --help` says. `impasto --debug COMMAND` shows the whole trace of an error.",
    ]
    for command in described():
        lines += _section(command)
    return "\n".join(lines) + "\n"


def _section(command: Described) -> Iterator[str]:
    yield from ("", f"## {command.name}", "", "```", command.usage, "```", "")
    for paragraph in command.paragraphs:
        yield from (_plain(paragraph), "")
    yield from ("| option | |", "| --- | --- |")
    for option, text in command.options:
        yield f"| `{option}` | {_plain(text)} |"
    yield from ("", "```", command.examples, "```")


def _options_table(module: str, name: str) -> Iterator[str]:
    """Yield the lines of a table of a dataclass's options with their defaults."""
    yield from ("| option | default | |", "| --- | --- | --- |")
    for field in dataclasses.fields(getattr(import_module(module), name)):
        text = field.metadata["help"].replace(flag(field.name), field.name)
        yield f"| `{field.name}` | `{field.default!r}` | {_plain(text)} |"


def _plain(text: str) -> str:
    """Return text in which nothing is markup."""
    return re.sub(r"([*_|\[\]])", r"\\\1", html.escape(" ".join(text.split()), quote=False))
