import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from impasto.errors import InvalidOption
from impasto.image import keep_colors, match_palette, palette_of, to_float

OKLAB_OF_SRGB = {
    (255, 255, 255): (1.0, 0.0, 0.0),
    (255, 0, 0): (0.6279554, 0.2248631, 0.1258463),
    (0, 255, 0): (0.8664396, -0.2338874, 0.1794985),
    (0, 0, 255): (0.4520137, -0.0324570, -0.3115281),
    (0, 0, 0): (0.0, 0.0, 0.0),
}


@pytest.fixture(scope="module")
def painted():
    """Return a cup of coffee, (101, 77, 3) uint8."""
    return np.ascontiguousarray(skimage.data.coffee()[50:252:2, 200:354:2])


def as_type(pixels, dtype):
    if dtype is np.float32:
        return to_float(pixels)
    return pixels.astype(dtype) * (257 if dtype is np.uint16 else 1)


def oklab(pixels):
    """Return Oklab, (H, W, 3) float64, written down independently of the module."""
    values = pixels.astype(np.float64) / (1 if pixels.dtype == np.float32 else np.iinfo(pixels.dtype).max)
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    cones = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
    lab = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
    return np.cbrt(linear @ np.transpose(cones)) @ np.transpose(lab)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_photo_in_its_own_colours_is_itself(photo, dtype):
    photo = as_type(photo, dtype)
    kept = keep_colors(photo, photo)
    assert kept.dtype == dtype
    np.testing.assert_allclose(kept.astype(float), photo, atol=2e-5 * (1 if dtype is np.float32 else 65535))
    if dtype is np.uint8:
        np.testing.assert_array_equal(kept, photo)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_lightness_is_the_paintings_and_hue_the_photos(photo, painted, dtype):
    photo, painted = as_type(photo, dtype), as_type(painted, dtype)
    kept, own, wanted = (oklab(pixels) for pixels in (keep_colors(photo, painted), photo, painted))
    np.testing.assert_allclose(kept[..., 0], wanted[..., 0], atol=2e-4)
    # a and b of the result lie on the line from grey to the photo's: never beyond, never on another
    off_line = kept[..., 1] * own[..., 2] - kept[..., 2] * own[..., 1]
    chroma, own_chroma = np.hypot(kept[..., 1], kept[..., 2]), np.hypot(own[..., 1], own[..., 2])
    assert np.abs(off_line).max() < 1e-4
    assert (chroma - own_chroma).max() < 1e-3
    assert np.isclose(chroma, own_chroma, atol=1e-3).mean() > 0.5


def test_chroma_is_reduced_no_more_than_the_gamut_asks(photo, painted):
    """Where chroma is less than the photo's, the result touches the edge of sRGB."""
    kept, own = keep_colors(to_float(photo), to_float(painted)), oklab(photo)
    chroma = np.hypot(*np.moveaxis(oklab(kept)[..., 1:], -1, 0))
    reduced = chroma < np.hypot(own[..., 1], own[..., 2]) - 2e-3
    assert reduced.any()
    assert np.minimum(kept.min(axis=-1), 1 - kept.max(axis=-1))[reduced].max() < 0.02


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_grey_photo_gives_grey(grey, painted, dtype):
    photo = as_type(np.dstack([grey] * 3), dtype)
    kept = keep_colors(photo, as_type(painted, dtype))
    assert (kept == kept[..., :1]).all()
    assert len(np.unique(kept)) > 100


def test_black_and_white_stay(photo):
    white = np.full_like(photo, 255)
    np.testing.assert_array_equal(keep_colors(photo, white), white)
    np.testing.assert_array_equal(keep_colors(photo, white * 0), white * 0)
    np.testing.assert_array_equal(keep_colors(white, photo)[..., 0], keep_colors(white * 0, photo)[..., 0])


def test_there_is_no_edge_where_a_ramp_leaves_the_gamut():
    """Every colour of the corners of sRGB, at every lightness: neighbours stay neighbours."""
    corners = np.array([[r, g, b] for r in (0, 1) for g in (0, 1) for b in (0, 1)], np.float32)
    ramp = np.linspace(0.02, 0.98, 2000, dtype=np.float32)
    photo = np.repeat(corners[:, None], len(ramp), axis=1)
    painted = np.repeat(np.repeat(ramp[None, :, None], 3, axis=2), len(corners), axis=0)
    kept = oklab(keep_colors(photo, painted))
    assert np.abs(np.diff(kept, axis=1)).max() < 0.006  # yellow, whose chroma falls fastest: 5e-3


@given(arrays(np.uint8, (2, 5, 7, 3)))
@settings(max_examples=40, deadline=None)
def test_any_colours_keep_the_paintings_lightness(both):
    photo, painted = to_float(both)
    lightness = oklab(keep_colors(photo, painted))[..., 0]
    assert np.abs(lightness - oklab(painted)[..., 0]).max() < 0.01  # rounding near black


@given(arrays(np.float32, (3, 5, 3), elements=st.floats(width=32)))
@settings(max_examples=40, deadline=None)
def test_floats_outside_the_range_do_no_harm(values):
    for result in (keep_colors(values, values), match_palette(values, palette_of(values))):
        assert ((result >= 0) & (result <= 1)).all()


def test_strips_do_not_show(photo, painted, monkeypatch):
    whole = keep_colors(photo, painted), match_palette(photo, palette_of(painted))
    monkeypatch.setattr("impasto.image.picture.STRIP_PIXELS", 300)
    np.testing.assert_array_equal(keep_colors(photo, painted), whole[0])
    np.testing.assert_array_equal(match_palette(photo, palette_of(painted)), whole[1])


def test_inputs_are_not_changed_and_may_be_views(photo, painted):
    before = painted.copy()
    turned = keep_colors(photo[::-1, ::-1], painted[::-1, ::-1])
    np.testing.assert_array_equal(turned[::-1, ::-1], keep_colors(photo, painted))
    np.testing.assert_array_equal(painted, before)


def test_a_palette_is_the_mean_and_covariance_in_oklab(photo):
    palette, colours = palette_of(photo), oklab(photo).reshape(-1, 3)
    assert palette.shape == (4, 3)
    assert palette.dtype == np.float32
    np.testing.assert_allclose(palette[0], colours.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(palette[1:], np.cov(colours, rowvar=False, bias=True), atol=1e-5)


@pytest.mark.parametrize(("rgb", "lab"), OKLAB_OF_SRGB.items())
def test_published_colours(rgb, lab):
    palette = palette_of(np.full((3, 5, 3), rgb, np.uint8))
    np.testing.assert_allclose(palette[0], lab, atol=2e-6)
    np.testing.assert_allclose(palette[1:], 0, atol=1e-9)


def test_dtypes_agree_about_the_palette(photo):
    for dtype in (np.uint16, np.float32):
        np.testing.assert_allclose(palette_of(as_type(photo, dtype)), palette_of(photo), atol=1e-5)


def test_the_palette_of_a_large_picture_is_sampled(photo, monkeypatch):
    whole = palette_of(photo)
    monkeypatch.setattr("impasto.image.color._SAMPLE", 1000)
    sampled = palette_of(photo)
    assert not np.array_equal(sampled, whole)
    np.testing.assert_array_equal(sampled, palette_of(photo[::3, ::3]))
    np.testing.assert_allclose(sampled, whole, atol=0.02)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_its_own_palette_changes_nothing(photo, dtype):
    photo = as_type(photo, dtype)
    matched = match_palette(photo, palette_of(photo))
    assert matched.dtype == dtype
    np.testing.assert_allclose(matched.astype(float), photo, atol=5e-5 * (1 if dtype is np.float32 else 65535))


def test_the_result_has_the_palette(photo):
    """With a palette of muted colours, which all fit into sRGB."""
    wanted = palette_of(photo)
    wanted[0] = 0.6, 0.03, -0.02
    wanted[1:] = np.array([[4, 1, 0], [1, 2, -0.5], [0, -0.5, 1]]) * 2e-3 / 4
    palette = palette_of(match_palette(to_float(photo), wanted))
    np.testing.assert_allclose(palette, wanted, atol=1e-4)


def test_paintings_palettes_are_come_near(photo, painted):
    wanted, own = palette_of(painted), palette_of(photo)
    palette = palette_of(match_palette(photo, wanted))
    assert np.abs(palette - wanted).max() < 0.25 * np.abs(own - wanted).max()


@given(
    st.tuples(*[st.integers(0, 255)] * 3),
    arrays(np.uint8, (6, 5, 3)),
)
@settings(max_examples=40, deadline=None)
def test_flat_pictures_become_the_mean_colour(colour, other):
    flat = to_float(np.full((4, 7, 3), colour, np.uint8))
    matched = match_palette(flat, palette_of(other))
    assert (matched == matched[0, 0]).all()
    assert abs(oklab(matched)[0, 0, 0] - palette_of(other)[0, 0]) < 0.01  # rounding near black


def test_noise_of_a_flat_picture_is_not_blown_up(painted):
    noise = np.random.default_rng(0).integers(127, 130, painted.shape).astype(np.uint8)
    stretched = palette_of(match_palette(noise, palette_of(painted)))[1:]
    assert (np.linalg.eigvalsh(stretched) < 26 * np.linalg.eigvalsh(palette_of(noise)[1:]).max()).all()


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3)),
        np.zeros((4, 4, 3), np.int32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_other_arrays_are_refused_with_what_they_are(values, photo):
    for call in (
        lambda: keep_colors(values, values),
        lambda: palette_of(values),
        lambda: match_palette(values, palette_of(photo)),
    ):
        with pytest.raises(InvalidOption, match=str(values.dtype)):
            call()


def test_photo_and_painting_must_match(photo):
    for other in (photo[:-1], to_float(photo)):
        with pytest.raises(InvalidOption, match="match"):
            keep_colors(photo, other)


@pytest.mark.parametrize(
    "palette",
    [
        np.zeros((3, 3), np.float32),
        np.zeros((4, 3), np.uint8),
        np.full((4, 3), np.nan, np.float32),
        np.arange(12, dtype=np.float32).reshape(4, 3),
    ],
)
def test_other_palettes_are_refused(photo, palette):
    with pytest.raises(InvalidOption, match="palette_of"):
        match_palette(photo, palette)
