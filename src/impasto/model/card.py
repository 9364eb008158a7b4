"""The card of a network and its styles: README.md on the Hugging Face Hub, written from what the files say."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors import safe_open

from impasto.model.network import Manifest
from impasto.model.style import Style

__all__ = ["write_card"]

TAGS = ("style-transfer", "neural-style-transfer", "impasto", "art")


def write_card(repo: str, network: Path | None, styles: Sequence[Style], transformers: bool = False) -> str:
    """Return the card, Markdown with the Hub's header.

    repo: where it is to lie, USER/REPO.  network: the .onnx file, or None where there are styles only.
    """
    licences = [Manifest.read(network.with_suffix(".safetensors")).licence] if network is not None else []
    licences += [style.credits.licence for style in styles]
    parts = [_header(licences), f"# {repo.rpartition('/')[2]}", _use(repo, network, styles)]
    if transformers:
        parts.append(_with_transformers(repo, styles))
    if network is not None:
        parts.append(_network(network))
    if styles:
        parts.append(_styles(styles))
    return "\n\n".join(parts) + "\n"


def _header(licences: Sequence[str]) -> str:
    tags = "\n".join(f"- {tag}" for tag in TAGS)
    licence = "mit" if all(each.endswith("MIT") for each in licences) else "other"
    return f"---\nlicense: {licence}\nlibrary_name: impasto\npipeline_tag: image-to-image\ntags:\n{tags}\n---"


def _use(repo: str, network: Path | None, styles: Sequence[Style]) -> str:
    name = f"hf:{repo}/{styles[0].name}.style" if styles else f"hf:{repo}"
    about = "A network that paints photos" if network is not None else "Styles that photos are painted in"
    return (
        f"{about}, for [Impasto](https://pypi.org/project/impasto/):\n\n"
        f"```\npip install 'impasto[hub]'\nimpasto stylize photo.jpg -s {name}\n```\n\n"
        f'```python\nimport impasto\n\npainted = impasto.stylize("photo.jpg", "{name}")\n```'
    )


def _with_transformers(repo: str, styles: Sequence[Style]) -> str:
    style = f', style="{styles[0].name}", strength=0.8' if styles else ""
    return (
        "Or with transformers and torch alone; the code of the network lies in this repository:\n\n"
        "```python\nfrom transformers import pipeline\n\n"
        f'paint = pipeline("image-to-image", model="{repo}", trust_remote_code=True)\n'
        f'painted = paint("photo.jpg"{style})\n```'
    )


def _network(network: Path) -> str:
    twin = network.with_suffix(".safetensors")
    manifest = Manifest.read(twin)
    rows = [
        ("architecture", f"`{manifest.network}`"),
        ("weights", f"{_weights(twin):,}"),
        ("numbers of a style", f"{manifest.style_parameters:,}" if manifest.style_parameters else "in the weights"),
        ("strength", "between style vectors" if manifest.identity else "between pixels"),
        ("fingerprint", f"`{manifest.fingerprint}`"),
        ("licence", manifest.licence),
    ]
    parts = ["## The network", _table(("fact", ""), rows)]
    if runs := list(_runs(manifest.training)):
        parts += ["Trained in runs, each beginning with what the one before reached:", _table(RUN, runs)]
    elif source := manifest.training.get("program"):
        parts.append(f"Imported from a checkpoint of {source} ({manifest.training.get('source', '')}).")
    return "\n\n".join(parts)


RUN = ("steps", "hours", "pictures, px", "batch", "losses", "content weight", "style weight", "VGG-19")


def _runs(training: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield a row for each run, the first first."""
    if isinstance(base := training.get("base"), dict):
        yield from _runs(base)
    config = training.get("config")
    if isinstance(config, dict):
        sizes, batch = (", ".join(map(str, config.get(key, ()))) for key in ("size", "batch_size"))
        facts = (config.get(key, "") for key in ("losses", "content_weight", "style_weight"))
        run = (training.get("steps", ""), training.get("hours", ""), sizes, batch, *facts, training.get("vgg", ""))
        yield tuple(map(str, run))


def _weights(twin: Path) -> int:
    with safe_open(str(twin), framework="numpy") as file:
        return sum(math.prod(file.get_slice(key).get_shape()) for key in file.keys())  # noqa: SIM118 - not a mapping


def _styles(styles: Sequence[Style]) -> str:
    credits_ = [(style.name, style.credits) for style in styles]
    rows = [(f"`{name}`", known.artist, known.title, known.year, known.licence) for name, known in credits_]
    return f"## The styles\n\n{_table(('style', 'artist', 'painting', 'year', 'licence'), rows)}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    """Return a text that cannot end its cell: titles come from files that others wrote."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())
