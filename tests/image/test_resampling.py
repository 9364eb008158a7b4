"""Resampling against Pillow's, which goes by the same rules, one tap after the other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from impasto.image import resample, resample_rows, resize, to_float
from impasto.image.resampling import BICUBIC, LANCZOS, Axis, resampled

KERNELS = {LANCZOS: Image.Resampling.LANCZOS, BICUBIC: Image.Resampling.BICUBIC}
SIDES = st.integers(1, 90)


def by_pillow(values, size, method, box=None):
    planes = [Image.fromarray(np.ascontiguousarray(plane)) for plane in np.moveaxis(values, -1, 0)]
    return np.stack([np.asarray(plane.resize(size[::-1], method, box)) for plane in planes], axis=-1)


def noise(*shape):
    return np.random.default_rng(0).random(shape, np.float32)


@given(SIDES, SIDES, SIDES, SIDES, st.integers(1, 4), st.sampled_from(list(KERNELS)))
def test_any_size_is_as_by_pillow(height, width, new_height, new_width, channels, kernel):
    values = noise(height, width, channels)
    found = resampled(values, Axis.whole(height, new_height), Axis.whole(width, new_width), kernel)
    np.testing.assert_allclose(found, by_pillow(values, (new_height, new_width), KERNELS[kernel]), atol=3e-6)


@pytest.mark.parametrize("size", [(333, 592), (1111, 740), (3, 2000), (16, 5)])
def test_pictures_of_many_bands_are_as_by_pillow(size):
    values = noise(720, 1283, 3)
    method = Image.Resampling.BICUBIC if size[0] * size[1] > 720 * 1283 else Image.Resampling.LANCZOS
    np.testing.assert_allclose(resample(values, size), by_pillow(values, size, method), atol=3e-6)


@given(st.floats(0, 20), st.floats(0.5, 40), st.integers(1, 50), SIDES)
def test_a_part_of_the_rows_is_as_by_pillow(first, length, count, width):
    values, last = noise(64, 40, 3), min(64.0, first + length)
    method = Image.Resampling.BICUBIC if width > 40 else Image.Resampling.LANCZOS
    found = resample_rows(values, width, (first, last), count)
    exact = by_pillow(values, (count, width), method, (0, first, 40, last))  # which takes the box in float32
    np.testing.assert_allclose(found, exact, atol=3e-5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(41, 30), (301, 290)])
def test_integers_are_rounded_once_and_stay_in_their_range(photo, dtype, size):
    pixels = photo if dtype == np.uint8 else photo.astype(np.uint16) * 257
    white = np.iinfo(dtype).max
    exact = by_pillow(to_float(pixels), size, Image.Resampling.LANCZOS).clip(0, 1) * float(white)
    assert np.abs(resize(pixels, size) - exact).max() <= 0.51


def test_values_of_any_range_may_overshoot():
    edge = np.repeat(np.float32([-300, 500]), 8)[None, :, None].repeat(4, axis=0)
    large = resample(edge, (8, 64))
    assert large.min() < -310
    assert large.max() > 510
