"""What the docs show and name is there."""

import re
from pathlib import Path

import pytest

from impasto.model import find_style

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
        assert target.startswith("http") or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_files_that_are_named_are_there(page):
    for target in re.findall(r"\b(?:configs|benchmarks|scripts|examples)/[\w./-]+\.\w+", page.read_text("utf-8")):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_styles_that_are_named_are_bundled(page):
    for mix in re.findall(r"(?:-s|--subject|--background) ([a-z][\w:.+/-]*)", page.read_text("utf-8")):
        if not any(part in mix for part in (".style", ".jpg", "/")):
            find_style(mix)
