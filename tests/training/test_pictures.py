import numpy as np
import pytest

from impasto.errors import InvalidOption
from impasto.training.pictures import load_previews, style_names


def noise(height, width, channels=3):
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)


def test_names_are_those_of_the_files():
    assert style_names(["a/The Wave.jpg", "b/dots.v2.png"]) == ["The Wave", "dots.v2"]


@pytest.mark.parametrize("paintings", [["a/wave.jpg", "b/wave.png"], ["wave.jpg", "Wave.jpg"]])
def test_two_paintings_of_one_name_are_refused(paintings):
    with pytest.raises(InvalidOption, match=r"two paintings are called '[wW]ave'; rename one"):
        style_names(paintings)


def test_no_painting_is_called_as_the_identity_is():
    with pytest.raises(InvalidOption, match="'identity' is what the photo itself is called"):
        style_names(["Identity.jpg"])


@pytest.mark.parametrize(
    ("size", "expected"),
    [((101, 77), (384, 292)), ((1, 1), (384, 384)), ((2, 400), (8, 384)), ((500, 1), (384, 8))],
)
def test_previews_are_of_whole_strides_and_never_too_small(save, size, expected):
    path = save("holiday.png", noise(*size))
    [(name, picture)] = load_previews([str(path)], stride=4)
    assert name == "holiday"
    assert picture.shape == (1, 3, *expected)
