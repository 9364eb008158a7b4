"""What a picture was made from and how, as it is written into its PNG."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from impasto import __version__
from impasto.errors import UnreadablePicture
from impasto.image import read_settings

__all__ = ["RegionOf", "Settings", "digest"]


@dataclass(frozen=True)
class RegionOf:
    """A part of the photo, by a mask's file, and what it is painted like: a painting, or a part of one by its mask."""

    mask: str
    painting: str
    painting_mask: str | None = None


@dataclass(frozen=True)
class Settings:
    """All that an optimisation depends on.

    options: of `OptimizeConfig`, with the start that was found and the steps that were done at each scale;
    digests: {file: sha256 of it} of all pictures.
    """

    photo: str
    paintings: tuple[str, ...]
    regions: tuple[RegionOf, ...]
    options: Mapping[str, Any]
    digests: Mapping[str, str]

    def to_text(self) -> str:
        """Return the settings as JSON."""
        return json.dumps({"impasto": __version__, **asdict(self)}, ensure_ascii=False)

    @classmethod
    def of(cls, file: str | Path) -> Settings:
        """Return the settings in a PNG that `optimize` wrote.

        Raises UnreadablePicture if it has none, or if a picture that it was made from is not the same any more.
        """
        text = read_settings(file)
        try:
            facts = json.loads(text or "")
            regions = tuple(RegionOf(**region) for region in facts["regions"])
            options = {name: tuple(each) if isinstance(each, list) else each for name, each in facts["options"].items()}
            settings = cls(facts["photo"], tuple(facts["paintings"]), regions, options, dict(facts["digests"]))
            settings._check()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise UnreadablePicture(
                str(file), "carries no settings of impasto optimize; name a PNG that it wrote"
            ) from error
        for name, known in settings.digests.items():
            if digest(name) != known:
                raise UnreadablePicture(name, f"is not the file any more that {file} was made from")
        return settings

    def _check(self) -> None:
        """Raise ValueError unless all that are to be names are text: the picture may be a stranger's."""
        masks = [name for region in self.regions for name in (region.mask, region.painting, region.painting_mask)]
        names = (self.photo, *self.paintings, *(name for name in masks if name is not None), *self.digests.values())
        if not all(isinstance(name, str) for name in names):
            raise ValueError("names are text")


def digest(file: str) -> str:
    """Return the sha256 of a file's bytes in hexadecimal digits; raises UnreadablePicture."""
    if not Path(file).is_file():  # a device might not end
        raise UnreadablePicture(file, "there is no such file")
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except OSError as error:
        raise UnreadablePicture(file, (error.strerror or os.strerror(error.errno or 0)).lower()) from error
