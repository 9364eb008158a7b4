import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import InvalidOption
from impasto.image import fit, resize, to_float


@pytest.mark.parametrize(
    ("size", "long_side", "expected"),
    [
        ((400, 300), 200, (200, 150)),
        ((300, 400), 800, (600, 800)),
        ((101, 77), 101, (101, 77)),
        ((1, 5000), 100, (1, 100)),
        ((7, 7), 3, (3, 3)),
        ((3, 2), 1, (1, 1)),
    ],
)
def test_fit(size, long_side, expected):
    assert fit(size, long_side) == expected


@given(st.integers(1, 20000), st.integers(1, 20000), st.integers(1, 20000))
def test_fit_keeps_the_proportions_to_half_a_pixel(height, width, long_side):
    new_height, new_width = fit((height, width), long_side)
    scale = long_side / max(height, width)
    assert max(new_height, new_width) == long_side
    assert abs(new_height - height * scale) <= 0.5 + 1e-9 or new_height == 1
    assert abs(new_width - width * scale) <= 0.5 + 1e-9 or new_width == 1


def test_fit_to_nothing_is_refused():
    with pytest.raises(InvalidOption, match="at least 1"):
        fit((10, 10), 0)


@pytest.mark.parametrize("size", [(50, 38), (202, 154), (1, 1), (7, 300)])
def test_every_kind_of_array_gets_the_size_and_keeps_its_dtype(photo, grey, size):
    for pixels in (
        photo,
        grey,
        photo.astype(np.uint16) * 257,
        to_float(photo),
        to_float(grey),
        photo[..., :2],
    ):
        resized = resize(pixels, size)
        assert resized.shape == (*size, *pixels.shape[2:])
        assert resized.dtype == pixels.dtype


def test_all_dtypes_agree(photo):
    small = resize(photo, (50, 38))
    assert np.abs(resize(to_float(photo), (50, 38)) * 255 - small).mean() < 0.5
    assert np.abs(resize(photo.astype(np.uint16) * 257, (50, 38)) / 257.0 - small).mean() < 0.5


def test_floats_do_not_overshoot():
    edge = np.zeros((8, 8), np.float32)
    edge[:, 4:] = 1
    large = resize(edge, (31, 31))
    assert large.min() == 0
    assert large.max() == 1


def test_flat_stays_flat():
    assert np.unique(resize(np.full((9, 9, 3), 77, np.uint8), (20, 31))).tolist() == [77]


def test_the_same_size_is_the_same_array(photo):
    assert resize(photo, (101, 77)) is photo


@pytest.mark.parametrize("pixels", [np.zeros((4, 4)), np.zeros(4, np.uint8), np.zeros((4, 4), bool)])
def test_other_arrays_are_refused(pixels):
    with pytest.raises(InvalidOption, match=str(pixels.dtype)):
        resize(pixels, (2, 2))


def test_an_empty_size_is_refused(photo):
    with pytest.raises(InvalidOption, match="0 x 5"):
        resize(photo, (0, 5))
