"""Styles on a network, ready to paint any number of pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import InvalidOption, PictureTooLarge
from impasto.image import (
    DEFAULT_MAX_PIXELS,
    IntegerArray,
    Picture,
    Source,
    blend,
    fit,
    keep_colors,
    match_palette,
    read,
    repaint,
    resize,
    to_eight_bits,
    to_integers,
    with_layers,
    with_mask,
)
from impasto.memory import OutOfRoom, room_within
from impasto.model import IDENTITY, Style, mix
from impasto.options import bytes_of, check, option
from impasto.runtime.canvas import canvas_sizes, paint_at
from impasto.runtime.regions import MaskSource, Places, Region
from impasto.runtime.session import Session

__all__ = ["COLORS", "Layers", "StylizeOptions", "Stylizer"]

Layers = Callable[[int], IntegerArray]
"""Gives the painting of a layer by its number (0: the whole, from 1: the regions), at the size that is painted."""

FLOAT_BYTES = np.dtype(np.float32).itemsize
LATER = 80 << 20
"""Bytes of memory that painting a picture takes beyond what its smallest canvas does; and a quarter of its own."""
SPARE = 1.1
"""What is said to suffice is so many times what is known to be taken."""
COLORS = ("style", "keep", "palette")
"""Colours and strokes of the painting; its strokes in the photo's colours; its colours without strokes."""


@dataclass(frozen=True)
class StylizeOptions:
    """How a picture is painted."""

    strength: float = option(1.0, "how much of the style, from 0 (the photo itself) to 1", low=0, high=1)
    stroke: float = option(0.5, "size of the strokes in the picture, from 0 (small) to 1 (large)", low=0, high=1)
    color: str = option(
        "style", "style; keep: the photo's colours; palette: the painting's colours but no strokes", choices=COLORS
    )
    feather: float = option(0.004, "softness of masks' edges, as a part of the long side", low=0, high=0.5)
    size: int | None = option(None, "px of the result's long side; without it the photo's own size", low=1)
    max_memory: str = option("", "memory to take at most, such as 2GB; else most of what is free")
    max_pixels: int = option(DEFAULT_MAX_PIXELS, "refuse photos, and masks, of more pixels than this", low=1)

    def __post_init__(self) -> None:
        check(self)
        if self.max_memory:
            bytes_of(self.max_memory, "--max-memory")


class Stylizer:
    """Paints pictures in a style, or in several by regions.

    style: of the whole picture, or None, where the regions are painted on the photo itself.
    mask: where to paint, see `MaskSource`; the rest stays the photo.  None: everywhere.
    regions: parts with styles of their own, each on top of those before it.
    A call takes a path, bytes, a binary stream, a Pillow image or an array, and returns an array for an array and a
    Pillow image else, of the same size unless `size` says another.
    """

    def __init__(
        self,
        session: Session,
        style: Style | None,
        options: StylizeOptions | None = None,
        *,
        mask: MaskSource | None = None,
        regions: Sequence[Region] = (),
    ) -> None:
        self.session, self.style, self.options = session, style, options or StylizeOptions()
        self.mask, self.regions = mask, tuple(regions)
        for used in [style, *(region.style for region in regions)]:
            if used is not None:
                self._check(used)

    def _check(self, style: Style) -> None:
        self.session.check(style)
        if self.options.color == "palette" and style.palette is None:
            raise InvalidOption(
                f"--color palette: the file of the style {style.name} does not say what its colours are"
            )

    def __call__(self, source: Source) -> Image.Image | NDArray[Any]:
        """Paint a picture.

        source: see `impasto.image.read`; arrays are (H, W), (H, W, 3) or (H, W, 4), uint8 or uint16.
        Returns (H, W, 3) or, where the source has alpha, (H, W, 4) of the source's dtype, or a Pillow image.
        Raises UnreadablePicture and PictureTooLarge, and for masks as `Places.weights` does.
        """
        painted = self.paint(read(source, max_pixels=self.options.max_pixels))
        array = painted.pixels if painted.alpha is None else np.dstack([painted.pixels, painted.alpha])
        if isinstance(source, np.ndarray):
            return cast("NDArray[Any]", array)
        return Image.fromarray(to_eight_bits(cast("IntegerArray", array)))

    def paint(self, photo: Picture, name: str = "the picture", *, layers: Layers | None = None) -> Picture:
        """Paint a picture that was read; alpha, EXIF and dpi stay, and notices about masks are added.

        name: what errors call it; layers: what is put together, in place of this picture's own layers.
        Raises PictureTooLarge, and for masks as `Places.weights` does.
        """
        places = self.places(photo, name)
        pixels, size = places.pixels, places.size
        try:
            own = layers or (lambda number: self._painted(pixels, self._style_of(number)))
            painted = repaint(photo, self._composed(pixels, places, own))
        except MemoryError as error:
            reason = f"there is not enough memory to paint {size[1]} x {size[0]} pixels"
            raise PictureTooLarge(name, f"{reason} ({error}); {self._what_would_do(error)}") from error
        return replace(painted, notices=(*painted.notices, *places.notices))

    def layer(self, photo: Picture, number: int) -> IntegerArray:
        """Return one layer of a picture that was read, see `Layers`: the whole of it, without masks."""
        return self._painted(self.places(photo).pixels, self._style_of(number))

    def prepare(self, size: tuple[int, int], *, one_style: bool = True) -> None:
        """Make ready for many pictures of one (height, width), as of a film, which then paint faster, and all alike.

        one_style: whether all are to be in its style; otherwise, and where regions have others, each may be in another.
        """
        options, room = self.options, self._room()
        if options.strength == 0 or options.color == "palette":
            return
        styles = [self.style, *(region.style for region in self.regions)]
        one_style = one_style and not self.regions  # engines keep few sizes and styles ready
        for canvas in canvas_sizes(size if options.size is None else fit(size, options.size), options.stroke):
            if math.prod(canvas) * self.session.engine.bytes_a_pixel <= room:  # else it is painted in strips
                for style in filter(None, styles):
                    self.session.prepare(canvas, self._at_strength(style), one_style=one_style)

    def places(self, photo: Picture, name: str = "the picture") -> Places:
        """Return where masks lie on a picture that was read, at the size that it is painted; errors as of `paint`."""
        size = photo.size if self.options.size is None else fit(photo.size, self.options.size)
        if size != photo.size and size[0] * size[1] > self.options.max_pixels:
            wanted, limit = f"{size[1]} x {size[0]}", self.options.max_pixels
            raise PictureTooLarge(name, f"--size would make it {wanted} pixels, the limit (--max-pixels) is {limit:,}")
        pixels = cast("IntegerArray", resize(photo.pixels, size))
        return Places(photo, pixels, self.options.feather * max(size), name, max_pixels=self.options.max_pixels)

    def _composed(self, pixels: IntegerArray, places: Places, painting: Layers) -> IntegerArray:
        """Return the photo with the whole's painting on it, the regions' on that, and all of it within the mask."""
        # Masks first: what is wrong with one is said before the time that painting takes.
        within = None if self.mask is None else places.weights(self.mask)
        parts = [places.weights(region.mask) for region in self.regions]
        ground = pixels if self.style is None else painting(0)
        painted = [(painting(number), weights) for number, weights in enumerate(parts, start=1)]
        composed = cast("IntegerArray", with_layers(ground, painted)) if painted else ground
        return composed if within is None else cast("IntegerArray", with_mask(pixels, composed, within))

    def _style_of(self, number: int) -> Style:
        style = self.regions[number - 1].style if number else self.style
        assert style is not None  # noqa: S101 - such a whole has no painting
        return style

    def _painted(self, pixels: IntegerArray, style: Style) -> IntegerArray:
        """Return the whole picture painted in one style."""
        options = self.options
        if options.strength == 0:
            return pixels
        if options.color == "palette":
            recoloured = match_palette(pixels, cast("NDArray[np.float32]", style.palette))
            return cast("IntegerArray", blend(pixels, recoloured, options.strength))
        strong = self._at_strength(style)
        painted, done = np.empty_like(pixels), 0
        for strip in self._strips(pixels, strong):
            painted[done : done + len(strip)] = to_integers(strip, pixels.dtype.type)
            done += len(strip)
        if options.color == "keep":
            painted = cast("IntegerArray", keep_colors(pixels, painted))
        return painted if self._mixes_vectors else cast("IntegerArray", blend(pixels, painted, options.strength))

    def _strips(self, pixels: IntegerArray, style: Style) -> Iterator[NDArray[np.float32]]:
        """Yield the painting, as `paint_at`, of a picture; there is to be memory for another as large as it."""
        *smaller, last = canvas_sizes(pixels.shape[:2], self.options.stroke)

        def canvas(picture: IntegerArray) -> Iterator[NDArray[np.float32]]:
            is_last = picture.shape[:2] == last
            # What has no memory yet: the whole painting, and what is painted on the largest of the smaller canvases.
            coming = pixels.nbytes + (0 if is_last else 3 * FLOAT_BYTES * math.prod(smaller[-1]))
            try:
                yield from self.session.strips(picture, style, lambda: self._room() - coming)
            except OutOfRoom as error:
                later = 0 if is_last else LATER + pixels.nbytes // 4
                raise OutOfRoom(error.work, error.needed + later, error.room) from error

        return paint_at(self.options.stroke, pixels, canvas)

    def _room(self) -> int:
        """Return how many bytes may be taken."""
        limit = self.options.max_memory
        return room_within(bytes_of(limit, "--max-memory") if limit else None)

    def _what_would_do(self, error: MemoryError) -> str:
        if not (self.options.max_memory and isinstance(error, OutOfRoom)):
            return "give a smaller --size or a larger --max-memory"
        limit = SPARE * (bytes_of(self.options.max_memory, "--max-memory") + error.needed - error.room)
        return f"--max-memory {math.ceil(limit / 2**20)}MB would do, or a smaller --size"

    @property
    def _mixes_vectors(self) -> bool:
        """Whether strength is a way between style vectors; without a learned identity, pixels are blended."""
        return bool(self.session.manifest.identity)

    def _at_strength(self, style: Style) -> Style:
        strength = self.options.strength
        if strength == 1 or not self._mixes_vectors:
            return style
        identity = replace(
            style, name=IDENTITY, vector=np.array(self.session.manifest.identity, np.float32), mixing=None
        )
        return mix([(style, strength), (identity, 1 - strength)], name=style.name)
