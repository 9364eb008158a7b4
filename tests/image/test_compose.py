import numpy as np
import pytest

from impasto.errors import InvalidOption
from impasto.image import Picture, blend, repaint, to_float, with_mask


@pytest.fixture
def painted(photo):
    return np.ascontiguousarray(255 - photo[:, ::-1])


def as_type(pixels, dtype):
    if dtype is np.float32:
        return to_float(pixels)
    return pixels.astype(dtype) * (257 if dtype is np.uint16 else 1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_ends_of_strength_are_exact(photo, painted, dtype):
    photo, painted = as_type(photo, dtype), as_type(painted, dtype)
    np.testing.assert_array_equal(blend(photo, painted, 0), photo)
    np.testing.assert_array_equal(blend(photo, painted, 1), painted)
    assert blend(photo, painted, 0.3).dtype == dtype


def test_between_the_ends_is_the_rounded_mixture(photo, painted):
    expected = 0.7 * photo.astype(float) + 0.3 * painted
    assert np.abs(blend(photo, painted, 0.3) - expected).max() <= 0.501


def test_what_is_the_same_in_both_stays(photo):
    for strength in (0.1, 1 / 3, 0.9):
        np.testing.assert_array_equal(blend(photo, photo, strength), photo)


def test_inputs_are_not_changed(photo, painted):
    before = photo.copy(), painted.copy()
    result = blend(photo, painted, 0.0)
    result[:] = 0
    np.testing.assert_array_equal(photo, before[0])
    np.testing.assert_array_equal(painted, before[1])


@pytest.mark.parametrize("strength", [-0.01, 1.01, float("nan")])
def test_strength_is_0_to_1(photo, strength):
    with pytest.raises(InvalidOption, match="strength"):
        blend(photo, photo, strength)


def test_photo_and_painting_must_match(photo):
    for other in (photo[:-1], to_float(photo)):
        with pytest.raises(InvalidOption, match="match"):
            blend(photo, other, 0.5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_mask_chooses_exactly(photo, painted, dtype):
    photo, painted = as_type(photo, dtype), as_type(painted, dtype)
    chosen = np.indices(photo.shape[:2]).sum(0) % 3 == 0
    expected = np.where(chosen[..., None], painted, photo)
    for mask in (chosen, chosen * np.uint8(255), chosen * np.uint16(65535), chosen.astype(np.float64)):
        np.testing.assert_array_equal(with_mask(photo, painted, mask), expected)


def test_a_soft_mask_mixes(photo, painted, soft_alpha):
    share = soft_alpha[..., None] / 255
    expected = (1 - share) * photo + share * painted
    assert np.abs(with_mask(photo, painted, soft_alpha) - expected).max() <= 0.501


def test_a_mask_of_another_size_is_refused(photo):
    with pytest.raises(InvalidOption, match="mask"):
        with_mask(photo, photo, np.zeros((4, 4), bool))


def test_repaint_keeps_what_came_along(photo, painted, soft_alpha):
    picture = Picture(photo, soft_alpha, b"exif", (300, 300), ("a notice",))
    result = repaint(picture, painted)
    assert result.pixels is painted
    assert result.alpha is soft_alpha
    assert (result.exif, result.dpi, result.notices) == (b"exif", (300, 300), ("a notice",))


def test_alpha_follows_in_size_and_depth(photo, soft_alpha):
    picture = Picture(photo, soft_alpha)
    deep = repaint(picture, photo[:50, :38].astype(np.uint16) * 257)
    assert deep.alpha.shape == (50, 38)
    assert deep.alpha.dtype == np.uint16
    assert deep.alpha.max() > 64000
    assert repaint(deep, photo).alpha.dtype == np.uint8


def test_strips_do_not_show(photo, painted, soft_alpha, monkeypatch):
    whole = with_mask(photo, painted, soft_alpha)
    monkeypatch.setattr("impasto.image.picture.STRIP_PIXELS", 300)
    np.testing.assert_array_equal(with_mask(photo, painted, soft_alpha), whole)
