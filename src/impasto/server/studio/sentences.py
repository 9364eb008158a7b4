"""Errors as one sentence for people at a browser, who know neither the server's paths nor the command's options."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["sentence"]

_FLAG = re.compile(r"(?<!\S)--([a-z][a-z-]*)")


def sentence(error: Exception, scratch: Path | None = None) -> str:
    """Return what an error says, in one line.

    Clauses that advise an option of the command are left out, other options become words, and of files in the scratch
    folder, which lie as VISITOR/FILE/NAME, the name is left.
    """
    text = " ".join(str(error).split())
    if scratch is not None:
        text = re.sub(re.escape(f"{scratch}/") + r"[\w-]+/[\w-]+/", "", text)
    first, *clauses = text.split("; ")
    kept = "; ".join([first, *(clause for clause in clauses if not _FLAG.search(clause))])
    return _FLAG.sub(lambda match: match[1].replace("-", " "), kept)
