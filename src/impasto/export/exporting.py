"""A network, or one style of it, as a file that other programs run."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from impasto.atomic import check_folder, write_whole
from impasto.errors import InvalidOption, ModelError
from impasto.export.config import ExportConfig
from impasto.export.formats import FORMS
from impasto.export.graph import bake, fold
from impasto.export.parity import Painted, check_painter, mixed
from impasto.fitting import fitted
from impasto.model import IDENTITY, Manifest, Model, Style, find_style, mix, network_of, styles_beside
from impasto.nets.base import PaintingNet
from impasto.nets.painter import OneStyle, Painter
from impasto.runtime.engines.torch_engine import load_net
from impasto.runtime.session import MARGIN

__all__ = ["Exported", "Opened", "export_network", "open_model"]


@dataclass(frozen=True)
class Exported:
    """What was written: its files, and the largest difference of its paintings from torch's in each program."""

    paths: list[Path]
    differences: Mapping[str, float]


@dataclass(frozen=True)
class Opened:
    """A network for torch, what its file says of it, and the styles beside it."""

    net: PaintingNet
    manifest: Manifest
    file: Path
    styles: list[Style]

    @property
    def identity(self) -> Tensor | None:
        """The identity style, (P,) float32, or None if it was not learned."""
        return torch.tensor(self.manifest.identity) if self.manifest.identity else None


def export_network(model: Model, output: str | Path, **options: Any) -> Exported:
    """Write a network for other programs, if it paints there as in torch; needs impasto[train].

    model: a bundled network's name or a network's file.
    output: the file to write, whose ending is the format's: .onnx, .pt2 (torch), .pt (torchscript), .xml (openvino,
        with .bin beside it), or, for transformers, a folder.
    options: see `ExportConfig`.
    What is written takes `picture`, (N, 3, H, W) float32, RGB in [0, 1] of any size, and gives `painting`, the same.
    Without a style it takes `style`, (1, P), and `strength`, (1,), and where asked `mixing`, (1, Q), too, float32 each.
    Raises InvalidOption, ModelError, UnknownStyle, ParityError and UnwritableOutput, and for paintings as `fit` does.
    """
    config, target = ExportConfig(**options), Path(output)
    if config.format == "transformers":
        from impasto.export.transformers import write_folder

        return write_folder(open_model(model), target)
    form = FORMS[config.format]
    if target.suffix.lower() != form.suffix:
        raise InvalidOption(f"--output: {target} must end in {form.suffix} for --format {config.format}")
    check_folder(target)
    opened = open_model(model)
    if target.exists() and any(target.samefile(own) for own in (opened.file, opened.file.with_suffix(".safetensors"))):
        raise InvalidOption(f"--output: {target} is the network itself; name another file")
    style = _style(config, opened)
    painter, examples = _painter(config, opened, style)
    facts = json.dumps(_facts(config, opened, style, list(examples)))
    with tempfile.TemporaryDirectory() as scratch:
        draft = Path(scratch) / target.name
        form.write(painter, examples, draft, facts, config)
        cases = _cases(config, opened, style)
        differences = {
            program: check_painter(open_file(draft), program, list(examples), cases, config.precision)
            for program, open_file in form.runtimes.items()
        }
        written = [
            write_whole(target.parent / file.name, file.read_bytes()) for file in sorted(Path(scratch).iterdir())
        ]
    return Exported(written, differences)


def open_model(model: Model) -> Opened:
    """Return a network that is opened for torch; raises ModelError."""
    file = network_of(model)
    net, metadata = load_net(file.with_suffix(".safetensors"))
    return Opened(net, Manifest.from_metadata(metadata, str(file)), file, styles_beside(model))


def _style(config: ExportConfig, opened: Opened) -> Style | None:
    """Return the style that is baked in, at its strength where that is a mix of vectors, or None."""
    if not opened.net.style_parameters:
        if config.style:
            raise InvalidOption(f"--style: {opened.file} has its one style in its weights; leave the option out")
        return Style(opened.file.stem, opened.net.new_style().numpy(), opened.manifest.fingerprint)
    if not config.style:
        return None
    style = find_style(config.style, model=opened.file, fit=lambda painting: fitted(Path(painting), opened.file))
    if style.network != opened.manifest.fingerprint or style.vector.shape != (opened.net.style_parameters,):
        raise ModelError(f"the style {style.name} belongs to another network than {opened.file}")
    return style


def _painter(config: ExportConfig, opened: Opened, style: Style | None) -> tuple[nn.Module, dict[str, Tensor]]:
    """Return what is written, in evaluation mode, and examples of its inputs."""
    net, identity = opened.net, opened.identity
    examples = {"picture": torch.rand(2, 3, 61, 83)}
    if style is not None and identity is not None:
        none = Style(IDENTITY, identity.numpy(), style.network)
        style = mix([(style, config.strength), (none, 1 - config.strength)])
    if style is not None and style.mixing is not None:
        net = bake(net, torch.from_numpy(style.mixing)[None])
    folded = fold(net, MARGIN)
    if config.precision == "f16" and config.format != "openvino":  # which chooses for itself what it computes in
        folded.half()
    painter = Painter(folded, identity, MARGIN)
    if style is not None:
        strength = config.strength if identity is None else 1.0
        vector = (
            torch.from_numpy(style.vector) if len(style.vector) else None
        )  # none: torch cannot save tensors of no size
        return OneStyle(painter, vector, strength).eval(), examples
    examples |= {"style": net.new_style()[None], "strength": torch.ones(1)}
    if config.mixing:
        examples["mixing"] = torch.zeros(1, net.mixing_parameters)
    return painter.eval(), examples


def _cases(config: ExportConfig, opened: Opened, style: Style | None) -> list[Painted]:
    if style is not None:
        return [Painted(opened.net, style, config.strength, opened.identity)]
    styles = opened.styles[:2] or [Style("unstyled", opened.net.new_style().numpy(), opened.manifest.fingerprint)]
    if config.mixing:
        styles = [mixed(each, opened.net, np.random.default_rng(0)) for each in styles]
    return [Painted(opened.net, each, strength, opened.identity) for each in styles for strength in (1.0, 0.4)]


def _facts(config: ExportConfig, opened: Opened, style: Style | None, inputs: list[str]) -> dict[str, Any]:
    """Return what the file says of itself."""
    return {
        "network": opened.manifest.network,
        "fingerprint": opened.manifest.fingerprint,
        "licence": opened.manifest.licence,
        "precision": config.precision,
        "pixels": "(N, 3, H, W) float32, RGB in [0, 1], any size",
        "inputs": inputs,
        "style": None if style is None else {"name": style.name, "strength": config.strength, **asdict(style.credits)},
    }
