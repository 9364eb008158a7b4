"""The networks and styles that come with Impasto."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from impasto.errors import ModelError
from impasto.model.hub import hub_network, is_on_hub
from impasto.model.style import Credits, read_style

__all__ = [
    "ASSETS",
    "MODELS",
    "PHOTOS",
    "STYLE_SUFFIX",
    "Model",
    "StyleInfo",
    "bundled_styles",
    "network_of",
    "style_paths",
]

ASSETS = Path(__file__).parent.parent / "assets"
MODELS = {name: ASSETS / name / "network.onnx" for name in ("main", "fast")}
"""The bundled networks by their names; the styles of each lie in the folder `styles` beside it."""
PHOTOS = ASSETS / "photos"
"""Photos for learning and showing new styles."""
STYLE_SUFFIX = ".style"

Model = str | Path
"""A network: the name of a bundled one, a file, or on the Hugging Face Hub (hf:user/repo)."""


@dataclass(frozen=True)
class StyleInfo:
    """A bundled style: its name, whose painting it is, and its file."""

    name: str
    credits: Credits
    path: Path


def network_of(model: Model = "main") -> Path:
    """Return a network's file; raises ModelError, naming the bundled ones, if there is none."""
    file = _file(model)
    if not file.is_file():
        raise ModelError(f"{model}: is no network; name {' or '.join(MODELS)}, or a network's file (.onnx)")
    return file


def _file(model: Model) -> Path:
    return hub_network(str(model)) if is_on_hub(model) else MODELS.get(str(model), Path(model))


def style_paths(model: Model = "main") -> dict[str, Path]:
    """Return the style files that lie beside a network by their names, in the order of the names."""
    folder = _file(model).parent / "styles"
    return {path.stem: path for path in sorted(folder.glob(f"*{STYLE_SUFFIX}"))}


def bundled_styles(model: Model = "main") -> list[StyleInfo]:
    """Return the styles that lie beside a network in the order of their names."""
    return [StyleInfo(name, read_style(path).credits, path) for name, path in style_paths(model).items()]
