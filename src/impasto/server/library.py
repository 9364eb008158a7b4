"""The styles that a server knows: the bundled ones, and those that it has learned.  Files of the machine are none."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from dataclasses import asdict, replace
from itertools import count
from pathlib import Path
from typing import Any

from impasto.errors import InvalidOption
from impasto.model import (
    MODELS,
    Style,
    bundled_styles,
    find_network,
    find_style,
    is_painting,
    is_style_file,
    mix,
    mix_name,
    network_of,
    parse_mix,
    read_style,
    style_paths,
    write_style,
)
from impasto.server.refusals import Refused

__all__ = ["Library"]

KEPT = 64
"""Styles that stay in memory; those used longest ago go first."""
LONGEST = 500
NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class Library:
    """Styles by what clients call them.

    folder: of the learned ones, which are there for a next server too if it is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: OrderedDict[tuple[str, str], tuple[Style, Path]] = OrderedDict()
        self.lock = threading.Lock()
        self.claimed: set[str] = set()
        """Names of styles that are being learned."""

    def find(self, text: str, model: str = "") -> tuple[Style, Path]:
        """Return the style that a name, random:SEED or a mix means, and its network's file.

        model: main or fast; "": the network of the style, or main.
        Raises InvalidOption, UnknownStyle and, for a style of another network, ModelError.
        """
        with self.lock:
            if (text, model) not in self.known:
                self.known[text, model] = self._found(text, model)
                if len(self.known) > KEPT:
                    self.known.popitem(last=False)
            self.known.move_to_end((text, model))
            return self.known[text, model]

    def add(self, name: str, style: Style) -> None:
        """Keep a learned style under a name."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_style(replace(style, name=name), self._file(name))
        with self.lock:
            self.known.clear()

    def check_new(self, name: str) -> None:
        """Raise InvalidOption for what is no name, and Refused if there is such a style already."""
        if not (NAME.fullmatch(name) and len(name) <= 60):
            raise InvalidOption(f"name is letters a to z, digits and dashes, at most 60, got {name[:LONGEST]!r}")
        if self._is_taken(name) or any(name in style_paths(model) for model in MODELS):
            raise Refused(409, "NameTaken", f"there is a style called {name} already; give another name")

    def free_name(self) -> str:
        """Return a name that no style has."""
        return next(name for number in count(1) if not self._is_taken(name := f"learned-{number}"))

    def facts(self) -> list[dict[str, Any]]:
        """Return what there is to know about each style, the bundled ones first."""
        bundled = [{"name": style.name, "learned": False, **asdict(style.credits)} for style in bundled_styles()]
        files = sorted(self.folder.glob("*.style"))
        return bundled + [{"name": file.stem, "learned": True, **asdict(read_style(file).credits)} for file in files]

    def _found(self, text: str, model: str) -> tuple[Style, Path]:
        if len(text) > LONGEST:
            raise InvalidOption(f"style is too long: {len(text)} characters, at most {LONGEST}")
        parts = [(self._checked(name), weight) for name, weight in parse_mix(text)]
        learned = {name: read_style(self._file(name)) for name, _ in parts if self._is_learned(name)}
        own = next((find_network(style) for style in learned.values()), network_of())
        network = network_of(model) if model else own
        styles = [(learned.get(name) or find_style(name, model=network), weight) for name, weight in parts]
        if len(styles) == 1:
            return styles[0][0], network
        return mix(styles, mix_name([(style.name, weight) for style, weight in styles])), network

    def _checked(self, name: str) -> str:
        if is_style_file(name) or is_painting(name) or any(each in name for each in "/\\\0"):
            raise InvalidOption(f"style {name[:60]!r}: files of the server are no styles; GET /v1/styles lists them")
        return name

    def _is_learned(self, name: str) -> bool:
        return bool(NAME.fullmatch(name)) and self._file(name).is_file()

    def _is_taken(self, name: str) -> bool:
        return name in self.claimed or self._file(name).exists()

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.style"
