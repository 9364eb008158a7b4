"""One optimisation from files to a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.atomic import check_folder
from impasto.errors import InvalidOption, OptimizationError
from impasto.gatys.config import OptimizeConfig
from impasto.gatys.loop import Problem, Step
from impasto.gatys.loop import optimize as optimized
from impasto.gatys.semantic import paired_regions
from impasto.gatys.targets import Guide
from impasto.image import (
    Picture,
    fit,
    format_of,
    grey_like,
    keep_colors,
    match_palette,
    palette_of,
    read,
    repaint,
    resize,
    resize_mask,
    to_eight_bits,
    to_float,
    to_integers,
)
from impasto.optimizing.regions import guides_of
from impasto.optimizing.settings import RegionOf, Settings, digest
from impasto.optimizing.starts import find_start, first_pixels, is_picture
from impasto.perceptual.device import open_device, wants_bf16
from impasto.perceptual.paintings import NARROWEST, load_painting
from impasto.perceptual.vgg import LAYERS
from impasto.perceptual.weights import load_vgg19

__all__ = ["Optimization"]


class Optimization:
    """One optimisation; `steps` runs it, and `picture` is what it has reached, also after an interruption.

    photo: the file; paintings: files; regions: parts of the photo with a painting of their own.
    notices: sentences for the user.  last: the last step, or None.
    Raises PictureError, InvalidOption, WeightsError, and ModelError for a style to start from.
    """

    def __init__(
        self, photo: str, paintings: Sequence[str], regions: Sequence[RegionOf], config: OptimizeConfig
    ) -> None:
        _check(paintings, regions, config)
        self.photo = _sized(photo, config.size)
        self.notices = list(self.photo.notices)
        self.shares = config.weights if len(config.weights) == len(paintings) else (1.0,) * len(paintings)
        self.regions = tuple(regions)
        self.names = (*paintings, *(region.painting for region in regions))
        self.config = config = replace(config, start=find_start(config.start, self.names, self.shares))
        self.settings = self._settings(photo, paintings)
        self.device = open_device(config.device)
        self.vgg = load_vgg19(config.vgg, pooling=config.pooling).to(self.device)  # type: ignore[arg-type]
        if wants_bf16(self.device, config.precision):
            self.vgg = self.vgg.bfloat16()
        self.problem = self._problem()
        self.last: Step | None = None
        self._done: dict[int, int] = {}

    def steps(self) -> Iterator[Step]:
        """Run, yielding a report after each step.

        Raises OptimizationError where it cannot go on; `picture` then gives the best until then.
        """
        for step in optimized(self.problem, self.vgg, self.config):
            self.last = step
            self._done[step.scale] = self._done.get(step.scale, 0) + 1
            yield step

    def picture(self) -> Picture:
        """Return the best so far, of the result's size, with the photo's alpha, EXIF and dpi, and the settings.

        Raises OptimizationError if no step was done.
        """
        if self.last is None:
            raise OptimizationError("no step was done; give a longer --budget")
        painted = to_integers(resize(_as_array(self.last.picture), self.photo.size))
        if self.config.color == "luminance":
            painted = keep_colors(self.photo.pixels, painted)
        done = tuple(self._done.get(scale, 0) for scale in range(1, self.last.scales + 1))
        settings = replace(self.settings, options={**self.settings.options, "steps": done, "budget": ""})
        return replace(repaint(self.photo, painted), notices=tuple(self.notices), settings=settings.to_text())

    def check_output(self, output: Path) -> None:
        """Raise before the work what would be in the way of writing after it.

        Raises InvalidOption and UnwritableOutput.
        """
        format_of(output)
        for source in self.settings.digests:
            if output.exists() and output.samefile(source):
                raise InvalidOption(f"--output {output} would replace {source}; name another file")
        check_folder(output)

    def _settings(self, photo: str, paintings: Sequence[str]) -> Settings:
        masks = (file for region in self.regions for file in (region.mask, region.painting_mask) if file)
        start = self.config.start if is_picture(self.config.start) else ""
        files = (photo, *self.names, *masks, *filter(None, (self.config.fine, start)))
        return Settings(
            photo, tuple(paintings), self.regions, asdict(self.config), {file: digest(file) for file in files}
        )

    def _problem(self) -> Problem:
        config = self.config
        photo = to_eight_bits(self.photo.pixels)
        paintings = [self._painting(name) for name in self.names]
        start = first_pixels(config.start, photo, paintings, self._toned)
        photo_tensor = self._tensor(self._toned(to_float(photo)))
        painting_tensors = [self._tensor(painting) for painting in paintings]
        return Problem(
            photo_tensor,
            painting_tensors,
            self._guides(photo_tensor, painting_tensors),
            None if start is None else self._tensor(start),
            self._tensor(self._painting(config.fine)) if config.fine else None,
        )

    def _guides(self, photo: Tensor, paintings: Sequence[Tensor]) -> list[Guide]:
        config = self.config
        if config.semantic:
            return paired_regions(photo, paintings, self.shares, self.vgg, config.kinds, config.seed)
        sizes = [(painting.shape[2], painting.shape[3]) for painting in paintings]
        guides = guides_of(self.regions, self.shares, self.photo.size, sizes, self.notices.append)
        return [guide.to(self.device) for guide in guides]

    def _painting(self, name: str) -> NDArray[np.float32]:
        """Return a painting, (H, W, 3) float32 in [0, 1], with the colours that it is to be seen with."""
        pixels = _as_array(load_painting(name, 0))
        if self.config.color == "match":
            return match_palette(pixels, palette_of(self.photo.pixels))
        return self._toned(pixels)

    def _toned(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return pixels, or, with --color luminance, greys of the photo's mean and deviation."""
        return grey_like(pixels, self.photo.pixels) if self.config.color == "luminance" else pixels

    def _tensor(self, pixels: NDArray[np.float32]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None].contiguous().to(self.device)


def _check(paintings: Sequence[str], regions: Sequence[RegionOf], config: OptimizeConfig) -> None:
    if not paintings and not regions:
        raise InvalidOption("there is nothing to paint like: name a painting")
    if len(config.weights) > 1 and len(config.weights) != len(paintings):
        raise InvalidOption(
            f"--weights has {len(config.weights)} numbers and there are {len(paintings)} paintings; give one for each"
        )
    if config.semantic and (regions or not paintings):
        raise InvalidOption("--semantic finds the regions itself; leave out --region or --semantic")
    for layer in (*config.content_layers, *config.style_layers):
        if layer not in LAYERS:
            raise InvalidOption(f"VGG-19 has no layer {layer!r}; it has relu1_1, conv1_1 and so on to relu5_4")


def _sized(name: str, long_side: int) -> Picture:
    """Return a picture scaled to a long side, or as it is for 0, of 8 bits."""
    picture = read(name)
    size = fit(picture.size, long_side) if long_side else picture.size
    if min(size) < NARROWEST:
        raise InvalidOption(
            f"{name}: would be {size[1]} x {size[0]} px, and VGG-19 needs {NARROWEST} each way; crop it or raise --size"
        )
    alpha = None if picture.alpha is None else to_eight_bits(picture.alpha)
    if alpha is not None:
        alpha = np.asarray(to_integers(resize_mask(to_float(alpha), size)))
    return replace(picture, pixels=resize(to_eight_bits(picture.pixels), size), alpha=alpha)


def _as_array(picture: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = picture[0].float().cpu().permute(1, 2, 0).contiguous().numpy()
    return array
