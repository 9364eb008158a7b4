"""What a client wants done as a job: the fields of a request, checked, and its files, as the worker is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, BinaryIO

from impasto.errors import EngineUnavailable, InvalidOption
from impasto.gatys.config import OptimizeConfig
from impasto.model import MODELS
from impasto.options import check, option
from impasto.runtime.stylizer import StylizeOptions
from impasto.server.fields import Fields
from impasto.server.films import KINDS, START, film_kind
from impasto.server.jobs import Content
from impasto.server.library import Library
from impasto.server.orders import THE_SERVERS, PaintingFields, stylize_options
from impasto.server.settings import ServerSettings
from impasto.server.uploads import Upload
from impasto.training.config import FitConfig
from impasto.video.opening import FilmOptions

__all__ = ["FILM_FIELDS", "FIT_FIELDS", "OPTIMIZE_FIELDS", "Task", "film_task", "fit_task", "optimize_task"]

LARGEST_PAINTING = 1024
"""px that a painting is looked at by who learns it; what VGG-19 sees of it has to fit into memory."""
FORMATS = ("mp4", "mov", "mkv", "webm", "gif")


@dataclass(frozen=True)
class NewStyle:
    """The style that is to be learned."""

    name: str = option("", "what it will be called: a to z, digits and dashes; else learned-1 and so on")
    model: str = option("main", "the network to learn it for", choices=tuple(MODELS))

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class FilmFields:
    """How a film is painted."""

    steady: bool = option(True, "strokes move along with the film")
    format: str = option("mp4", "kind of film to send back", choices=FORMATS)


FIT_FIELDS = Fields(
    NewStyle, FitConfig, but=("photos", "size", "batch_size", "lr", "mixing_lr", "ema", "vgg", "precision", "device")
)
FILM_FIELDS = Fields(PaintingFields, StylizeOptions, FilmOptions, FilmFields, but=(*THE_SERVERS, "rate"))
OPTIMIZE_FIELDS = Fields(OptimizeConfig, but=("start", "fine", "vgg", "precision", "device", "max_memory"))


@dataclass(frozen=True)
class Task:
    """What a worker is told, the files that it finds, and the name of what it writes."""

    request: dict[str, Any]
    files: dict[str, Content] = field(default_factory=dict)
    result: str = ""


def fit_task(upload: Upload, library: Library, settings: ServerSettings) -> Task:
    """Return what learns the style of an upload's `painting`; raises InvalidOption, Refused and EngineUnavailable."""
    _check_installed("torch", "learning a style", "train")
    values = FIT_FIELDS.values(upload.texts)
    new = FIT_FIELDS.of(NewStyle, values)
    config = FIT_FIELDS.of(FitConfig, values)
    if config.style_size > LARGEST_PAINTING:
        raise InvalidOption(f"style_size is at most {LARGEST_PAINTING}, got {config.style_size}")
    name = new.name or library.free_name()
    library.check_new(name)
    files: dict[str, Content] = {"painting": upload.take_one("painting")}
    _check_used(upload)
    request = {"name": name, "model": new.model, "options": _own(FitConfig, values), "max_pixels": settings.max_pixels}
    return Task(request, files, f"{name}.style")


def optimize_task(upload: Upload, settings: ServerSettings) -> Task:
    """Return what optimises an upload's `photo` to look like its `painting`, or several."""
    _check_installed("torch", "optimising", "train")
    values = OPTIMIZE_FIELDS.values(upload.texts)
    OptimizeConfig.of(**values)
    files: dict[str, Content] = {"photo": upload.take_one("photo")}
    paintings = {f"painting-{number}": file for number, file in enumerate(upload.take("painting"), 1)}
    _check_used(upload)
    request = {"paintings": list(paintings), "options": values, "max_pixels": settings.max_pixels}
    return Task(request, {**files, **paintings}, "painted.png")


def film_task(upload: Upload, library: Library, settings: ServerSettings) -> Task:
    """Return what paints an upload's `film`."""
    _check_installed("av", "painting films", "video")
    values = FILM_FIELDS.values(upload.texts)
    chosen: FilmFields = FILM_FIELDS.of(FilmFields, values)
    painting: PaintingFields = FILM_FIELDS.of(PaintingFields, values)
    stylize_options(values, settings)
    FILM_FIELDS.of(FilmOptions, values)
    file = upload.take_one("film")
    _check_used(upload)
    film = f"film.{_ending(file)}"
    named = {part: getattr(painting, part) for part in ("style", "subject", "background") if getattr(painting, part)}
    if not named:
        raise InvalidOption("there is nothing to paint: name a style")
    found = {part: library.find(text, painting.model)[0] for part, text in named.items()}
    request = {
        "film": film,
        **{part: f"{part}.style" if part in found else None for part in ("style", "subject", "background")},
        "options": {**_own(StylizeOptions, values), **{name: getattr(settings, name) for name in THE_SERVERS}},
        "film_options": _own(FilmOptions, values),
        "engine": {name: getattr(settings, name) for name in ("engine", "device", "precision")},
        "steady": chosen.steady,
        "max_seconds": settings.max_seconds,
    }
    files: dict[str, Content] = {film: file}
    files |= {f"{part}.style": style for part, style in found.items()}
    return Task(request, files, f"painted.{chosen.format}")


def _own(kind: type[Any], values: dict[str, Any]) -> dict[str, Any]:
    """Return those of the values that are a dataclass's fields, as JSON may hold them."""
    return {name: values[name] for name in kind.__dataclass_fields__ if name in values}


def _check_installed(module: str, what: str, extra: str) -> None:
    if find_spec(module) is None:
        raise EngineUnavailable(f"{what} needs {module}, which this server lacks; pip install 'impasto[{extra}]'")


def _check_used(upload: Upload) -> None:
    if upload.files:
        raise InvalidOption(f"the file {min(upload.files)[:60]!r} is not used here")


def _ending(film: BinaryIO) -> str:
    """Return the ending that suits a film's first bytes; raises InvalidOption for what is no film that is known."""
    kind = film_kind(film.read(START))
    film.seek(0)
    if kind is None:
        raise InvalidOption(f"the film is none of a kind that is taken: {', '.join(KINDS)}")
    return kind
