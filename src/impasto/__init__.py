"""Impasto paints photos in the style of a picture.

import impasto

painted = impasto.stylize("photo.jpg", "starry-night")      # a Pillow image
paint = impasto.load("great-wave", strength=0.7)            # to paint many
frame = paint(frame)                                        # an array for an array
for painted in impasto.video.stylize_frames(frames, "udnie"): ...   # a film, with steady strokes
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto.lazy import importer

if TYPE_CHECKING:
    from impasto.api import load, styles, stylize
    from impasto.errors import ImpastoError
    from impasto.export import export_network, import_checkpoint
    from impasto.fitting import fit, like
    from impasto.model import Credits, Style, StyleInfo, find_style, mix, random_style, read_style, walk, write_style
    from impasto.model.publishing import publish
    from impasto.optimizing import optimize
    from impasto.runtime.stylizer import StylizeOptions, Stylizer

__all__ = [
    "Credits",
    "ImpastoError",
    "Style",
    "StyleInfo",
    "StylizeOptions",
    "Stylizer",
    "__version__",
    "export_network",
    "find_style",
    "fit",
    "import_checkpoint",
    "like",
    "load",
    "mix",
    "optimize",
    "publish",
    "random_style",
    "read_style",
    "styles",
    "stylize",
    "walk",
    "write_style",
]

__version__ = "0.1.0"

__getattr__ = importer(
    "impasto",
    {
        "load": "impasto.api",
        "styles": "impasto.api",
        "stylize": "impasto.api",
        "fit": "impasto.fitting",
        "like": "impasto.fitting",
        "optimize": "impasto.optimizing",
        "export_network": "impasto.export.exporting",
        "import_checkpoint": "impasto.export.checkpoint",
        "ImpastoError": "impasto.errors",
        "find_style": "impasto.model",
        "mix": "impasto.model",
        "publish": "impasto.model.publishing",
        "random_style": "impasto.model",
        "read_style": "impasto.model",
        "walk": "impasto.model",
        "write_style": "impasto.model",
        "Credits": "impasto.model",
        "Style": "impasto.model",
        "StyleInfo": "impasto.model",
        "Stylizer": "impasto.runtime.stylizer",
        "StylizeOptions": "impasto.runtime.stylizer",
        "video": "impasto.video",
    },
)


def __dir__() -> list[str]:
    return __all__
