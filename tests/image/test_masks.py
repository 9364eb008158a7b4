import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from impasto.errors import InvalidOption, UnreadablePicture
from impasto.image import Mask, feather, read_mask, to_float

SIZE = (101, 77)


@pytest.fixture
def square():
    """Return a mask with a white square, (101, 77) float32."""
    mask = np.zeros(SIZE, np.float32)
    mask[30:70, 20:60] = 1
    return mask


def test_all_kinds_of_sources_give_the_same_weights(grey, saved, tmp_path):
    path = tmp_path / "mask.png"
    path.write_bytes(saved(grey))
    expected = to_float(grey)
    sources = (path, str(path), path.read_bytes(), Image.fromarray(grey), grey, grey.astype(np.uint16) * 257)
    for source in (*sources, np.dstack([grey] * 3), expected, expected.astype(np.float64)):
        mask = read_mask(source, SIZE)
        assert isinstance(mask, Mask)
        assert mask.weights.dtype == np.float32
        np.testing.assert_array_equal(mask.weights, expected)
        assert mask.notices == ()


def test_bool_and_one_bit_masks(grey, saved):
    chosen = grey > 100
    for source in (chosen, saved(Image.fromarray(chosen)), np.dstack([chosen] * 3)):
        np.testing.assert_array_equal(read_mask(source, SIZE).weights, chosen)


def test_colours_count_by_their_lightness():
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    np.testing.assert_allclose(read_mask(colours, (1, 4)).weights, [[0.2126, 0.7152, 0.0722, 1]], atol=1e-6)


def test_alpha_multiplies(grey, soft_alpha, saved):
    image = Image.merge("LA", (Image.fromarray(grey), Image.fromarray(soft_alpha)))
    expected = to_float(grey) * to_float(soft_alpha)
    np.testing.assert_array_equal(read_mask(saved(image), SIZE).weights, expected)
    white = np.dstack([np.full((*SIZE, 3), 255, np.uint8), soft_alpha])
    np.testing.assert_array_equal(read_mask(white, SIZE).weights, to_float(soft_alpha))


def test_16_bits_keep_their_fine_steps(saved):
    steps = np.linspace(40000, 41000, 101 * 77).astype(np.uint16).reshape(SIZE)
    np.testing.assert_array_equal(read_mask(saved(steps), SIZE).weights, steps / np.float32(65535))


def test_a_photo_as_mask_is_turned_upright(grey, saved):
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = saved(np.rot90(grey), exif=exif)
    np.testing.assert_array_equal(read_mask(turned, SIZE).weights, to_float(grey))


def test_strips_do_not_show(photo, monkeypatch, square):
    whole = read_mask(photo, SIZE).weights, feather(square, 7.7)
    monkeypatch.setattr("impasto.image.picture.STRIP_PIXELS", 300)
    np.testing.assert_array_equal(read_mask(photo, SIZE).weights, whole[0])
    np.testing.assert_array_equal(feather(square, 7.7), whole[1])


def test_a_mask_of_another_size_is_resized_and_that_is_said(square, tmp_path):
    mask = read_mask(square, (202, 154))
    assert mask.weights.shape == (202, 154)
    assert mask.notices == ("the mask has 77 x 101 pixels, the photo 154 x 202; it was resized",)
    assert (mask.weights[70:130, 50:110] == 1).all()
    assert (mask.weights[:50] == 0).all()
    path = tmp_path / "m.png"
    Image.fromarray((square * 255).astype(np.uint8)).save(path)
    stretched = read_mask(path, (50, 154), name="--mask")
    assert stretched.notices == (
        f"--mask {path} has 77 x 101 pixels, the photo 154 x 50; it was stretched to other proportions",
    )


@pytest.mark.parametrize(("size", "word"), [((1000, 1009), "resized"), ((1000, 1012), "stretched")])
def test_one_percent_of_the_proportions_may_differ(size, word):
    (notice,) = read_mask(np.ones((100, 100), bool), size).notices
    assert word in notice
    (notice,) = read_mask(np.ones((100, 100), bool), size[::-1]).notices
    assert word in notice


def test_notices_of_the_file_are_handed_on(grey, saved):
    data = saved(grey, "TIFF", save_all=True, append_images=[Image.fromarray(grey)])
    assert read_mask(data, SIZE).notices == ("the mask has several pages; the first is used",)


@given(
    arrays(np.float32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.floats(0.125, 1, width=32)),
    st.tuples(st.integers(1, 30), st.integers(1, 30)),
)
@settings(max_examples=80, deadline=None)
def test_resizing_makes_nothing_lighter_or_darker_than_it_was(values, size):
    weights = read_mask(values, size).weights
    assert weights.shape == size
    assert weights.min() >= values.min() - 1e-6
    assert weights.max() <= values.max() + 1e-6
    if values.min() == values.max():
        np.testing.assert_array_equal(weights, values.max())


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.float32])
def test_an_empty_mask_is_refused(dtype):
    with pytest.raises(InvalidOption, match=r"^the mask is empty \(all black\), so nothing would be painted; "):
        read_mask(np.zeros(SIZE, dtype), SIZE)


def test_an_empty_file_of_a_mask_is_named(tmp_path, saved):
    path = tmp_path / "black.png"
    path.write_bytes(saved(np.zeros(SIZE, np.uint8)))
    with pytest.raises(InvalidOption, match=r"^the mask .*black\.png is empty"):
        read_mask(path, SIZE)


@pytest.mark.parametrize("values", [np.ones(SIZE, np.uint8), np.full(SIZE, 255, np.uint16)])
def test_masks_of_zeros_and_ones_and_8_bits_in_16_are_refused(values):
    with pytest.raises(InvalidOption, match=r"all but black.*white is 255"):
        read_mask(values, SIZE)


def test_a_faint_mask_is_mentioned():
    mask = read_mask(np.full(SIZE, 4095, np.uint16), SIZE)
    assert mask.notices == ("the mask is nowhere lighter than 6.2% of white, so the painting is faint",)


@pytest.mark.parametrize(
    "values",
    [
        np.ones((4, 4), np.int32),
        np.ones((4, 4, 2), np.uint8),
        np.ones((4, 4, 4), np.float32),
        np.ones(4, bool),
        np.ones((0, 4), np.float32),
        np.ones((2, 4, 4, 3), bool),
    ],
)
def test_other_arrays_are_refused_with_what_they_are(values):
    with pytest.raises(InvalidOption, match=f"^the mask must be .*{values.dtype}$"):
        read_mask(values, SIZE)


@pytest.mark.parametrize("value", [-0.1, 1.5, 255.0, np.nan, np.inf])
def test_floats_are_0_to_1(value):
    with pytest.raises(InvalidOption, match="0 to 1"):
        read_mask(np.array([[0.5, value]]), (1, 2))


def test_an_absent_file_is_called_the_mask(tmp_path):
    with pytest.raises(UnreadablePicture, match=r"^the mask .*no\.png: there is no such file"):
        read_mask(tmp_path / "no.png", SIZE)


def test_radius_0_is_the_mask_itself(square):
    assert feather(square, 0) is square


@given(
    st.one_of(st.just(0.0), st.floats(2**-16, 1, width=32)),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.one_of(st.floats(0, 50), st.just(1e9)),
)
@settings(max_examples=80, deadline=None)
def test_a_constant_mask_stays_exactly_constant(value, size, radius):
    mask = np.full(size, value, np.float32)
    feathered = feather(mask, radius)
    assert feathered.dtype == np.float32
    np.testing.assert_array_equal(feathered, mask)


@given(arrays(np.float32, (9, 13), elements=st.floats(0, 1, width=32)), st.floats(0, 30))
@settings(max_examples=80, deadline=None)
def test_any_mask_stays_between_its_darkest_and_its_lightest(mask, radius):
    feathered = feather(mask, radius)
    assert feathered.shape == mask.shape
    assert feathered.min() >= max(0, mask.min() - 1e-6)
    assert feathered.max() <= min(1, mask.max() + 1e-6)


@pytest.mark.parametrize("radius", [0.5, 3, 8.4, 12])
def test_only_the_surroundings_of_edges_change(square, radius):
    feathered = feather(square, radius)
    reach = int(radius) + 3
    np.testing.assert_array_equal(feathered[30 + reach : 70 - reach, 20 + reach : 60 - reach], 1)
    np.testing.assert_array_equal(feathered[: 30 - reach], 0)
    assert ((feathered > 0) & (feathered < 1)).any()


@pytest.mark.parametrize("radius", [9, 13.5, 30])
def test_an_edge_rises_as_a_gaussian_does(radius):
    edge = np.zeros((3, 201), np.float32)
    edge[:, 100:] = 1
    rise = feather(edge, radius)[1]
    assert (np.diff(rise) >= 0).all()
    spread = np.diff(rise)
    places = np.arange(200) + 0.5
    centre = (spread * places).sum()
    sigma = np.sqrt((spread * (places - centre) ** 2).sum())
    assert abs(centre - 99.5) < 1e-4
    assert 0.33 < sigma / radius < 0.5


def test_the_naive_filter_gives_the_same(square):
    kernel = np.array([0.4, 1, 1, 1, 1, 1, 0.4]) / 5.8  # half a width of 2.4, that is a radius of 7.2

    def filtered(line):
        for _ in range(3):
            line = np.convolve(np.pad(line, 3, mode="edge"), kernel, mode="valid")
        return line

    soft = square * np.linspace(0.2, 1, 77, dtype=np.float32)
    expected = np.apply_along_axis(filtered, 0, np.apply_along_axis(filtered, 1, soft))
    np.testing.assert_allclose(feather(soft, 7.2), expected, atol=1e-6)


def test_feathering_does_not_depend_on_the_direction(square):
    np.testing.assert_allclose(feather(square.T, 5).T, feather(square, 5), atol=1e-6)
    assert feather(square, 5).flags.c_contiguous


@pytest.mark.parametrize("radius", [-1, float("nan"), float("inf")])
def test_the_radius_is_finite_and_not_negative(square, radius):
    with pytest.raises(InvalidOption, match="feather"):
        feather(square, radius)


@pytest.mark.parametrize("mask", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4), "f4")])
def test_other_arrays_cannot_be_feathered(mask):
    with pytest.raises(InvalidOption, match=str(mask.dtype)):
        feather(mask, 3)
