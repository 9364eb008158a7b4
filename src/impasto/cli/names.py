"""What is named on the command line, so that a shell can complete it: styles, styles of regions, networks."""

from __future__ import annotations

from typing import Any

import click
from click.shell_completion import CompletionItem

__all__ = ["A_NETWORK", "ModelName", "RegionStyle", "StyleName", "style_names"]

A_NETWORK = "main, fast (three times as fast), or a network's file."
"""What a model may be, for the help of `--model`."""


class _Named(click.ParamType):  # type: ignore[type-arg] # generic only since click 8.2
    """A text of which a shell may know the end."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text as it is; what it names is found later."""
        return str(value)


class StyleName(_Named):
    """A style, or a mix of several."""

    name = "style"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        """Return bundled styles; none where a file may be meant."""
        return [CompletionItem(name) for name in style_names(incomplete, ctx.params.get("model"))]


class RegionStyle(StyleName):
    """MASK=STYLE."""

    name = "mask=style"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        """Return bundled styles behind the mask's file, which the shell knows."""
        mask, equals, style = incomplete.partition("=")
        names = style_names(style, ctx.params.get("model")) if equals else []
        return [CompletionItem(f"{mask}={name}") for name in names]


class ModelName(_Named):
    """A bundled network, or a network's file."""

    name = "model"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        """Return the bundled networks; a shell knows files."""
        from impasto.model import MODELS

        return [CompletionItem(name) for name in MODELS if name.startswith(incomplete)]


def style_names(typed: str, model: str | tuple[str, ...] | None = None) -> list[str]:
    """Return what a style's name that is being typed may become: bundled names, and tails of them that mean one style.

    typed: of a mix the last part is completed, and the parts before it stay.  model: whose styles, main by default.
    """
    from impasto.model.bundled import style_paths

    before, plus, last = typed.rpartition("+")
    known = list(style_paths(model if isinstance(model, str) else "main"))
    tails = [tail for name in known for tail in _tails(name)] if last else []
    unambiguous = [tail for tail in tails if tails.count(tail) == 1 and tail not in known]
    return [f"{before}{plus}{name}" for name in (*known, *unambiguous) if name.startswith(last.lower())]


def _tails(name: str) -> list[str]:
    words = name.split("-")
    return ["-".join(words[start:]) for start in range(1, len(words))]
