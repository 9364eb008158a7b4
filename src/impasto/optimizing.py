"""Optimising one picture: the door to `impasto.gatys`, which is imported only when it is used.

optimize("photo.jpg", ["painting.jpg"], "painted.png")              # or, step by step:
running = open_optimization("photo.jpg", ["painting.jpg"], budget="30s")
for step in running.steps():
    print(step.content, step.style)
write(running.picture(), "painted.png")
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from impasto import __version__
from impasto.atomic import check_folder
from impasto.errors import EngineUnavailable, InvalidOption, OptimizationError, UnreadablePicture
from impasto.fitting import kept_fit, like
from impasto.image import (
    Picture,
    contact_sheet,
    feather,
    fit,
    format_of,
    keep_colors,
    match_palette,
    palette_of,
    read,
    read_mask,
    read_settings,
    repaint,
    resize,
    resize_mask,
    to_eight_bits,
    to_float,
    to_integers,
    write,
)

if TYPE_CHECKING:
    from torch import Tensor

    from impasto.gatys.config import OptimizeConfig
    from impasto.gatys.loop import Problem, Step
    from impasto.gatys.targets import Guide

__all__ = ["Optimization", "RegionOf", "Settings", "open_optimization", "optimize"]

SAME_PAINTING = 0.05
"""Signatures that are not farther apart are of the same painting."""
FEATHER = 0.01
"""How soft masks' edges are made, as a part of the photo's long side."""
NARROWEST = 32
"""px of the result's short side at least: VGG-19's fifth block halves pictures four times."""
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""ITU-R BT.709, table 3."""


@dataclass(frozen=True)
class RegionOf:
    """A part of the photo, by a mask's file, and what it is painted like: a painting, or a part of one by its mask."""

    mask: str
    painting: str
    painting_mask: str | None = None


@dataclass(frozen=True)
class Settings:
    """All that an optimisation depends on, as it is written into its PNG.

    options: of `OptimizeConfig`, with the start that was found; digests: {file: sha256 of it} of all pictures.
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
            settings = cls(facts["photo"], tuple(facts["paintings"]), regions, options, facts["digests"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnreadablePicture(
                str(file), "carries no settings of impasto optimize; name a PNG that it wrote"
            ) from error
        for name, digest in settings.digests.items():
            if _digest(name) != digest:
                raise UnreadablePicture(name, f"is not the file any more that {file} was made from")
        return settings


Follow: TypeAlias = "Callable[[Optimization, Step], None]"
"""Called after each step."""


def optimize(
    photo: str | Path,
    paintings: str | Path | Sequence[str | Path],
    output: str | Path | None = None,
    *,
    regions: Sequence[RegionOf] = (),
    follow: Follow | None = None,
    **options: Any,
) -> Picture:
    """Paint a photo like paintings by optimising its pixels, and return it; needs impasto[train].

    photo: a file; paintings: one file or several; regions: parts with a painting of their own; output: the file to
    write; a PNG carries the settings; follow: called after each step; options: see
    `impasto.gatys.config.OptimizeConfig`.
    Interrupted by Ctrl-C, or where it cannot go on, it ends with the best so far, if there is any.
    Raises PictureError, InvalidOption, WeightsError, EngineUnavailable and OptimizationError.
    """
    running = open_optimization(photo, paintings, regions=regions, **options)
    if output is not None:
        running.check_output(Path(output))
    try:
        for step in running.steps():
            if follow is not None:
                follow(running, step)
    except (KeyboardInterrupt, OptimizationError) as error:
        if running.last is None:
            raise
        if isinstance(error, OptimizationError):
            running.notices.append(f"{error}; this is the best until then")
    picture = running.picture()
    if output is not None:
        write(picture, output)
    return picture


def open_optimization(
    photo: str | Path,
    paintings: str | Path | Sequence[str | Path],
    *,
    regions: Sequence[RegionOf] = (),
    **options: Any,
) -> Optimization:
    """Return an optimisation that is ready to run; arguments and errors as for `optimize`."""
    try:
        from impasto.gatys.config import OptimizeConfig
        from impasto.gatys.loop import Problem  # noqa: F401 - torch, which may be absent
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("impasto"):
            raise
        raise EngineUnavailable(f"optimising needs {error.name}; pip install 'impasto[train]'") from error
    files = [paintings] if isinstance(paintings, (str, Path)) else list(paintings)
    return Optimization(str(photo), [str(file) for file in files], regions, OptimizeConfig.of(**options))


class Optimization:
    """One optimisation; `steps` runs it, and `picture` is what it has reached, also after an interruption.

    notices: sentences for the user.  last: the last step, or None.
    """

    def __init__(
        self, photo: str, paintings: Sequence[str], regions: Sequence[RegionOf], config: OptimizeConfig
    ) -> None:
        from impasto.perceptual.device import open_device, wants_bf16
        from impasto.perceptual.weights import load_vgg19

        self.last: Step | None = None
        self.photo = _sized(read(photo), config.size, photo)
        self.notices = list(self.photo.notices)
        _check_paintings(paintings, regions, config)
        names = (*paintings, *(region.painting for region in regions))
        self.shares = config.weights if len(config.weights) == len(paintings) else (1.0,) * len(paintings)
        config = replace(config, start=_start_of(config.start, names, self.shares))
        self.config = config
        files = (photo, *names, *filter(None, (config.fine, config.start if Path(config.start).is_file() else "")))
        self.settings = Settings(
            photo, tuple(paintings), tuple(regions), config.to_dict(), {file: _digest(file) for file in files}
        )
        device = open_device(config.device)
        self.vgg = load_vgg19(config.vgg, pooling=config.pooling).to(device)  # type: ignore[arg-type]
        if wants_bf16(device, config.precision):
            self.vgg = self.vgg.bfloat16()
        self.problem = self._problem(names, regions)

    def steps(self) -> Iterator[Step]:
        """Run, yielding a report after each step.

        Raises OptimizationError where it cannot go on; `picture` then gives the best until then.
        """
        from impasto.gatys.loop import optimize as optimized

        for step in optimized(self.problem, self.vgg, self.config):
            self.last = step
            yield step

    def picture(self) -> Picture:
        """Return the best so far, of the result's size, with the photo's alpha, EXIF and dpi, and the settings."""
        if self.last is None:
            raise OptimizationError("no step was done; give a longer --budget")
        pixels = _as_array(self.last.picture)
        painted = to_integers(resize(pixels, self.photo.size))
        if self.config.color == "luminance":
            painted = keep_colors(self.photo.pixels, painted)
        return replace(repaint(self.photo, painted), notices=tuple(self.notices), settings=self.settings.to_text())

    def check_output(self, output: Path) -> None:
        """Raise before the work what would be in the way of writing after it.

        Raises InvalidOption and UnwritableOutput.
        """
        format_of(output)
        for source in self.settings.digests:
            if output.exists() and output.samefile(source):
                raise InvalidOption(f"--output {output} would replace {source}; name another file")
        check_folder(output)

    def _problem(self, names: Sequence[str], regions: Sequence[RegionOf]) -> Problem:
        from impasto.gatys.loop import Problem
        from impasto.gatys.semantic import paired_regions

        config = self.config
        device = next(self.vgg.parameters()).device
        photo = to_eight_bits(self.photo.pixels)
        paintings = [self._painting(name) for name in names]
        fine = self._painting(config.fine) if config.fine else None
        photo_tensor = _as_tensor(self._toned(photo)).to(device)
        tensors = [_as_tensor(painting).to(device) for painting in paintings]
        if config.semantic:
            guides = paired_regions(photo_tensor, tensors, self.shares, self.vgg, config.semantic, config.seed)
        else:
            guides = self._guides([painting.shape[:2] for painting in paintings], regions, device)
        start = self._start(photo, paintings)
        return Problem(
            photo_tensor,
            tensors,
            guides,
            None if start is None else _as_tensor(start).to(device),
            None if fine is None else _as_tensor(fine).to(device),
        )

    def _painting(self, name: str) -> NDArray[np.float32]:
        """Return a painting, (H, W, 3) float32 in [0, 1], with the colours that it is to be seen with."""
        from impasto.perceptual.paintings import load_painting

        pixels = _as_array(load_painting(name, 0))
        if self.config.color == "match":
            return match_palette(pixels, palette_of(self.photo.pixels))
        return self._toned(pixels)

    def _toned(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        """Return pixels as floats; with --color luminance as greys of the photo's mean and deviation.

        Source: Gatys et al. 2016, "Preserving Color in Neural Artistic Style Transfer", eq. 10.
        """
        floats: NDArray[np.float32] = to_float(pixels) if pixels.dtype == np.uint8 else pixels
        if self.config.color != "luminance":
            return floats
        own = floats @ LUMA
        wanted = to_float(self.photo.pixels) @ LUMA
        matched = (own - own.mean()) * (wanted.std() / max(own.std(), 1e-3)) + wanted.mean()
        greys: NDArray[np.float32] = np.repeat(np.clip(matched, 0, 1)[..., None], 3, axis=2).astype(np.float32)
        return greys

    def _guides(self, sizes: Sequence[tuple[int, ...]], regions: Sequence[RegionOf], device: Any) -> list[Guide]:
        """Return the regions, each without what later ones cover, and the rest of the photo first."""
        import torch

        from impasto.gatys.targets import Guide

        whole: list[Any] = [None] * len(sizes)
        if not regions:
            return [Guide(None, tuple(self.shares), whole)]
        uncovered = np.ones(self.photo.size, np.float32)
        guides: list[Guide] = []
        for index, region in reversed(list(enumerate(regions, len(self.shares)))):
            mask = self._mask(region.mask, self.photo.size)
            shares = tuple(float(number == index) for number in range(len(sizes)))
            places = list(whole)
            if region.painting_mask:
                places[index] = torch.from_numpy(self._mask(region.painting_mask, sizes[index])).to(device)
            guides.append(Guide(torch.from_numpy(uncovered * mask).to(device), shares, places))
            uncovered = uncovered * (1 - mask)
        if self.shares:
            shares = (*self.shares, *(0.0 for _ in regions))
            guides.append(Guide(torch.from_numpy(uncovered).to(device), shares, whole))
        return guides[::-1]

    def _mask(self, file: str, size: tuple[int, ...]) -> NDArray[np.float32]:
        height, width = size
        mask = read_mask(file, (height, width))
        self.notices += mask.notices
        return feather(mask.weights, FEATHER * max(size))

    def _start(self, photo: NDArray[np.uint8], paintings: Sequence[NDArray[np.float32]]) -> NDArray[np.float32] | None:
        """Return what to begin with, (h, w, 3) float32 in [0, 1]; None is noise."""
        start = self.config.start
        if start == "noise":
            return None
        if start == "photo":
            return self._toned(photo)
        if start == "mean":
            colour = np.mean([painting.mean((0, 1)) for painting in paintings], 0)
            return np.broadcast_to(colour, photo.shape).astype(np.float32)
        if Path(start).is_file() and not start.endswith(".style"):
            picture = _sized(read(start), max(self.photo.size), start)
            return self._toned(resize(to_eight_bits(picture.pixels), self.photo.size))
        from impasto import api

        painted = np.asarray(api.load(start)(photo))
        return self._toned(painted)


def _start_of(start: str, paintings: Sequence[str], shares: Sequence[float]) -> str:
    """Return what to start from where it is to be found out: a mix of known styles, or "photo" where there is none."""
    if start not in ("auto", "network"):
        return start
    known = [_known_style(painting, any_=start == "network") for painting in paintings]
    if None in known:
        return "photo"
    if len(known) == 1:
        return str(known[0])
    weights = [*shares, *(1.0 for _ in known[len(shares) :])]
    return "+".join(f"{name}:{weight:g}" for name, weight in zip(known, weights, strict=True) if weight)


def _known_style(painting: str, *, any_: bool) -> str | None:
    """Return the name of the style that the network knows of a painting, from a fit or bundled.

    any_: whether the bundled style that is most like it will do.
    """
    kept = kept_fit(Path(painting))
    if kept is not None:
        return str(kept)
    (nearest, distance), *_ = like(painting)
    return nearest.name if any_ or distance < SAME_PAINTING else None


def _check_paintings(paintings: Sequence[str], regions: Sequence[RegionOf], config: OptimizeConfig) -> None:
    if not paintings and not regions:
        raise InvalidOption("there is nothing to paint like: name a painting")
    if len(config.weights) > 1 and len(config.weights) != len(paintings):
        raise InvalidOption(
            f"--weights has {len(config.weights)} numbers and there are {len(paintings)} paintings; give one for each"
        )
    if config.semantic and (regions or not paintings):
        raise InvalidOption("--semantic finds the regions itself; leave out --region or --semantic")


def _sized(picture: Picture, long_side: int, name: str) -> Picture:
    """Return a picture scaled to a long side, or as it is for 0, of 8 bits."""
    size = fit(picture.size, long_side) if long_side else picture.size
    if min(size) < NARROWEST:
        raise InvalidOption(
            f"{name}: would be {size[1]} x {size[0]} px, and VGG-19 needs {NARROWEST} each way; crop it or raise --size"
        )
    alpha = None if picture.alpha is None else to_eight_bits(picture.alpha)
    if alpha is not None:
        alpha = np.asarray(to_integers(resize_mask(to_float(alpha), size)))
    return replace(picture, pixels=resize(to_eight_bits(picture.pixels), size), alpha=alpha)


def _as_tensor(pixels: NDArray[np.float32]) -> Tensor:
    import torch

    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None].contiguous()


def _as_array(picture: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = picture[0].float().cpu().permute(1, 2, 0).contiguous().numpy()
    return array


def _digest(file: str) -> str:
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except OSError as error:
        raise UnreadablePicture(file, (error.strerror or os.strerror(error.errno or 0)).lower()) from error


TUNED_SIZE, TUNED_STEPS = 256, 40


def tune(
    photo: str | Path,
    paintings: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    count: int = 6,
    regions: Sequence[RegionOf] = (),
    follow: Callable[[str, int, int], None] | None = None,
    **options: Any,
) -> None:
    """Write a sheet of the same pair at 256 px in `count` settings: strengths across, sizes of strokes down.

    follow: called before each with its name, its number and `count`.  The rest as for `optimize`.
    """
    size, steps = options.pop("size", TUNED_SIZE), options.pop("steps", TUNED_STEPS)
    columns = -(-count // 2)
    strengths = [0.5] if columns == 1 else [0.2 + 0.6 * column / (columns - 1) for column in range(columns)]
    settings = [{"stroke": stroke, "style_strength": strength} for stroke in (0.7, 1.4) for strength in strengths]
    tiles: list[tuple[str, NDArray[np.uint8]]] = []
    for number, setting in enumerate(settings[:count], 1):
        name = f"strength {setting['style_strength']:.2g}, stroke {setting['stroke']:g}"
        if follow is not None:
            follow(name, number, count)
        given = {**options, **setting, "size": size, "steps": steps}
        tiles.append((name, to_eight_bits(optimize(photo, paintings, regions=regions, **given).pixels)))
    write(Picture(contact_sheet(tiles, columns=columns)), output)
