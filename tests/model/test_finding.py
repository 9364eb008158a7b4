import shutil

import numpy as np
import pytest
from safetensors.numpy import save_file

from impasto.errors import InvalidOption, ModelError, UnknownStyle
from impasto.model import Style, bundled, bundled_styles, find_network, find_style, random_style, write_style


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
        ("Hokusai", "hokusai-great-wave"),
        ("off-yalta", "repin-great-wave-off-yalta"),
        ("great wave off", "repin-great-wave-off-yalta"),
    ],
)
def test_a_name_words_of_it_and_other_spellings(gallery, asked, meant):
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


@pytest.mark.parametrize("name", ["-", "zzzzzz", "tarry-night", "../x", "\0", "n" * 5000])
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


def test_a_mix_of_names(gallery):
    mixed = find_style("starry-night:1 + Water Lilies:3")
    np.testing.assert_allclose(mixed.vector, [1.5, 0])
    assert mixed.name == "van-gogh-starry-night-25+monet-water-lilies-75"
    assert find_style("starry-night+sunflowers").name == "van-gogh-starry-night+van-gogh-sunflowers"


def test_a_lone_part_is_the_style_itself_whatever_its_weight(gallery):
    assert find_style("starry-night:0.2").name == "van-gogh-starry-night"
    assert find_style("starry-night:0.2").credits.artist == "van"


def test_a_mix_of_names_and_files(gallery, tmp_path):
    write_style(Style("mine", np.float32([0, 8]), "net"), tmp_path / "a+b:1.style")
    assert find_style(str(tmp_path / "a+b:1.style")).name == "mine"
    (tmp_path / "a+b:1.style").rename(tmp_path / "mine.STYLE")
    np.testing.assert_allclose(find_style(f"{tmp_path / 'mine.STYLE'}:0.5+starry-night:0.5").vector, [0, 4])


def test_a_mix_of_two_networks_names_both(gallery, tmp_path):
    write_style(Style("strange", np.zeros(2, np.float32), "other"), tmp_path / "strange.style")
    with pytest.raises(ModelError, match=r"van-gogh-starry-night and strange"):
        find_style(f"starry-night+{tmp_path / 'strange.style'}")


def test_a_part_that_means_nothing_is_named(gallery):
    with pytest.raises(UnknownStyle, match=r"'stary-night'; did you mean van-gogh-starry-night"):
        find_style("sunflowers:2+stary-night:1")


def test_random_styles_alone_and_in_a_mix(gallery):
    assert find_style("random:7").name == find_style(" Random : 7 ").name == "random-7"
    np.testing.assert_array_equal(find_style("random:7").vector, random_style(7).vector)
    mixed = find_style("random:7:1+starry-night:3")
    np.testing.assert_allclose(mixed.vector, random_style(7).vector / 4)
    assert mixed.name == "random-7-25+van-gogh-starry-night-75"


@pytest.mark.parametrize("name", ["random", "random:", "random:abc", "random:0.5", "random:-1", f"random:{1 << 128}"])
def test_seeds_are_whole_numbers(gallery, name):
    with pytest.raises(InvalidOption, match="whole number"):
        find_style(name)


def test_a_painting_is_fitted_by_the_caller(gallery):
    asked = []

    def fit(path):
        asked.append(path)
        return Style("fitted", np.float32([0, 2]), "net")

    assert find_style("my painting.JPG", fit=fit).name == "fitted"
    np.testing.assert_allclose(find_style("C:/a b/x.webp:1+starry-night:1", fit=fit).vector, [0, 1])
    assert asked == ["my painting.JPG", "C:/a b/x.webp"]
    assert find_style("starry-night", fit=fit).name == "van-gogh-starry-night"


def test_a_painting_that_nobody_fits_is_refused(gallery):
    with pytest.raises(InvalidOption, match=r"^photo\.jpg: is a picture") as caught:
        find_style("starry-night:1+photo.jpg:2")
    assert not isinstance(caught.value, UnknownStyle)


def test_the_bundled_styles_in_the_order_of_their_names(gallery):
    assert [style.name for style in bundled_styles()] == sorted(gallery)
    assert bundled_styles()[0].credits.artist == "hokusai"


def test_the_bundled_network_is_found_for_a_bundled_style():
    assert find_network(find_style("starry-night")) == bundled.MODELS["main"]


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
