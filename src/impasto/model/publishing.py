"""Networks and styles as a folder for the Hugging Face Hub, and there."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from impasto.atomic import make_folder, write_whole
from impasto.errors import InvalidOption, ModelError
from impasto.model.bundled import Model, network_of, style_paths
from impasto.model.card import write_card
from impasto.model.hub import NETWORK, upload
from impasto.model.mixture import is_style_file
from impasto.model.network import Manifest
from impasto.model.style import read_style

__all__ = ["publish", "write_repository"]


def publish(what: Model | Sequence[Model], repo: str, *, private: bool = False) -> str:
    """Put a network with the styles beside it, and .style files, on the Hugging Face Hub; return their address.

    what: a bundled network's name, a network's file, .style files, or several of these.
    repo: USER/REPO, which is made where it is not there.
    Needs impasto[hub] and somebody who is logged in (hf auth login).  Raises as `write_repository` and `upload` do.
    """
    with tempfile.TemporaryDirectory() as folder:
        write_repository(what, Path(folder), repo)
        return upload(Path(folder), repo, private=private)


def write_repository(
    what: Model | Sequence[Model], folder: Path, repo: str = "user/repo", *, transformers: bool = False
) -> list[Path]:
    """Write what `publish` puts on the Hub into a folder and return the paths: network, styles and a card.

    transformers: whether the card says how to use it with transformers, whose files the caller adds.
    Raises InvalidOption for more than one network, and for styles of one name or of several networks; ModelError for
    files that are damaged; UnwritableOutput.
    """
    named = [what] if isinstance(what, (str, Path)) else list(what)
    networks = [network_of(each) for each in named if not is_style_file(str(each))]
    if len(networks) > 1:
        raise InvalidOption("a repository holds one network; publish the others elsewhere")
    network = next(iter(networks), None)
    files = [*([] if network is None else style_paths(network).values())]
    files += [Path(each) for each in named if is_style_file(str(each))]
    styles = [replace(read_style(file), name=file.stem) for file in files]
    fingerprints = {style.network for style in styles}
    if network is not None:
        fingerprints.add(Manifest.read(_weights(network)).fingerprint)
    if len(fingerprints) > 1:
        raise InvalidOption("these belong to different networks; publish each network with its own styles")
    content = {f"styles/{file.stem}.style": file for file in files}
    if len(content) < len(files):
        raise InvalidOption("two of these styles have one name; rename a file")
    if network is not None:
        content |= {NETWORK: network, "network.safetensors": _weights(network)}
    if not content:
        raise InvalidOption("there is nothing to publish; name a network or .style files")
    return _written(
        folder, {name: _read(file) for name, file in content.items()}, write_card(repo, network, styles, transformers)
    )


def _weights(network: Path) -> Path:
    file = network.with_suffix(".safetensors")
    if not file.is_file():
        raise ModelError(f"{network}: {file.name} must lie beside it; ONNX files of other programs are not published")
    return file


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ModelError(f"{file}: cannot be read ({error.strerror})") from error


def _written(folder: Path, content: dict[str, bytes], card: str) -> list[Path]:
    make_folder(folder / "styles" if any("/" in name for name in content) else folder)
    return [write_whole(folder / name, data) for name, data in {**content, "README.md": card.encode()}.items()]
