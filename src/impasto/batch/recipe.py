"""What makes a Stylizer, small enough to send to another process or machine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import Any

from impasto.model import MODELS, Style, network_of
from impasto.options import adapted, check_name, flag
from impasto.runtime.regions import MaskSource, Region
from impasto.runtime.session import Session
from impasto.runtime.stylizer import StylizeOptions, Stylizer

__all__ = ["Engine", "Recipe", "Resolve"]

Resolve = Callable[[str], "Recipe"]
"""Returns the recipe of what a user calls a style; raises as `impasto.api.load` does."""

LIMITS = ("max_memory", "max_pixels")
"""Options that say what is painted at all, and not how."""


@dataclass(frozen=True)
class Engine:
    """What networks run on; see `impasto.runtime.engines.open_engine`."""

    engine: str = "auto"
    device: str = "auto"
    precision: str = "auto"
    threads: int = 0

    def open(self, network: str) -> Session:
        """Open a network: a bundled one by its name, another by its file."""
        return Session.open(network_of(network), **{field.name: getattr(self, field.name) for field in fields(self)})


@dataclass(frozen=True, eq=False)
class Recipe:
    """A style, or several by regions, and how they are painted; see `Stylizer`.

    network: a bundled network's name, or a file that is there on every machine that paints.
    """

    network: str
    style: Style | None
    options: StylizeOptions
    mask: MaskSource | None = None
    regions: tuple[Region, ...] = ()

    @classmethod
    def of(cls, stylizer: Stylizer) -> Recipe:
        """Return the recipe of a Stylizer."""
        file = stylizer.session.network
        network = next((name for name, known in MODELS.items() if known == file), str(file.absolute()))
        return cls(network, stylizer.style, stylizer.options, stylizer.mask, stylizer.regions)

    @property
    def name(self) -> str:
        """The names of its styles."""
        styles = [self.style, *(region.style for region in self.regions)]
        return ", ".join(style.name for style in styles if style is not None)

    @property
    def manner(self) -> dict[str, Any]:
        """The options that the paintings depend on, by their flags."""
        return {flag(name): value for name, value in asdict(self.options).items() if name not in LIMITS}

    @cached_property
    def digest(self) -> str:
        """A short text that is the same for recipes that paint the same."""
        sum_ = hashlib.blake2b(repr((self.manner, self.mask)).encode(), digest_size=10)
        for place, style in [("", self.style), *((region.mask, region.style) for region in self.regions)]:
            if style is not None:
                sum_.update(repr((place, style.network)).encode())
                sum_.update(style.vector.tobytes())
                sum_.update(b"" if style.mixing is None else style.mixing.tobytes())
        return sum_.hexdigest()

    def changed(self, options: Mapping[str, Any]) -> Recipe:
        """Return the recipe with other values of some StylizeOptions; raises InvalidOption."""
        if not options:
            return self
        for name in options:
            check_name(StylizeOptions, name, "painting")
        defaults = StylizeOptions()
        values: dict[str, Any] = {name: adapted(value, getattr(defaults, name)) for name, value in options.items()}
        return replace(self, options=replace(self.options, **values))

    def stylizer(self, session: Session) -> Stylizer:
        """Return the Stylizer on its network, opened; raises as it does."""
        return Stylizer(session, self.style, self.options, mask=self.mask, regions=self.regions)
