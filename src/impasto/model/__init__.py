"""What a trained network and a style are on disk, the ones that come with Impasto, and mixes of styles; no torch."""

from impasto.model.bundled import MODELS, Model, StyleInfo, bundled_styles, network_of, style_paths
from impasto.model.finding import find_network, find_style, own_file, styles_beside
from impasto.model.hub import is_on_hub
from impasto.model.mixture import file_name, is_painting, is_style_file, mix_name, parse_mix
from impasto.model.network import Manifest
from impasto.model.space import nearest, random_style, signature_distance, walk
from impasto.model.style import IDENTITY, Credits, Style, mix, read_style, write_style

__all__ = [
    "IDENTITY",
    "MODELS",
    "Credits",
    "Manifest",
    "Model",
    "Style",
    "StyleInfo",
    "bundled_styles",
    "file_name",
    "find_network",
    "find_style",
    "is_on_hub",
    "is_painting",
    "is_style_file",
    "mix",
    "mix_name",
    "nearest",
    "network_of",
    "own_file",
    "parse_mix",
    "random_style",
    "read_style",
    "signature_distance",
    "style_paths",
    "styles_beside",
    "walk",
    "write_style",
]
