"""What goes wrong in paintings: blobs, checkerboards and frames, found without looking; and what the cause may be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impasto.image import IntegerArray

__all__ = ["Finding", "findings"]

Plane = npt.NDArray[np.float64]
"""(H, W), in units of 0..255."""

WINDOW = 32  # px
PERIOD = 4  # px; of what networks leave that work at 1/2 and 1/4 of the size
MARGIN = 16  # px at the edges, where frames are
LEAST_CHECKERBOARD = 3.0
LEAST_FRAME = 12.0
FRAME = 4  # px
LEAST_BLOB = 60.0
BLOB = 3  # px; about its radius
CAUSES = {
    "checkerboard": "transposed convolutions, or too few steps: take --network impasto or johnson:upsampling=resize, "
    "train longer, or raise --tv-weight",
    "frame": "the network's padding beside a style weight that leaves little of the photo: train longer, or lower "
    "--style-weight",
    "blob": "instance norm on flat areas: raise --blank, so that more flat pictures are trained on, or lower --lr",
}


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with a painting.

    kind: checkerboard, frame or blob; strength: its contrast in levels of 0..255; cause: the likely one and what to do.
    """

    kind: str
    strength: float

    @property
    def cause(self) -> str:
        """What the cause may be, and what to do about it."""
        return CAUSES[self.kind]


def findings(photo: IntegerArray, painted: IntegerArray) -> list[Finding]:
    """Return what is wrong with a painting, (H, W, 3) uint8, beside its photo, of the same size.

    Contrasts that the photo has too do not count.  Pictures smaller than 96 px either way are let through.
    """
    if min(painted.shape[:2]) < 3 * WINDOW:
        return []
    before, after = _luma(photo), _luma(painted)
    found = [
        Finding("checkerboard", _checkerboard(after) - _checkerboard(before)),
        Finding("frame", _frame(after) - _frame(before)),
        Finding("blob", _blob(before, after)),
    ]
    least = {"checkerboard": LEAST_CHECKERBOARD, "frame": LEAST_FRAME, "blob": LEAST_BLOB}
    return [each for each in found if each.strength > least[each.kind]]


def _luma(pixels: IntegerArray) -> Plane:
    luma: Plane = pixels.astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    return luma


def _checkerboard(luma: Plane) -> float:
    """Return the contrast of patterns of 4 and 2 px that keep to the picture's own grid.

    In each window the fine detail is averaged over all places that are the same within the period; of the variance of
    these means what independent detail would leave there is taken off.
    """
    detail = (luma - _box(luma, PERIOD))[MARGIN:-MARGIN, MARGIN:-MARGIN]
    rows, columns = (side // WINDOW for side in detail.shape)
    cells = detail[: rows * WINDOW, : columns * WINDOW].reshape(
        rows, WINDOW // PERIOD, PERIOD, columns, WINDOW // PERIOD, PERIOD
    )
    means = cells.mean((1, 4))
    count = (WINDOW // PERIOD) ** 2
    left = means.var((1, 3)) - cells.var((1, 4), ddof=1).mean((1, 3)) / count
    return float(np.sqrt(max(0.0, np.median(left))))


def _frame(luma: Plane) -> float:
    """Return how far the outermost pixels differ from those inside them, beyond what such lines do elsewhere."""
    sides = (luma, luma[::-1], luma.T, luma.T[::-1])
    return float(np.median([_step(side) for side in sides]))


def _step(luma: Plane) -> float:
    """Return it for the upper side."""
    lines = luma[:, MARGIN:-MARGIN].mean(1)
    steps = np.abs(lines[: -3 * FRAME] - lines[3 * FRAME :])
    return float(steps[:FRAME].mean() - np.quantile(steps[MARGIN:-MARGIN], 0.9))


def _blob(photo: Plane, painted: Plane) -> float:
    """Return the contrast of the strongest spot that stands alone: three times as strong as all but 1 % of the picture.

    Where the photo has a spot too, none is counted.
    """
    spots = np.abs(_spots(painted)) - np.abs(_spots(photo))
    inner = spots[MARGIN:-MARGIN, MARGIN:-MARGIN]
    strongest, usual = float(inner.max()), float(np.quantile(inner, 0.99))
    return strongest if strongest > 3 * max(usual, 1.0) else 0.0


def _spots(luma: Plane) -> Plane:
    """Return how much brighter each place is than what is around it."""
    return _box(luma, 2 * BLOB + 1) - _box(luma, 6 * BLOB + 3)


def _box(luma: Plane, side: int) -> Plane:
    """Return the mean over a square of so many px around each pixel; the picture is mirrored at its edges."""
    before, after = side // 2, side - 1 - side // 2
    padded = np.pad(luma, ((before, after), (before, after)), mode="symmetric")
    for _ in range(2):
        sums = np.cumsum(np.pad(padded, ((1, 0), (0, 0))), axis=0)
        padded = ((sums[side:] - sums[:-side]) / side).T
    return padded
