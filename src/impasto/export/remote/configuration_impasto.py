"""What a folder says of its network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transformers import PretrainedConfig

__all__ = ["ImpastoConfig"]


class ImpastoConfig(PretrainedConfig):
    """A network and its styles.

    network: its architecture, see `registry.build`.  fingerprint: which .style files fit.
    margin: px that are mirrored around a picture before it is painted.
    styles: the names of its styles, in the order of their vectors; empty where the one style is in the weights.
    has_identity: whether strength is a way between vectors; else pixels are blended.
    """

    model_type = "impasto"

    def __init__(
        self,
        network: str = "impasto",
        fingerprint: str = "",
        margin: int = 16,
        styles: Sequence[str] = (),
        has_identity: bool = True,
        **others: Any,
    ) -> None:
        self.network, self.fingerprint, self.margin = network, fingerprint, margin
        self.styles, self.has_identity = list(styles), has_identity
        super().__init__(**others)
