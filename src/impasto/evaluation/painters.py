"""Who paints the pictures that are judged: the photo itself, styles of a network, and what other programs left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from impasto.batch.jobs import find
from impasto.errors import InvalidOption, ModelError, UnreadablePicture
from impasto.evaluation.judge import Judge, Pair, Pixels
from impasto.image import SUFFIXES, read, resize, to_eight_bits
from impasto.model import (
    MODELS,
    Style,
    find_network,
    find_style,
    is_style_file,
    network_of,
    styles_beside,
)
from impasto.runtime.session import Session
from impasto.runtime.stylizer import Stylizer

__all__ = ["Follow", "Itself", "Painter", "Pictures", "Styles", "named", "open_painter"]

Follow = Callable[[float], None]

PROPORTIONS = 0.03
"""A picture's proportions may differ from its photo's by so much: sides rounded to multiples of 4 are."""


class Painter(Protocol):
    """One or several rows of an evaluation."""

    names: tuple[str, ...]
    """The rows' names."""

    def has(self, pair: Pair) -> bool:
        """Return whether there are pictures of a pair."""

    def paint(self, pair: Pair, judge: Judge, follow: Follow) -> Iterator[tuple[str, Pixels]]:
        """Yield the name of a row and its picture, (H, W, 3) uint8 of the size of the judge's photo.

        follow: called with the part that is done, 0..1, by who takes long.
        """


class Itself:
    """The photo as it is, which every other row is to be read beside."""

    names: tuple[str, ...] = ("the photo itself",)

    def has(self, pair: Pair) -> bool:
        """Return that there is one of every pair."""
        return True

    def paint(self, pair: Pair, judge: Judge, follow: Follow) -> Iterator[tuple[str, Pixels]]:
        """Yield the photo."""
        yield self.names[0], judge.photo(pair)


class Styles:
    """Styles of one network, each of the painting that has its name.

    styles: {name: style}; only: whether the only one is of whatever painting there is.
    """

    def __init__(self, name: str, network: Path, styles: Mapping[str, Style], *, only: bool = False) -> None:
        session = Session.open(network)
        self.names: tuple[str, ...] = (name,)
        self._stylizers = {each: Stylizer(session, style) for each, style in styles.items()}
        self._only = only and len(styles) == 1

    def has(self, pair: Pair) -> bool:
        """Return whether one of the styles is of the pair's painting."""
        return self._only or pair.names[1] in self._stylizers

    def paint(self, pair: Pair, judge: Judge, follow: Follow) -> Iterator[tuple[str, Pixels]]:
        """Yield the photo painted."""
        name = next(iter(self._stylizers)) if self._only else pair.names[1]
        painted: Any = self._stylizers[name](judge.photo(pair))
        yield self.names[0], painted


class Pictures:
    """Pictures that lie in a folder, of any program, or one picture.

    They are found as PAINTING/PHOTO, PHOTO-PAINTING or, of a single painting, PHOTO; one picture is of a single pair.
    """

    def __init__(self, name: str, place: str, photos: Sequence[str], paintings: Sequence[str]) -> None:
        self.names: tuple[str, ...] = (name,)
        root, files = Path(place), find([place])
        if root.is_dir():
            self._files = {file.relative_to(root).with_suffix("").as_posix(): file for file in files}
        elif len(photos) == len(paintings) == 1:
            self._files = {Path(photos[0]).stem: root}
        else:
            raise InvalidOption(f"{place}: one picture is of one photo and one painting; name a folder of pictures")
        self._alone = len(paintings) == 1

    def has(self, pair: Pair) -> bool:
        """Return whether there is a picture of the pair."""
        return self._file(pair) is not None

    def paint(self, pair: Pair, judge: Judge, follow: Follow) -> Iterator[tuple[str, Pixels]]:
        """Yield the picture at the photo's size; raises PictureError if it cannot be of that photo."""
        file, size = self._file(pair), judge.photo(pair).shape[:2]
        picture = read(file or "")
        stretch = picture.size[0] / picture.size[1] * size[1] / size[0]
        if abs(np.log(stretch)) > PROPORTIONS:
            raise UnreadablePicture(str(file), f"has other proportions than the photo {pair.photo}")
        yield self.names[0], resize(to_eight_bits(picture.pixels), size)

    def _file(self, pair: Pair) -> Path | None:
        photo, painting = pair.names
        keys = [f"{painting}/{photo}", f"{photo}-{painting}", *([photo] if self._alone else [])]
        return next((self._files[key] for key in keys if key in self._files), None)


def open_painter(subject: str, photos: Sequence[str], paintings: Sequence[str]) -> Painter:
    """Return the painter that a text names, under the name before a = if there is one.

    subject: a bundled network's name, a style's name or mix, a .style file, a network's file, the folder of a finished
    run, a picture, or a folder of pictures; photos, paintings: files.
    Raises as `find_style` and `Session.open` do, and InvalidOption for what is none of these.
    """
    name, place = named(subject)
    path = Path(place)
    if place in MODELS:
        return _network(name, network_of(place), paintings)
    path = next(iter(sorted(path.glob("*.onnx"))), path)
    if path.suffix == ".onnx":
        return _network(name, path, paintings)
    if path.is_dir() or (path.is_file() and path.suffix.lower() in SUFFIXES):
        return Pictures(name, place, photos, paintings)
    style = find_style(place)
    network = find_network(style, path if is_style_file(place) else None)
    return Styles(name, network, {style.name: style}, only=len(paintings) == 1)


def named(subject: str) -> tuple[str, str]:
    """Return the name of a subject and what it is, from NAME=SUBJECT, or from itself where it has no name."""
    name, equals, place = subject.rpartition("=")
    if equals and name and place:
        return name, place
    path = Path(subject)
    return (f"impasto {subject}" if subject in MODELS else path.name if path.is_dir() else path.stem), subject


def _network(name: str, network: Path, paintings: Sequence[str]) -> Styles:
    styles, only = {style.name: style for style in styles_beside(network)}, len(paintings) == 1
    if styles:
        return Styles(name, network, styles, only=only)
    session = Session.open(network)
    if session.manifest.style_parameters:
        raise ModelError(f"{network}: there are no styles in the folder styles beside it")
    style = Style(network.stem, np.zeros(0, np.float32), session.manifest.fingerprint)
    return Styles(name, network, {style.name: style}, only=only)
