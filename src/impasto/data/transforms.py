"""From a picture file to a square of pixels to train on."""

from __future__ import annotations

import io
import warnings

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from impasto.errors import UnreadablePicture

__all__ = ["Pixels", "decode", "random_crop", "smooth_patch"]

Pixels = npt.NDArray[np.uint8]

_WIDE_GREY = {"I", "I;16", "I;16L", "I;16B", "I;16N", "F"}


def decode(data: bytes, name: str, *, at_least: int) -> Image.Image:
    """Decode a picture file to RGB, turned upright, on white where it is transparent.

    data: the file; name: for the error.
    at_least: in px; a JPEG whose short side is much longer is decoded at 1/2, 1/4 or 1/8 of its size
    with both sides still >= at_least, which is several times as fast.
    Colour profiles are ignored: a slight shift of hue does not matter for training.
    Raises UnreadablePicture.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on odd metadata, once per worker
            picture = Image.open(io.BytesIO(data))
            picture.draft("RGB", (at_least, at_least))
            ImageOps.exif_transpose(picture, in_place=True)
            return _to_rgb(picture)
    except Exception as error:  # a damaged file makes Pillow raise almost anything
        raise UnreadablePicture(name, _reason(error, data)) from error


def random_crop(
    picture: Image.Image, size: int, rng: np.random.Generator, *, scale: tuple[float, float] = (1.0, 1.25)
) -> Pixels:
    """Return a random square of a picture, mirrored half of the time, never squashed.

    Like resizing the picture so that its short side is size * s, s uniform in scale (>= 1), and
    cutting out size x size px anywhere; but only the pixels that are needed are resized (Lanczos).
    A picture smaller than size is enlarged.

    picture: RGB, any size and shape.  Returns (size, size, 3) uint8 RGB.
    """
    zoom, along_x, along_y = rng.uniform(*scale), rng.random(), rng.random()
    mirrored = rng.random() < 0.5
    width, height = picture.size
    side = min(width, height) / zoom
    left, top = along_x * (width - side), along_y * (height - side)
    square = picture.resize(
        (size, size), Image.Resampling.LANCZOS, box=(left, top, left + side, top + side), reducing_gap=3.0
    )
    return np.array(ImageOps.mirror(square) if mirrored else square)


def smooth_patch(size: int, rng: np.random.Generator) -> Pixels:
    """Return an almost empty picture: one colour, white, black or a gradient, with slight noise.

    Instance norm divides by the spread of its input, so on blank areas (sky, walls) it blows up noise
    into texture unless training has seen such areas.

    Returns (size, size, 3) uint8 RGB; the noise has a standard deviation of 1 to 3 levels.
    """
    first, second = _two_colours(rng)
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-0.5 : 0.5 : size * 1j, -0.5 : 0.5 : size * 1j]
    along = (0.5 + (x * np.cos(angle) + y * np.sin(angle)) / np.sqrt(2))[..., None]
    noise = rng.uniform(1, 3) * rng.standard_normal((size, size, 3))
    return _to_bytes(first + along * (second - first) + noise)


def _two_colours(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return the colours, (2, 3) in [0, 255], from which and to which a smooth patch goes."""
    kind = rng.choice(["white", "black", "plain", "gradient"], p=[0.15, 0.1, 0.25, 0.5])
    if kind == "white":
        return np.full((2, 3), 255.0)
    if kind == "black":
        return np.zeros((2, 3))
    first, second = rng.uniform(0, 255, (2, 3))
    if kind == "plain":
        return np.stack([first, first])
    return np.stack([first, first + rng.uniform(0.1, 0.7) * (second - first)])


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode in _WIDE_GREY:
        return _from_wide_grey(picture)
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    ground = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(ground, picture.convert("RGBA")).convert("RGB")


def _from_wide_grey(picture: Image.Image) -> Image.Image:
    """Bring 16-bit and float grey to 8 bits, which Pillow's own conversion would clip instead."""
    levels = np.asarray(picture, np.float64)
    whites = [1, 255] if picture.mode == "F" else []  # floats come in any of the three ranges
    white = next((white for white in whites if levels.max() <= white), 65535)
    return Image.fromarray(_to_bytes(levels / white * 255)).convert("RGB")


def _to_bytes(levels: npt.NDArray[np.float64]) -> Pixels:
    rounded: Pixels = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return rounded


def _reason(error: Exception, data: bytes) -> str:
    if not data:
        return "the file is empty"
    if isinstance(error, UnidentifiedImageError):  # its own words are the address of a buffer
        return "not a picture"
    return " ".join(str(error).split()) or type(error).__name__
