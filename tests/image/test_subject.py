import sys

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from impasto.errors import EngineUnavailable, InvalidOption
from impasto.image import find_subject, resize, to_float

pytest.importorskip("cv2")


@pytest.fixture(scope="module")
def coffee():
    """Return a cup on a table, (101, 151, 3) uint8."""
    return resize(skimage.data.coffee(), (101, 151))


def disc(size, centre, radius):
    rows, columns = np.indices(size)
    return (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 <= radius**2


@pytest.fixture(scope="module")
def ball():
    """Return an orange disc in front of a meadow, (121, 161, 3) uint8, and where it is."""
    noise = np.random.default_rng(0).normal(0, 12, (121, 161, 3))
    inside = disc((121, 161), (60, 85), 28)
    colours = np.where(inside[..., None], (230, 120, 30), (60, 120, 50))
    return np.clip(colours + noise, 0, 255).astype(np.uint8), inside


def overlap(mask, inside):
    chosen = mask > 0.5
    return (chosen & inside).sum() / (chosen | inside).sum()


def test_what_stands_out_is_found(ball):
    pixels, inside = ball
    mask = find_subject(pixels)
    assert mask.shape == inside.shape
    assert mask.dtype == np.float32
    assert mask.min() >= 0
    assert mask.max() <= 1
    assert overlap(mask, inside) > 0.95


def test_the_cup_is_found_and_the_table_is_not(coffee):
    mask = find_subject(coffee)
    assert mask[30:70, 60:95].mean() > 0.9
    assert mask[:, :15].mean() < 0.05
    assert mask[:, -15:].mean() < 0.1


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_dtypes_agree(ball, dtype):
    pixels, _ = ball
    other = to_float(pixels) if dtype is np.float32 else pixels.astype(np.uint16) * 257
    np.testing.assert_allclose(find_subject(other), find_subject(pixels), atol=1e-3)


def test_the_same_photo_gives_the_same_mask(coffee):
    np.testing.assert_array_equal(find_subject(coffee), find_subject(coffee))


def test_a_photo_larger_than_the_working_size_has_a_mask_of_its_size(ball):
    pixels, inside = ball
    large = resize(pixels, (601, 803))
    mask = find_subject(large)
    assert mask.shape == (601, 803)
    assert overlap(mask, resize(inside.astype(np.float32), (601, 803)) > 0.5) > 0.95


def test_strips_do_not_show(ball, monkeypatch):
    pixels, _ = ball
    whole = find_subject(pixels)
    monkeypatch.setattr("impasto.image.picture.STRIP_PIXELS", 500)
    monkeypatch.setattr("impasto.image.subject.resize", lambda values, _: values)
    np.testing.assert_allclose(find_subject(pixels), whole, atol=1e-6)


def test_small_parts_and_holes_are_gone(ball):
    pixels, inside = ball
    spotted = pixels.copy()
    spotted[5:8, 5:8] = (230, 120, 30)
    spotted[58:61, 80:83] = (60, 120, 50)
    mask = find_subject(spotted)
    assert mask[5:8, 5:8].max() < 0.5
    assert (mask > 0.5)[inside].mean() > 0.95


@pytest.mark.parametrize("colour", [0, 90, 255])
def test_a_flat_photo_has_no_subject_and_the_options_are_named(colour):
    with pytest.raises(InvalidOption, match="--mask or --region"):
        find_subject(np.full((41, 63, 3), colour, np.uint8))


@given(
    arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3)), elements=st.integers(0, 255)),
)
@settings(max_examples=40, deadline=None)
def test_any_picture_has_a_mask_or_none(pixels):
    try:
        mask = find_subject(pixels)
    except InvalidOption:
        return
    assert mask.shape == pixels.shape[:2]
    assert np.isfinite(mask).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (3, 2), (2, 700)])
def test_odd_shapes(size):
    pixels = np.random.default_rng(1).integers(0, 256, (*size, 3)).astype(np.uint8)
    try:
        assert find_subject(pixels).shape == size
    except InvalidOption as error:
        assert "--mask" in str(error)


def test_without_opencv_the_extra_is_named(monkeypatch, ball):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(EngineUnavailable, match=r"pip install 'impasto\[subject\]'$"):
        find_subject(ball[0])


@pytest.mark.parametrize("values", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3)), np.zeros((0, 9, 3), np.uint8)])
def test_other_arrays_are_refused_with_what_they_are(values):
    with pytest.raises(InvalidOption, match=str(values.dtype)):
        find_subject(values)
