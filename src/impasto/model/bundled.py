"""The network and styles that come with Impasto, and finding a style by what the user calls it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from impasto.errors import InvalidOption, ModelError, UnknownStyle
from impasto.model.network import Manifest
from impasto.model.style import Credits, Style, read_style

__all__ = ["ASSETS", "NETWORK", "StyleInfo", "bundled_styles", "find_network", "find_style"]

ASSETS = Path(__file__).parent.parent / "assets"
NETWORK = ASSETS / "impasto.onnx"
STYLE_SUFFIX = ".style"


@dataclass(frozen=True)
class StyleInfo:
    """A bundled style: its name, whose painting it is, and its file."""

    name: str
    credits: Credits
    path: Path


@cache
def _paths() -> dict[str, Path]:
    return {path.stem: path for path in sorted((ASSETS / "styles").glob(f"*{STYLE_SUFFIX}"))}


def bundled_styles() -> list[StyleInfo]:
    """Return the bundled styles in the order of their names."""
    return [StyleInfo(name, read_style(path).credits, path) for name, path in _paths().items()]


def find_style(name: str) -> Style:
    """Return the style that a name means.

    name: the path of a .style file, a bundled style's name (`van-gogh-starry-night`) or an unambiguous tail of it
    (`starry-night`); case, spaces and underscores do not matter.
    Raises UnknownStyle with the nearest names, InvalidOption, naming all readings, if a tail is ambiguous, and
    ModelError for a damaged file.
    """
    if name.endswith(STYLE_SUFFIX):
        return read_style(name)
    wanted = "-".join(name.lower().replace("_", " ").replace("-", " ").split())
    paths = _paths()
    if wanted in paths:
        return read_style(paths[wanted])
    readings = [known for known in paths if wanted and known.endswith(f"-{wanted}")]
    if len(readings) > 1:
        raise InvalidOption(f"{name!r} may mean {' or '.join(readings)}; write more of it")
    if not readings:
        raise UnknownStyle(name, _nearest(wanted))
    return read_style(paths[readings[0]])


def _nearest(wanted: str) -> list[str]:
    """Return up to three bundled names that are like what was wanted, comparing whole names and their tails."""
    tails = {
        known[start:]: known
        for known in _paths()
        for start in range(len(known))
        if start == 0 or known[start - 1] == "-"
    }
    close = difflib.get_close_matches(wanted, tails, n=3, cutoff=0.6)
    return list(dict.fromkeys(tails[tail] for tail in close))


def find_network(style: Style, file: Path | None = None) -> Path:
    """Return the network file that a style belongs to: the bundled one, or one in the style file's folder or above it.

    Raises ModelError, naming both, if there is none.
    """
    for network in _networks(file):
        if _fingerprint(network) == style.network:
            return network
    raise ModelError(
        f"the style {style.name} belongs to the network {style.network or '(unnamed)'}, which is neither "
        "the bundled one nor beside its file; name the network file"
    )


def _networks(file: Path | None) -> Iterator[Path]:
    """Yield the network files that a style may belong to, likely ones first."""
    yield NETWORK
    for folder in () if file is None else file.absolute().parents[:2]:
        yield from sorted(folder.glob("*.onnx"))


def _fingerprint(network: Path) -> str | None:
    """Return a network file's fingerprint, or None if it is damaged or another program's."""
    try:
        return Manifest.read(network.with_suffix(".safetensors")).fingerprint
    except ModelError:
        return None
