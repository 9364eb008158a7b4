"""Everything that comes with Impasto is credited, styles with what their files say."""

import re
from pathlib import Path

import pytest

from impasto import __version__
from impasto.model import bundled_styles
from impasto.model.bundled import ASSETS, MODELS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "credits.md").read_text("utf-8")


@pytest.mark.parametrize("model", MODELS)
def test_each_style_with_the_credits_in_its_file(model):
    credited = [(style.name, style.credits) for style in bundled_styles(model)]
    rows = [f"| `{name}` | {of.artist}, {of.title}, {of.year} | {of.licence} |" for name, of in credited]
    missing = [row for row in rows if row not in PAGE]
    assert not missing, "docs/credits.md lacks:\n" + "\n".join(missing)


def test_no_style_that_is_not_there():
    shown = set(re.findall(r"^\| `([\w-]+)` \|", PAGE, re.MULTILINE))
    assert shown == {style.name for model in MODELS for style in bundled_styles(model)}


def test_each_other_asset():
    for file in ASSETS.rglob("*"):
        if file.is_file() and file.suffix != ".style":
            name = file.name if file.parent.name == "photos" else str(file.relative_to(ASSETS))
            assert f"`{name}`" in PAGE, f"docs/credits.md does not say where {file.relative_to(ROOT)} is from"


def test_each_file_of_the_examples_that_is_no_script():
    for file in (ROOT / "examples").iterdir():
        if file.is_file() and file.suffix != ".py":
            assert f"`{file.name}`" in PAGE, f"docs/credits.md does not say where {file.relative_to(ROOT)} is from"


def test_the_citation_and_the_changelog_are_of_this_version():
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"\n## {__version__} " in (ROOT / "CHANGELOG.md").read_text("utf-8")
