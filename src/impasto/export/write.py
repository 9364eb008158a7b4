"""Writing a trained network and its styles as the files that Impasto loads."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from safetensors.torch import save

from impasto.atomic import atomic_write
from impasto.errors import UnwritableOutput
from impasto.export.graph import write_onnx
from impasto.export.parity import check_parity
from impasto.model import IDENTITY, Credits, Manifest, Style, write_style
from impasto.model.network import METADATA_KEY
from impasto.nets import registry
from impasto.nets.base import PaintingNet
from impasto.perceptual.paintings import Sketch
from impasto.training.run import Trained

__all__ = ["write_model"]


def write_model(
    trained: Trained, folder: Path, *, name: str = "network", credits_: Mapping[str, Credits] | None = None
) -> list[Path]:
    """Write NAME.onnx, NAME.safetensors and styles/STYLE.style into a folder and return their paths.

    The graph is compared with torch in both engines first (see `check_parity`); nothing is written if it differs.
    Raises ParityError and UnwritableOutput.
    """
    styles = _styles(trained, credits_ or {})
    metadata = {METADATA_KEY: _manifest(trained).to_json()}
    with tempfile.TemporaryDirectory() as scratch:
        draft = Path(scratch) / "network.onnx"
        write_onnx(trained.net, draft, metadata)
        check_parity(trained.net, draft, styles[:2] or [_unstyled(trained.net)])
        graph = draft.read_bytes()
    weights = save({key: value.contiguous() for key, value in trained.net.state_dict().items()}, metadata)
    network = {folder / f"{name}.safetensors": weights, folder / f"{name}.onnx": graph}
    vectors = {folder / "styles" / f"{style.name}.style": style for style in styles if trained.net.style_parameters}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in network.items():
            with atomic_write(path) as file:
                file.write(content)
        for path, style in vectors.items():
            path.parent.mkdir(exist_ok=True)
            write_style(style, path)
    except OSError as error:
        raise UnwritableOutput(str(folder), f"the network cannot be written there ({error.strerror})") from error
    return [*network, *vectors]


def _unstyled(net: PaintingNet) -> Style:
    return Style("unstyled", net.new_style().numpy(), fingerprint(net))


def _styles(trained: Trained, credits_: Mapping[str, Credits]) -> list[Style]:
    network = fingerprint(trained.net)

    styles = [
        Style(name, vector.numpy().astype(np.float32), network, credits_.get(name, Credits()))
        for name, vector in trained.vectors.items()
        if name != IDENTITY
    ]
    return [_sketched(style, trained.sketches.get(style.name)) for style in styles]


def _sketched(style: Style, sketch: Sketch | None) -> Style:
    return style if sketch is None else replace(style, palette=sketch.palette, signature=sketch.signature)


def _manifest(trained: Trained) -> Manifest:
    net, identity = trained.net, trained.vectors.get(IDENTITY)
    return Manifest(
        network=registry.describe(net),
        fingerprint=fingerprint(net),
        stride=net.stride,
        reach=net.reach,
        style_parameters=net.style_parameters,
        mixing_parameters=net.mixing_parameters,
        identity=() if identity is None else tuple(round(value, 6) for value in identity.tolist()),
        training=trained.facts,
        licence=str(trained.facts.get("licence", Manifest.licence)),
    )


def fingerprint(net: PaintingNet) -> str:
    """Return the first 16 hexadecimal digits of the sha256 over the names and bytes of the network's weights."""
    digest = hashlib.sha256()
    for key, value in sorted(net.state_dict().items()):
        digest.update(key.encode())
        digest.update(value.contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
