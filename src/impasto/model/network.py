"""What a network file says of itself.

A network is two files of one name: NAME.onnx, which engines run, and NAME.safetensors, the same weights for torch.
Both carry this manifest in their metadata.  The graph has the inputs `picture` (1, 3, H, W) float32, RGB in [0, 1],
H and W multiples of `stride`, `style` (1, P) float32 and, if Q is not 0, `mixing` (1, Q) float32, zeros where a style
has none, and the output `painting` (1, 3, H, W), about [0, 1].
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import isfinite
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from impasto.errors import ModelError

__all__ = ["FOREIGN", "METADATA_KEY", "Manifest"]

METADATA_KEY = "impasto"
FOREIGN = "onnx"
"""The architecture of a network that was imported as a graph: there are no weights of it for torch."""
FORMAT = 2
LONGEST = 1 << 22
"""Characters of a manifest at most; the bundled ones have some 50,000."""
MOST_STRIDE, MOST_NUMBERS = 64, 1 << 24
"""No network of Impasto has a larger stride, reach, style vector or mixing."""


@dataclass(frozen=True)
class Manifest:
    """Facts of a network, all computed or recorded when it was made."""

    network: str
    """Architecture, as `nets.registry.build` takes it."""
    fingerprint: str
    """First 16 hexadecimal digits of the sha256 of the weights; styles name the network they belong to by it."""
    stride: int
    """Heights and widths must be multiples of this."""
    reach: int
    """An output pixel depends on input pixels at most this far away (and on the norms' moments)."""
    style_parameters: int
    """Length P of a style vector; 0 if the style is in the weights."""
    identity: tuple[float, ...]
    """The learned identity style, P numbers, or none if it was not learned."""
    training: Mapping[str, Any]
    """Steps, hours, VGG-19 weights and all options of the training run."""
    mixing_parameters: int = 0
    """Length Q of a style's mixing; 0 if the network mixes nothing."""
    licence: str = "MIT"
    format: int = FORMAT

    def to_json(self) -> str:
        """Return the manifest as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], file: str) -> Manifest:
        """Return the manifest in a file's metadata; raises ModelError, naming the file, if there is none that fits."""
        if METADATA_KEY not in metadata:
            raise ModelError(f"{file}: is not a network of Impasto (its metadata does not say so)")
        try:
            if len(metadata[METADATA_KEY]) > LONGEST:
                raise ValueError("it is too long")
            values = json.loads(metadata[METADATA_KEY])
            if values["format"] > FORMAT:
                raise ModelError(f"{file}: is of a newer format than this Impasto reads; upgrade Impasto")
            known = {field.name: values[field.name] for field in fields(cls) if field.name in values}
            manifest = cls(**{**known, "identity": tuple(map(float, known["identity"]))})
            manifest._check()
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ModelError(f"{file}: its manifest is damaged ({error})") from error
        return manifest

    def _check(self) -> None:
        """Raise ValueError if the facts that painting relies on cannot be."""
        if not (isinstance(self.network, str) and isinstance(self.fingerprint, str)):
            raise ValueError("names are text")
        sizes = (self.stride, self.reach, self.style_parameters, self.mixing_parameters)
        if not all(isinstance(number, int) for number in sizes):
            raise ValueError("sizes are whole numbers")
        if not 1 <= self.stride <= MOST_STRIDE or not all(0 <= number <= MOST_NUMBERS for number in sizes):
            raise ValueError("its sizes are none that a network of Impasto has")
        if len(self.identity) not in (0, self.style_parameters):
            raise ValueError("its sizes do not fit one another")
        if not all(map(isfinite, self.identity)):
            raise ValueError("the identity holds values that are not numbers")

    @classmethod
    def read(cls, twin: Path) -> Manifest:
        """Return the manifest of a network's .safetensors file without reading its weights; raises ModelError."""
        try:
            with safe_open(str(twin), framework="numpy") as file:
                return cls.from_metadata(file.metadata() or {}, str(twin))
        except (SafetensorError, OSError) as error:
            raise ModelError(f"{twin}: is absent, damaged or not a network") from error
