"""A folder that Hugging Face's transformers loads: weights, configuration, and the code of the network itself.

The code depends on torch alone rather than on Impasto: who loads a model from the Hub has torch and transformers and
should not need a second package; and what is published goes on to compute the same, whatever becomes of Impasto.  It is
not written twice: it is this package's `nets`, with relative imports.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save

from impasto import errors, nets
from impasto.atomic import make_folder, write_whole
from impasto.export import remote
from impasto.export.exporting import Exported, Opened
from impasto.export.formats import Run
from impasto.export.parity import Painted, check_painter
from impasto.extras import needing
from impasto.model import Style
from impasto.model.publishing import write_repository
from impasto.runtime.session import MARGIN

__all__ = ["write_folder"]

CONFIG: Mapping[str, Any] = {
    "model_type": "impasto",
    "architectures": ["ImpastoModel"],
    "auto_map": {
        "AutoConfig": "configuration_impasto.ImpastoConfig",
        "AutoModel": "modeling_impasto.ImpastoModel",
        "AutoModelForImageToImage": "modeling_impasto.ImpastoModel",
    },
    "custom_pipelines": {
        "image-to-image": {"impl": "pipeline_impasto.PaintingPipeline", "pt": ["AutoModel"], "type": "image"}
    },
}
PROCESSOR: Mapping[str, Any] = {
    "image_processor_type": "ImpastoImageProcessor",
    "auto_map": {"AutoImageProcessor": "image_processing_impasto.ImpastoImageProcessor"},
}


def write_folder(opened: Opened, folder: Path) -> Exported:
    """Write a network with its styles as a folder, if transformers paints with it as torch does.

    What `publish` writes lies in the folder too, so that Impasto itself takes styles from there once it is on the Hub.
    Raises EngineUnavailable without transformers, ParityError and UnwritableOutput.
    """
    make_folder(folder)
    content = _content(opened)
    with tempfile.TemporaryDirectory() as scratch:
        draft = Path(scratch) / "impasto_draft"
        draft.mkdir()
        for name, data in content.items():
            (draft / name).write_bytes(data)
        difference = check_painter(_by_transformers(draft), "transformers", NAMES, _cases(opened))
    paths = write_repository(opened.file, folder, folder.name, transformers=True)
    paths += [write_whole(folder / name, data) for name, data in content.items()]
    return Exported(paths, {"transformers": difference})


NAMES = ("picture", "style", "strength")


def _content(opened: Opened) -> dict[str, bytes]:
    """Return the files by their names."""
    net, identity = opened.net, opened.identity
    weights = {f"painter.net.{key}": value.contiguous() for key, value in net.state_dict().items()}
    weights["styles"] = torch.zeros(len(opened.styles), net.style_parameters)
    for row, style in enumerate(opened.styles):
        weights["styles"][row] = torch.from_numpy(style.vector)
    if identity is not None:
        weights["painter.identity"] = identity
    config = {
        **CONFIG,
        "network": opened.manifest.network,
        "fingerprint": opened.manifest.fingerprint,
        "margin": MARGIN,
        "styles": [style.name for style in opened.styles],
        "has_identity": identity is not None,
        "dtype": "float32",
    }
    return {
        "config.json": _json(config),
        "preprocessor_config.json": _json(PROCESSOR),
        "model.safetensors": save(weights, {"format": "pt"}),
        **{path.name: _relative(path.read_text("utf-8")).encode() for path in _sources()},
    }


def _json(values: Mapping[str, Any]) -> bytes:
    return (json.dumps(values, indent=2) + "\n").encode()


def _sources() -> list[Path]:
    folders = [Path(str(package.__file__)).parent for package in (nets, remote)]
    modules = [path for folder in folders for path in sorted(folder.glob("*.py")) if path.stem != "__init__"]
    return [Path(str(errors.__file__)), *modules]


def _relative(source: str) -> str:
    """Return a module whose imports of this package are from the folder that it lies in."""
    return re.sub(r"^from impasto\.(?:\w+\.)*(\w+) import", r"from .\1 import", source, flags=re.MULTILINE)


def _cases(opened: Opened) -> list[Painted]:
    new = Style("unstyled", opened.net.new_style().numpy(), opened.manifest.fingerprint)
    styles = opened.styles[:2] or [new]
    return [Painted(opened.net, style, strength, opened.identity) for style in styles for strength in (1.0, 0.4)]


def _by_transformers(folder: Path) -> Run:
    """Open a folder as its users will."""
    with needing("transformers", "--format transformers"):
        from transformers import AutoModel
        from transformers.utils import HF_MODULES_CACHE
    model = AutoModel.from_pretrained(folder, trust_remote_code=True, local_files_only=True)  # just written  # nosec B615
    copied = Path(HF_MODULES_CACHE, "transformers_modules", folder.name)  # the code
    shutil.rmtree(copied, ignore_errors=True)

    @torch.inference_mode()
    def run(inputs: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        style = torch.from_numpy(inputs["style"]) if inputs["style"].size else None
        output = model(torch.from_numpy(inputs["picture"]), style=style, strength=float(inputs["strength"][0]))
        painting: NDArray[np.float32] = output.reconstruction.numpy()
        return painting

    return run
