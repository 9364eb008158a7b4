import shutil

import numpy as np
import pytest
from safetensors.numpy import save_file

from impasto.errors import InvalidOption, ModelError, UnknownStyle
from impasto.model import Credits, Style, bundled, bundled_styles, find_network, find_style, write_style

NAMES = (
    "van-gogh-starry-night",
    "van-gogh-sunflowers",
    "monet-water-lilies",
    "turner-night",
    "hokusai-great-wave",
    "repin-great-wave-off-yalta",
)


@pytest.fixture
def gallery(tmp_path, monkeypatch):
    """Put styles of these names in the place of the bundled ones."""
    paths = {}
    for name in sorted(NAMES):
        paths[name] = tmp_path / f"{name}.style"
        write_style(Style(name, np.zeros(2, np.float32), "net", Credits(artist=name.split("-")[0])), paths[name])
    monkeypatch.setattr(bundled, "_paths", lambda: paths)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("van-gogh-starry-night", "van-gogh-starry-night"),
        ("starry-night", "van-gogh-starry-night"),
        ("Starry Night", "van-gogh-starry-night"),
        ("  STARRY_night ", "van-gogh-starry-night"),
        ("Van Gogh - Starry Night", "van-gogh-starry-night"),
        ("wave", "hokusai-great-wave"),
        ("sunflowers", "van-gogh-sunflowers"),
    ],
)
def test_a_name_a_tail_and_other_spellings(gallery, asked, meant):
    assert find_style(asked).name == meant


def test_an_ambiguous_tail_is_refused_with_both_readings(gallery):
    with pytest.raises(InvalidOption, match=r"turner-night or van-gogh-starry-night|van-gogh.*turner") as caught:
        find_style("night")
    assert not isinstance(caught.value, UnknownStyle)


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        ("stary-night", "van-gogh-starry-night"),
        ("van-gogh-stary-nigth", "van-gogh-starry-night"),
        ("sunflower", "van-gogh-sunflowers"),
        ("water-lillies", "monet-water-lilies"),
        ("great-wav", "hokusai-great-wave"),
    ],
)
def test_a_typo_gets_the_nearest_name_first(gallery, typed, nearest):
    with pytest.raises(UnknownStyle) as caught:
        find_style(typed)
    assert caught.value.nearest[0] == nearest
    assert len(caught.value.nearest) == len(set(caught.value.nearest)) <= 3
    assert typed in str(caught.value)
    assert nearest in str(caught.value)


@pytest.mark.parametrize("name", ["", "   ", "-", "zzzzzz", "tarry-night", "photo.jpg", "../x", "\0", "n" * 5000])
def test_names_that_mean_nothing(gallery, name):
    with pytest.raises(UnknownStyle):
        find_style(name)


def test_nothing_near_says_where_the_names_are(gallery):
    with pytest.raises(UnknownStyle, match="impasto styles"):
        find_style("zzzzzz")


def test_a_file_goes_by_its_path(tiny_model):
    assert find_style(str(tiny_model.style("dots"))).name == "dots"
    with pytest.raises(ModelError, match=r"absent\.style"):
        find_style("absent.style")


def test_the_bundled_styles_in_the_order_of_their_names(gallery):
    assert [style.name for style in bundled_styles()] == sorted(NAMES)
    assert bundled_styles()[0].credits.artist == "hokusai"


def test_the_bundled_network_is_found_for_a_bundled_style():
    assert find_network(find_style("starry-night")) == bundled.NETWORK


def test_a_network_is_found_beside_a_style_and_above_it(tiny_model, tmp_path, monkeypatch):
    style = find_style(str(tiny_model.style("dots")))
    assert find_network(style, tiny_model.style("dots")) == tiny_model.network
    monkeypatch.chdir(tiny_model.folder / "styles")
    assert find_network(style, tiny_model.style("dots").relative_to(tiny_model.folder / "styles")).samefile(
        tiny_model.network
    )
    for name in ("network.onnx", "network.safetensors", "styles/dots.style"):
        shutil.copy(tiny_model.folder / name, tmp_path)
    assert find_network(style, tmp_path / "dots.style") == tmp_path / "network.onnx"


def test_other_networks_in_the_folder_do_not_matter(tiny_model, tmp_path, save):
    for name in ("network.onnx", "network.safetensors", "styles/dots.style"):
        shutil.copy(tiny_model.folder / name, tmp_path)
    save_file({"w": np.zeros(2, np.float32)}, tmp_path / "another.safetensors")
    for name in ("another.onnx", "alone.onnx", "damaged.onnx", "damaged.safetensors"):
        save(name, b"not ours")
    assert find_network(find_style(str(tmp_path / "dots.style")), tmp_path / "dots.style").name == "network.onnx"


def test_no_network_is_said_with_the_styles_and_the_networks_names(tmp_path):
    lost = Style("lost", np.zeros(2, np.float32), "feedfeedfeedfeed")
    for file in (None, tmp_path / "lost.style"):
        with pytest.raises(ModelError, match=r"lost.*feedfeedfeedfeed"):
            find_network(lost, file)
    with pytest.raises(ModelError, match=r"unnamed"):
        find_network(Style("lost", np.zeros(2, np.float32), ""))
