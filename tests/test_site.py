"""What the site's pages and the manual pages are made of; `scripts/docs` builds them, and fails for a broken link."""

import re
import sys
from pathlib import Path

import click
import pytest

import impasto
from impasto.cli import COMMANDS
from impasto.cli import impasto as group

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


@pytest.fixture
def scripts(monkeypatch):
    """Let scripts be imported."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))


def flags():
    for name in COMMANDS:
        context = click.Context(group)
        for parameter in group.get_command(context, name).params:
            if isinstance(parameter, click.Option):
                yield name, parameter.opts[0]


def test_the_reference_has_every_command_and_option(scripts):
    pytest.importorskip("mkdocs")
    from site_pages import commands_page

    page = commands_page()
    for name, flag in flags():
        section = page.split(f"\n## impasto {name}\n")[1].split("\n## ")[0]
        assert re.search(rf"`[^`]*{flag}\b", section), f"impasto {name} {flag}"
        assert "# " in section  # examples


def test_tables_of_options_take_the_place_of_their_marks(scripts):
    pytest.importorskip("mkdocs")
    from site_pages import on_page_markdown

    page = on_page_markdown((DOCS / "api.md").read_text("utf-8"))
    assert "<!--" not in page
    assert "| `stroke` | `0.5` |" in page
    assert "UnknownStyle" in page


def test_the_page_of_the_api_has_every_public_name():
    shown = set(re.findall(r"^::: impasto\.(\w+)$", (DOCS / "api.md").read_text("utf-8"), re.MULTILINE))
    assert shown == {name for name in impasto.__all__ if not name.startswith("__")}


def test_names_in_docstrings_become_a_list(scripts):
    pytest.importorskip("griffe")
    from site_docstrings import listed

    text = "Do it.\n\nphoto: a file; size: px, at\n    least 1.  seed, color: others.\nnot: this.\nRaises Nothing."
    assert listed(text, {"photo", "size", "seed", "color"}) == (
        "Do it.\n\n- `photo`: a file; \n\n- `size`: px, at\n    least 1.  \n\n- `seed`, `color`: others.\nnot: this."
        "\n\nRaises Nothing."
    )


@pytest.mark.parametrize(
    "loaded",
    [
        '<script src="https://cdn.example/x.js">',
        '<link rel="stylesheet" href="//fonts.example/a.css">',
        "<img src='http://example.org/a.png'>",
        "<style>@import 'https://fonts.example/a.css'</style>",
    ],
)
def test_what_a_page_loads_from_elsewhere_is_found(scripts, tmp_path, loaded, monkeypatch):
    import check_site

    (tmp_path / "index.html").write_text(
        f'<a href="https://example.org">a link</a>{loaded}<script src="own.js"></script>'
    )
    monkeypatch.setattr(sys, "argv", ["check_site.py", str(tmp_path)])
    with pytest.raises(SystemExit, match=r"index\.html: loads"):
        check_site.main()


def test_links_may_lead_elsewhere(scripts, tmp_path, monkeypatch, capsys):
    import check_site

    (tmp_path / "index.html").write_text('<a href="https://example.org">a link</a><img src="a.png">')
    monkeypatch.setattr(sys, "argv", ["check_site.py", str(tmp_path)])
    check_site.main()
    assert "1 pages" in capsys.readouterr().out


def test_a_site_without_pages_is_no_site(scripts, tmp_path, monkeypatch):
    import check_site

    monkeypatch.setattr(sys, "argv", ["check_site.py", str(tmp_path)])
    with pytest.raises(SystemExit, match="no page"):
        check_site.main()


def test_a_manual_page_for_each_command(scripts, tmp_path, monkeypatch):
    import man

    monkeypatch.setattr(sys, "argv", ["man.py", str(tmp_path)])
    man.main()
    assert {path.name for path in tmp_path.iterdir()} == {"impasto.1", *(f"impasto-{name}.1" for name in COMMANDS)}
    for name, flag in flags():
        page = (tmp_path / f"impasto-{name}.1").read_text("utf-8")
        assert flag.replace("-", "\\-") in page
        assert ".SH EXAMPLES" in page
