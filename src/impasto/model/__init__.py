"""What a trained network and a style are on disk, and the ones that come with Impasto; no torch."""

from impasto.model.bundled import StyleInfo, bundled_styles, find_network, find_style
from impasto.model.network import Manifest
from impasto.model.style import IDENTITY, Credits, Style, mix, read_style, write_style

__all__ = [
    "IDENTITY",
    "Credits",
    "Manifest",
    "Style",
    "StyleInfo",
    "bundled_styles",
    "find_network",
    "find_style",
    "mix",
    "read_style",
    "write_style",
]
