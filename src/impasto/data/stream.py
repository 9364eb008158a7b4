"""The endless stream of training samples, each a pure function of its number.

Nothing is remembered from one sample to the next: which photo, which crop and whether it is mirrored
follow from (seed, number) alone. So any process can make any sample, and a run resumes exactly by
starting at the right number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from impasto.data.source import PhotoSource
from impasto.data.transforms import Pixels, decode, random_crop, smooth_patch
from impasto.errors import DataError, UnreadablePicture

__all__ = ["PhotoStream", "Samples"]

# They keep the random numbers of the order and those of the crops apart.
_FOR_ORDER, _FOR_SAMPLE = 0, 1
_MOST_TRIES = 100


class Samples(NamedTuple):
    """Samples as one array, and what could not be read on the way.

    pixels: (N, size, size, 3) uint8 RGB; unreadable: name of a file -> what is wrong with it.
    """

    pixels: Pixels
    unreadable: dict[str, str]


@dataclass(frozen=True)
class PhotoStream:
    """Square crops of the photos of a source, without end; every photo comes once an epoch.

    size: side of the squares in px; seed: any integer >= 0.
    scale: the short side of a photo is size times this before the crop, uniform in the range.
    blank: the fraction of samples that are smooth patches instead of photos.
    """

    source: PhotoSource
    size: int
    seed: int
    scale: tuple[float, float] = (1.0, 1.25)
    blank: float = 0.02

    def photo_of(self, number: int, skip: int = 0) -> int:
        """Return which photo of the source sample `number` shows, or the `skip`-th one after it."""
        count = len(self.source)
        epoch, place = divmod(number, count)
        return int(_order(count, self.seed, epoch)[(place + skip) % count])

    def samples(self, numbers: Sequence[int]) -> Samples:
        """Make the samples of these numbers; raises DataError if hardly any photo can be read."""
        unreadable: dict[str, str] = {}
        return Samples(np.stack([self._sample(number, unreadable) for number in numbers]), unreadable)

    def __getitems__(self, numbers: Sequence[int]) -> Samples | DataError:
        """Make one batch for torch's DataLoader.

        An error is returned, not raised: DataLoader would wrap its sentence in a worker's traceback.
        """
        try:
            return self.samples(numbers)
        except DataError as error:
            return error

    def _sample(self, number: int, unreadable: dict[str, str]) -> Pixels:
        rng = np.random.default_rng((self.seed, _FOR_SAMPLE, number))
        if rng.random() < self.blank:
            return smooth_patch(self.size, rng)
        tries = min(len(self.source), _MOST_TRIES)
        for skip in range(tries):
            picture = self._picture(self.photo_of(number, skip), unreadable)
            if picture is not None:
                return random_crop(picture, self.size, rng, scale=self.scale)
        name, reason = next(iter(unreadable.items()))
        raise DataError(f"{tries} pictures in a row cannot be read, such as {name} ({reason})")

    def _picture(self, photo: int, unreadable: dict[str, str]) -> Image.Image | None:
        try:
            data, name = self.source.read(photo), self.source.name(photo)
            return decode(data, name, at_least=ceil(self.size * self.scale[1]))
        except UnreadablePicture as error:
            unreadable[error.name] = error.reason
            return None


@lru_cache(maxsize=2)  # a batch may reach over the end of an epoch
def _order(count: int, seed: int, epoch: int) -> npt.NDArray[np.int64]:
    return np.random.default_rng((seed, _FOR_ORDER, epoch)).permutation(count)
