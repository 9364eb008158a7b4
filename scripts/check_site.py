"""Check that a built site loads nothing from elsewhere: no foreign script, style, font or picture.

    python scripts/check_site.py build/site

Links that a reader may follow are let through.
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

LOADED = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "object": "data",
}
LOADED["link"] = "href"
FOREIGN = re.compile(r"(?:https?:)?//", re.IGNORECASE)
IN_STYLE = re.compile(r"(?:url\(|@import)\s*['\"]?((?:https?:)?//[^'\")\s]+)", re.IGNORECASE)


class _Loads(HTMLParser):
    """Collects what a page loads from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.foreign: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get(LOADED.get(tag, "")) or ""
        if FOREIGN.match(address):
            self.foreign.append(address)


def foreign(page: Path) -> list[str]:
    """Return what a page or a style sheet loads from elsewhere."""
    text = page.read_text("utf-8")
    loads = _Loads()
    if page.suffix == ".html":
        loads.feed(text)
    return loads.foreign + IN_STYLE.findall(text)


def main() -> None:
    """Print each foreign address with its page; fail if there is one, or no page."""
    site = Path(sys.argv[1])
    pages = sorted(each for each in site.rglob("*") if each.suffix in (".html", ".css"))
    found = [f"{page}: loads {address}" for page in pages for address in foreign(page)]
    if found or not pages:
        sys.exit("\n".join(found) or f"{site}: there is no page")
    print(f"{site}: {len(pages)} pages and style sheets, none loads anything from elsewhere")


if __name__ == "__main__":
    main()
