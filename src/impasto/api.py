"""The functions that `import impasto` offers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import ModelError
from impasto.image import Source
from impasto.model import Manifest, Style, StyleInfo, bundled_styles, find_network, find_style
from impasto.runtime.session import Session
from impasto.runtime.stylizer import StylizeOptions, Stylizer

__all__ = ["load", "styles", "stylize"]


def load(
    style: str | Path | Style,
    *,
    network: str | Path | None = None,
    engine: str = "auto",
    device: str = "auto",
    precision: str = "auto",
    **options: Any,
) -> Stylizer:
    """Return a Stylizer, to paint any number of pictures with.

    style: a bundled style's name or a tail of it, a .style file, a network file (.onnx) whose style is in its weights,
        or a Style.
    network: the network file that the style belongs to; by default the bundled one or one beside the .style file.
    engine, device, precision: see `impasto.runtime.engines.open_engine`.
    options: see `StylizeOptions`.
    Raises UnknownStyle, ModelError, EngineUnavailable, InvalidOption.
    """
    chosen = StylizeOptions(**options)
    wanted = style if isinstance(style, Style) else str(style)
    if isinstance(wanted, str) and wanted.endswith(".onnx"):
        session = Session.open(Path(wanted), engine=engine, device=device, precision=precision)
        return Stylizer(session, _only_style(session), chosen)
    found = wanted if isinstance(wanted, Style) else find_style(wanted)
    file = Path(wanted) if isinstance(wanted, str) and wanted.endswith(".style") else None
    path = Path(network) if network is not None else find_network(found, file)
    return Stylizer(Session.open(path, engine=engine, device=device, precision=precision), found, chosen)


def stylize(picture: Source, style: str | Path | Style, **options: Any) -> Image.Image | NDArray[Any]:
    """Paint one picture in a style and return it as the same kind; see `load` and `Stylizer`."""
    return load(style, **options)(picture)


def styles() -> list[StyleInfo]:
    """Return the bundled styles with their credits, in the order of their names."""
    return bundled_styles()


def _only_style(session: Session) -> Style:
    """Return the style of a network that has it in its weights."""
    manifest: Manifest = session.manifest
    if manifest.style_parameters:
        raise ModelError(f"{session.network}: paints many styles; name one of its .style files instead")
    return Style(session.network.stem, np.zeros(0, np.float32), manifest.fingerprint)
