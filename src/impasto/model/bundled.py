"""The network and styles that come with Impasto."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from impasto.model.style import Credits, read_style

__all__ = ["ASSETS", "NETWORK", "PHOTOS", "STYLE_SUFFIX", "StyleInfo", "bundled_paths", "bundled_styles"]

ASSETS = Path(__file__).parent.parent / "assets"
NETWORK = ASSETS / "impasto.onnx"
PHOTOS = ASSETS / "photos"
"""Photos for learning and showing new styles."""
STYLE_SUFFIX = ".style"


@dataclass(frozen=True)
class StyleInfo:
    """A bundled style: its name, whose painting it is, and its file."""

    name: str
    credits: Credits
    path: Path


def bundled_paths() -> dict[str, Path]:
    """Return the files of the bundled styles by their names, in the order of the names."""
    return {path.stem: path for path in sorted((ASSETS / "styles").glob(f"*{STYLE_SUFFIX}"))}


def bundled_styles() -> list[StyleInfo]:
    """Return the bundled styles in the order of their names."""
    return [StyleInfo(name, read_style(path).credits, path) for name, path in bundled_paths().items()]
