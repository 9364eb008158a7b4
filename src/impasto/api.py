"""The functions that `import impasto` offers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import InvalidOption, ModelError, UnreadablePicture
from impasto.fitting import Follow, fitted
from impasto.image import Source
from impasto.model import (
    Manifest,
    Model,
    Style,
    StyleInfo,
    bundled_styles,
    find_network,
    find_style,
    is_on_hub,
    is_painting,
    is_style_file,
    network_of,
    own_file,
    parse_mix,
    read_style,
)
from impasto.model.hub import NETWORK, fetch, parse_reference
from impasto.runtime.regions import MaskSource, Region
from impasto.runtime.session import Session
from impasto.runtime.stylizer import StylizeOptions, Stylizer

__all__ = ["load", "own_network", "styles", "stylize"]

StyleSource = str | Path | Style


def load(
    style: StyleSource | None = None,
    *,
    mask: MaskSource | None = None,
    regions: Iterable[tuple[MaskSource, StyleSource]] = (),
    subject: StyleSource | None = None,
    background: StyleSource | None = None,
    model: Model | None = None,
    engine: str = "auto",
    device: str = "auto",
    precision: str = "auto",
    follow: Follow | None = None,
    **options: Any,
) -> Stylizer:
    """Return a Stylizer, to paint any number of pictures with.

    style: a bundled style's name or words of it, a .style file, a painting (learned at its first use, see `fit`, and
        kept), `random:SEED`, a style on the Hugging Face Hub (`hf:user/repo/name` or `hf:user/repo@tag/name`; needs
        impasto[hub]), a mix of these (`starry-night:0.7+great-wave:0.3`), a Style, or a network file (.onnx, or
        `hf:user/repo`) whose style is in its weights.  May be left out where regions have styles.
    mask: where to paint: a file or an array, white is painted; or `alpha`, the photo's own; or `subject`, `background`.
    regions: (mask, style) pairs, each painted on top of those before it.
    subject, background: styles for the photo's subject, which is looked for, and for the rest; regions lie on them.
    model: `main` or `fast`, the bundled networks, or a network's file, beside which the styles lie that are named; by
        default the one that a .style file belongs to, or main.
    engine, device, precision: see `impasto.runtime.engines.open_engine`.
    follow: called after each step where a painting is learned.
    options: see `StylizeOptions`.
    Raises UnknownStyle, ModelError, EngineUnavailable, InvalidOption, and for paintings as `fit` does.
    """
    chosen = StylizeOptions(**options)
    found = [("background", background), ("subject", subject)]
    parts: list[tuple[MaskSource, StyleSource]] = [(name, named) for name, named in found if named is not None]
    parts += regions
    sources = [style, *(source for _, source in parts)]
    single = _single(style)
    if single is not None and (parts or model is not None):
        raise InvalidOption(f"{style}: has one style in its weights, so it takes no regions and no other network")
    file = single or _network(sources, model)
    session = Session.open(file, engine=engine, device=device, precision=precision)
    if single is not None:
        return Stylizer(session, _only_style(session), chosen, mask=mask)
    whole, *placed = _known(sources, file, follow)
    regions_ = [Region(place, known) for (place, _), known in zip(parts, placed, strict=True) if known is not None]
    return Stylizer(session, whole, chosen, mask=mask, regions=regions_)


def _network(sources: list[StyleSource | None], model: Model | None) -> Path:
    """Return the network that paints in all the styles that are named."""
    names = _names(sources)
    if not names:
        raise InvalidOption("there is nothing to paint: name a style, or regions with styles")
    return network_of(model) if model else next(iter(_owners(names)), network_of())


def _names(sources: list[StyleSource | None]) -> list[str | Style]:
    """Return the styles that are named, also those within mixes."""
    return [name for source in sources if source is not None for name in _parts(source)]


def _known(sources: list[StyleSource | None], network: Path, follow: Follow | None) -> list[Style | None]:
    """Return the styles of a network that are named, None for None."""
    # Paintings last: what is wrong with anything else is said before the minutes that learning takes.
    _check(_names(sources), network)

    def known(source: StyleSource | None) -> Style | None:
        if source is None or isinstance(source, Style):
            return source
        return find_style(str(source), model=network, fit=lambda painting: fitted(Path(painting), network, follow))

    return [known(source) for source in sources]


def stylize(picture: Source, style: StyleSource | None = None, **options: Any) -> Image.Image | NDArray[Any]:
    """Paint one picture in a style and return it as the same kind; see `load` and `Stylizer`."""
    return load(style, **options)(picture)


def styles(model: Model = "main") -> list[StyleInfo]:
    """Return the styles of a bundled network, or beside a network's file, with their credits, in order of names."""
    return bundled_styles(model)


def own_network(style: StyleSource) -> Path | None:
    """Return the network that a style belongs to or is, or None if other networks may have it too, as its name.

    style: see `load`, whose errors these are.
    """
    return _single(style) or next(iter(_owners(_parts(style))), None)


def _parts(source: StyleSource) -> list[str | Style]:
    return [source] if isinstance(source, Style) else [name for name, _ in parse_mix(str(source))]


def _owners(parts: list[str | Style]) -> list[Path]:
    """Return the networks that styles and style files belong to."""
    named = [name for name in parts if isinstance(name, str) and (is_style_file(name) or is_on_hub(name))]
    files = [own_file(name) for name in named]
    styles = [name for name in parts if isinstance(name, Style)]
    return [*(find_network(read_style(file), file) for file in files), *map(find_network, styles)]


def _single(style: StyleSource | None) -> Path | None:
    """Return the network's file if what is named is one with its style in its weights, else None."""
    if not isinstance(style, (str, Path)):
        return None
    if str(style).endswith(".onnx"):
        return Path(style)
    parts = [name for name, _ in parse_mix(str(style))]
    if len(parts) > 1 or not is_on_hub(parts[0]) or (reference := parse_reference(parts[0])).style is not None:
        return None
    network = fetch(reference.repo, reference.revision) / NETWORK
    many = not network.is_file() or Manifest.read(network.with_suffix(".safetensors")).style_parameters
    return None if many else network


def _check(names: list[str | Style], network: Path) -> None:
    """Raise what is wrong with any of a network's styles, as `find_style` does, or with a painting's file."""
    for name in names:
        if isinstance(name, str) and is_painting(name) and not Path(name).is_file():
            raise UnreadablePicture(name, "there is no such file")
        if isinstance(name, str) and not is_painting(name):
            find_style(name, model=network)


def _only_style(session: Session) -> Style:
    """Return the style of a network that has it in its weights."""
    manifest: Manifest = session.manifest
    if manifest.style_parameters:
        raise ModelError(f"{session.network}: paints many styles; name one of its .style files instead")
    return Style(session.network.stem, np.zeros(0, np.float32), manifest.fingerprint)
