"""Options of an export."""

from __future__ import annotations

from dataclasses import dataclass

from impasto.errors import InvalidOption
from impasto.options import check, option

__all__ = ["FORMATS", "OPSET", "ExportConfig"]

FORMATS = ("onnx", "torch", "torchscript", "openvino", "transformers")
OPSET = 18
"""Of ONNX: the oldest that torch exports, which most programs read."""


@dataclass(frozen=True)
class ExportConfig:
    """How a network is written for other programs."""

    format: str = option(
        "onnx", "onnx, torch (torch.export), torchscript, openvino, or transformers (a folder)", choices=FORMATS
    )
    style: str = option("", "a style, or a mix, for good; without it style and strength are inputs")
    strength: float = option(1.0, "how much of that style, from 0 to 1", low=0, high=1)
    precision: str = option("f32", "of weights and maps; the moments of norms stay f32", choices=("f32", "f16"))
    opset: int = option(OPSET, "of ONNX", low=OPSET, high=25)
    mixing: bool = option(False, "take the mixing of fitted styles as an input, too")

    def __post_init__(self) -> None:
        check(self)
        if self.strength != 1 and not self.style:
            raise InvalidOption(
                "--strength goes with --style; without a style, strength is an input of what is written"
            )
        if self.mixing and self.style:
            raise InvalidOption("--mixing is for styles that are inputs; with --style leave it out")
        if self.opset != OPSET and self.format != "onnx":
            raise InvalidOption(f"--opset goes with --format onnx, not with {self.format}")
        if self.format == "transformers":
            self._check_transformers()

    def _check_transformers(self) -> None:
        if self.precision != "f32":
            raise InvalidOption("--precision: with transformers it is chosen at loading, from_pretrained(dtype=...)")
        if self.mixing:
            raise InvalidOption("--mixing: a transformers folder takes the mixing of fitted styles anyway")
        if self.style:
            raise InvalidOption("--style: a transformers folder has all of a network's styles; name one when painting")
