import numpy as np
import pytest

from impasto.errors import InvalidOption
from impasto.image import Picture, to_eight_bits, to_float, to_integers
from impasto.image.picture import STRIP_PIXELS, row_strips


def test_every_level_survives_the_way_to_float_and_back():
    for dtype in (np.uint8, np.uint16):
        levels = np.arange(np.iinfo(dtype).max + 1, dtype=dtype).reshape(-1, 16)
        assert to_float(levels).dtype == np.float32
        assert to_integers(to_float(levels), dtype).dtype == dtype
        np.testing.assert_array_equal(to_integers(to_float(levels), dtype), levels)


def test_black_and_white_are_0_and_1():
    np.testing.assert_array_equal(to_float(np.array([[0, 255]], np.uint8)), [[0, 1]])
    np.testing.assert_array_equal(to_float(np.array([[0, 65535]], np.uint16)), [[0, 1]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_are_rounded_to_the_nearest_level_not_cut(dtype):
    levels = np.arange(255)[None]
    np.testing.assert_array_equal(to_integers(((levels + 0.49) / 255).astype(dtype)), levels)
    np.testing.assert_array_equal(to_integers(((levels + 0.51) / 255).astype(dtype)), levels + 1)


def test_half_a_step_rounds_up():
    assert to_integers(np.array([[0.5 / 255, 0.5]])).tolist() == [[1, 128]]


def test_what_lies_outside_is_clipped_and_nan_is_black():
    values = np.array([[-0.1, 1.1, -np.inf, np.inf, np.nan]], np.float32)
    assert to_integers(values).tolist() == [[0, 255, 0, 255, 0]]


def test_the_input_of_rounding_is_not_changed():
    values = np.array([[0.3, 2.0]], np.float32)
    to_integers(values)
    np.testing.assert_array_equal(values, np.array([[0.3, 2.0]], np.float32))


def test_16_bits_become_the_nearest_8():
    values = np.arange(65536, dtype=np.uint16)
    np.testing.assert_array_equal(to_eight_bits(values), np.round(values / 257))


def test_8_bits_stay_themselves(photo):
    assert to_eight_bits(photo) is photo


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, STRIP_PIXELS * 2), (STRIP_PIXELS + 3, 1), (1000, 999)])
def test_strips_cover_each_row_once(height, width):
    covered = np.concatenate([np.arange(height)[rows] for rows in row_strips(height, width)])
    np.testing.assert_array_equal(covered, np.arange(height))


def test_size_is_height_and_width(photo):
    assert Picture(photo).size == (101, 77)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_other_pixels_are_refused_with_what_they_are(pixels):
    with pytest.raises(InvalidOption, match=rf"{pixels.dtype}") as caught:
        Picture(pixels)
    assert str(pixels.shape) in str(caught.value)


@pytest.mark.parametrize("alpha", [np.zeros((4, 5), np.uint8), np.zeros((4, 4), np.uint16)])
def test_alpha_must_match(alpha):
    with pytest.raises(InvalidOption, match="alpha"):
        Picture(np.zeros((4, 4, 3), np.uint8), alpha)


def test_only_integers_become_floats():
    with pytest.raises(InvalidOption, match="float64"):
        to_float(np.zeros((2, 2)))
