"""Finding a style by what the user calls it, and the network that it belongs to."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from pathlib import Path

from impasto.errors import InvalidOption, ModelError, UnknownStyle
from impasto.model.bundled import MODELS, STYLE_SUFFIX, Model, network_of, style_paths
from impasto.model.hub import PREFIX, fetch, is_on_hub, parse_reference
from impasto.model.mixture import RANDOM, is_painting, is_style_file, mix_name, parse_mix
from impasto.model.network import Manifest
from impasto.model.space import random_style
from impasto.model.style import Style, mix, read_style

__all__ = ["find_network", "find_style", "own_file", "styles_beside"]


def find_style(name: str, *, model: Model = "main", fit: Callable[[str], Style] | None = None) -> Style:
    """Return the style that a name means, or the mix that several mean (`starry-night:0.7+great-wave:0.3`).

    name: the path of a .style file, a style on the Hugging Face Hub (`hf:user/repo/name`), a bundled style's name
    (`van-gogh-starry-night`) or unambiguous words of it (`starry-night`, `mondrian`; its last ones come first), where
    case, spaces and underscores do not matter, `random:SEED`, or the path of a painting; or several of these with
    weights, see `parse_mix`.  A mix is called by its parts, see `mix_name`.
    model: the network beside which named styles lie.
    fit: turns the path of a painting into its style; without it paintings are refused.
    Raises UnknownStyle with the nearest names, InvalidOption for a painting without `fit`, for what is no mix, seed or
    weight, and, naming all readings, for ambiguous words, and ModelError for a damaged file and for styles of
    different networks.
    """
    parts = [(_find_part(part, model, fit), weight) for part, weight in parse_mix(name)]
    if len(parts) == 1:
        return parts[0][0]
    return mix(parts, mix_name([(style.name, weight) for style, weight in parts]))


def _find_part(name: str, model: Model, fit: Callable[[str], Style] | None) -> Style:
    kind, _, seed = name.partition(":")
    if kind.lower().strip() == RANDOM:
        return random_style(_seed(name, seed), model)
    if is_on_hub(name) or is_style_file(name):
        return read_style(own_file(name))
    if not is_painting(name):
        return read_style(_known(name, model))
    if fit is None:
        raise InvalidOption(f"{name}: is a picture, whose style is not known here; name a style or a .style file")
    return fit(name)


def own_file(name: str) -> Path:
    """Return the file of a style that is named by its file, or fetched from the Hub; raises as `find_style` does."""
    if not is_on_hub(name):
        return Path(name)
    reference = parse_reference(name)
    folder = fetch(reference.repo, reference.revision)
    files = {path.stem: path for path in sorted(folder.rglob(f"*{STYLE_SUFFIX}"))}
    if reference.style is None:
        if len(files) == 1:
            return next(iter(files.values()))
        some = f"such as {name}/{next(iter(files))}" if files else "which has none"
        raise InvalidOption(f"{name}: name one of the repository's {len(files)} styles, {some}")
    wanted = Path(reference.style).name.removesuffix(STYLE_SUFFIX)
    if wanted not in files:
        raise UnknownStyle(reference.style, _nearest(wanted, list(files)), f"{PREFIX}{reference.repo}")
    return files[wanted]


def _seed(name: str, seed: str) -> int:
    try:
        return int(seed)
    except ValueError as error:
        raise InvalidOption(f"{name}: a random style needs a whole number as its seed, as in random:7") from error


def _known(name: str, model: Model) -> Path:
    """Return the file of the style of this name, or with these words in it, among those of a network."""
    wanted = "-".join(name.lower().replace("_", " ").replace("-", " ").split())
    paths = style_paths(model)
    if wanted in paths:
        return paths[wanted]
    with_words = [known for known in paths if wanted and f"-{wanted}-" in f"-{known}-"]
    readings = [known for known in with_words if known.endswith(f"-{wanted}")] or with_words
    if len(readings) > 1:
        raise InvalidOption(f"{name!r} may mean {' or '.join(readings)}; write more of it")
    if not readings:
        own = "" if str(model) in MODELS or model in MODELS.values() else str(model)
        raise UnknownStyle(name, _nearest(wanted, list(paths)), own)
    return paths[readings[0]]


def _nearest(wanted: str, names: list[str]) -> list[str]:
    """Return up to three names that are like what was wanted, comparing all runs of words in them."""
    meant: dict[str, str] = {}
    for name in names:
        words = name.split("-")
        for first in range(len(words)):
            meant["-".join(words[first:])] = name
            for end in range(first + 1, len(words)):
                meant.setdefault("-".join(words[first:end]), name)
    close = difflib.get_close_matches(wanted, meant, n=3, cutoff=0.6)
    return list(dict.fromkeys(meant[run] for run in close))


def find_network(style: Style, file: Path | None = None) -> Path:
    """Return the network file that a style belongs to: a bundled one, or one in the style file's folder or above it.

    Raises ModelError, naming both, if there is none.
    """
    for network in _networks(file):
        if _fingerprint(network) == style.network:
            return network
    raise ModelError(
        f"the style {style.name} belongs to the network {style.network or '(unnamed)'}, which is neither "
        f"a bundled one ({', '.join(MODELS)}) nor beside its file; name the network's file"
    )


def styles_beside(model: Model) -> list[Style]:
    """Return the styles of a network that lie in the folder `styles` beside its file.

    Raises ModelError for a network or style file that is damaged.
    """
    fingerprint = Manifest.read(network_of(model).with_suffix(".safetensors")).fingerprint
    found = [read_style(path) for path in style_paths(model).values()]
    return [style for style in found if style.network == fingerprint]


def _networks(file: Path | None) -> Iterator[Path]:
    """Yield the network files that a style may belong to, likely ones first."""
    yield from MODELS.values()
    for folder in () if file is None else file.absolute().parents[:2]:
        yield from sorted(folder.glob("*.onnx"))


def _fingerprint(network: Path) -> str | None:
    """Return a network file's fingerprint, or None if it is damaged or another program's."""
    try:
        return Manifest.read(network.with_suffix(".safetensors")).fingerprint
    except ModelError:
        return None
