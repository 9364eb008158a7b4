"""Docstrings as lists: the lines `name: what it is` of this code base become a list on the site (mkdocs.yml)."""

import re
from typing import Any

import griffe

NAMED = re.compile(r"(?:^|(?<=; )|(?<=\.  ))((?:\w+, )*\w+): ", re.MULTILINE)
SENTENCE = re.compile(r"(?<=[.:])\n(?=[A-Z])")
"""A line that begins a sentence begins a paragraph."""


class PlainDocstrings(griffe.Extension):
    """Rewrites the docstrings of functions and classes."""

    def on_function(self, *, func: griffe.Function, **_: Any) -> None:
        """Rewrite by the function's parameters."""
        _rewrite(func, {parameter.name for parameter in func.parameters})

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:
        """Rewrite by the class's fields and the parameters of its making."""
        made = cls.members.get("__init__")
        parameters = {each.name for each in made.parameters} if isinstance(made, griffe.Function) else set()
        _rewrite(cls, set(cls.members) | parameters)


def _rewrite(documented: griffe.Object, names: set[str]) -> None:
    if documented.docstring is not None:
        documented.docstring.value = listed(documented.docstring.value, names)


def listed(text: str, names: set[str]) -> str:
    """Return a docstring in which what is said of each of these names is an item of a list."""

    def item(match: re.Match[str]) -> str:
        named = match[1].split(", ")
        if not names.issuperset(named):
            return match[0]
        return f"\n\n- {', '.join(f'`{name}`' for name in named)}: "

    apart = SENTENCE.sub("\n\n", text)
    return re.sub(r"\n\n\n+", "\n\n", NAMED.sub(item, apart))
