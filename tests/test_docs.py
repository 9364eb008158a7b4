"""What the docs show and name is there."""

import re
from contextlib import suppress
from pathlib import Path

import click
import pytest

from command_lines import calls, check, in_blocks, in_sentences
from impasto.model import find_style

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "configs" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MADE = {"changelog.md", "commands.md", "recipes.md"}
"""Pages that `scripts/docs` makes."""


def identify(page):
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
        assert target.startswith("http") or target in MADE or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_files_that_are_named_are_there(page):
    for target in re.findall(r"\b(?:configs|benchmarks|scripts|examples)/[\w./-]+\.\w+", page.read_text("utf-8")):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_styles_that_are_named_are_bundled(page):
    for mix in re.findall(r"(?:-s|--subject|--background) ([a-z][\w:.+/-]*)", page.read_text("utf-8")):
        if not any(part in mix for part in (".style", ".jpg", "/")):
            find_style(mix)


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_commands_that_are_shown_are_taken(page):
    for text in in_blocks(page.read_text("utf-8")):
        for arguments in calls(text):
            check(arguments)


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_commands_in_sentences_have_their_options(page):
    for text in in_sentences(page.read_text("utf-8")):
        for arguments in calls(text):
            with suppress(click.MissingParameter):
                check(arguments)
