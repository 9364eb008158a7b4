"""The functions that `import impasto` offers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import InvalidOption, ModelError
from impasto.fitting import Follow, fitted
from impasto.image import Source
from impasto.model import Manifest, Style, StyleInfo, bundled_styles, find_network, find_style, parse_mix
from impasto.runtime.regions import MaskSource, Region
from impasto.runtime.session import Session
from impasto.runtime.stylizer import StylizeOptions, Stylizer

__all__ = ["load", "styles", "stylize"]

StyleSource = str | Path | Style


def load(
    style: StyleSource | None = None,
    *,
    mask: MaskSource | None = None,
    regions: Iterable[tuple[MaskSource, StyleSource]] = (),
    subject: StyleSource | None = None,
    background: StyleSource | None = None,
    network: str | Path | None = None,
    engine: str = "auto",
    device: str = "auto",
    precision: str = "auto",
    follow: Follow | None = None,
    **options: Any,
) -> Stylizer:
    """Return a Stylizer, to paint any number of pictures with.

    style: a bundled style's name or a tail of it, a .style file, a painting (learned at its first use, see `fit`, and
        kept), `random:SEED`, a mix of these (`starry-night:0.7+great-wave:0.3`), a Style, or a network file (.onnx)
        whose style is in its weights.  May be left out where regions have styles.
    mask: where to paint: a file or an array, white is painted; or `alpha`, the photo's own; or `subject`, `background`.
    regions: (mask, style) pairs, each painted on top of those before it.
    subject, background: styles for the photo's subject, which is looked for, and for the rest.
    network: the network file that the styles belong to; by default the bundled one or one beside the .style file.
    engine, device, precision: see `impasto.runtime.engines.open_engine`.
    follow: called after each step where a painting is learned.
    options: see `StylizeOptions`.
    Raises UnknownStyle, ModelError, EngineUnavailable, InvalidOption, and for paintings as `fit` does.
    """
    chosen = StylizeOptions(**options)
    parts: list[tuple[MaskSource, StyleSource]] = [*regions]
    parts += [(name, named) for name, named in (("background", background), ("subject", subject)) if named is not None]
    if isinstance(style, (str, Path)) and str(style).endswith(".onnx"):
        if parts:
            raise InvalidOption(
                f"{style}: has one style in its weights, so regions cannot have others; --mask can be given"
            )
        session = Session.open(Path(style), engine=engine, device=device, precision=precision)
        return Stylizer(session, _only_style(session), chosen, mask=mask)
    if style is None and not parts:
        raise InvalidOption("there is nothing to paint: name a style, or regions with styles")
    found = None if style is None else _find(style, network, follow)
    placed = [Region(mask_, _find(style_, network, follow)) for mask_, style_ in parts]
    first = found or placed[0].style
    path = Path(network) if network is not None else find_network(first, _style_file(style or parts[0][1]))
    session = Session.open(path, engine=engine, device=device, precision=precision)
    return Stylizer(session, found, chosen, mask=mask, regions=placed)


def stylize(picture: Source, style: StyleSource | None = None, **options: Any) -> Image.Image | NDArray[Any]:
    """Paint one picture in a style and return it as the same kind; see `load` and `Stylizer`."""
    return load(style, **options)(picture)


def styles() -> list[StyleInfo]:
    """Return the bundled styles with their credits, in the order of their names."""
    return bundled_styles()


def _find(style: StyleSource, network: str | Path | None, follow: Follow | None) -> Style:
    if isinstance(style, Style):
        return style
    return find_style(str(style), fit=lambda painting: fitted(Path(painting), network, follow))


def _style_file(style: StyleSource) -> Path | None:
    """Return the first .style file of a mix, beside which its network may lie."""
    if isinstance(style, Style):
        return None
    names = [name for name, _ in parse_mix(str(style))]
    return next((Path(name) for name in names if name.endswith(".style")), None)


def _only_style(session: Session) -> Style:
    """Return the style of a network that has it in its weights."""
    manifest: Manifest = session.manifest
    if manifest.style_parameters:
        raise ModelError(f"{session.network}: paints many styles; name one of its .style files instead")
    return Style(session.network.stem, np.zeros(0, np.float32), manifest.fingerprint)
