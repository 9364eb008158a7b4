import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage import data

from impasto.data import decode, random_crop, smooth_patch
from impasto.errors import UnreadablePicture


def encode(picture, form="PNG", **options):
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def rng(seed=0):
    return np.random.default_rng(seed)


def ramp(width, height):
    """Red grows with x and green with y by one level each px; both start at 20."""
    y, x = np.mgrid[:height, :width]
    return Image.fromarray(np.stack([20 + x, 20 + y, 0 * x], -1).astype(np.uint8))


def grey_ramp(mode):
    """(30, 40) px in levels 0-255 to the right, in a mode of Pillow's."""
    levels = np.tile(np.linspace(0, 255, 40), (30, 1))
    if mode in {"I;16", "I"}:
        return Image.fromarray((levels * 257).astype(np.uint16 if mode == "I;16" else np.int32))
    return Image.fromarray(np.rint(levels).astype(np.uint8)).convert(mode)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16", "I", "CMYK", "YCbCr", "F"])
def test_every_mode_becomes_rgb(mode):
    form = "TIFF" if mode in {"I", "CMYK", "YCbCr", "F"} else "PNG"
    out = decode(encode(grey_ramp(mode), form), "x", at_least=1)
    assert out.mode == "RGB"
    assert out.size == (40, 30)
    columns = np.asarray(out, float).mean((0, 2))  # over the dots of mode 1
    assert np.abs(columns - np.linspace(0, 255, 40)).max() < (70 if mode == "1" else 4)


@pytest.mark.parametrize("white", [1, 255, 65535])
def test_float_pictures_of_any_range(white):
    levels = np.linspace(0, white, 40, dtype=np.float32)[None].repeat(3, 0)
    out = decode(encode(Image.fromarray(levels), "TIFF"), "x", at_least=1)
    np.testing.assert_allclose(np.asarray(out)[0, :, 0], np.linspace(0, 255, 40), atol=0.6)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_transparent_is_white(mode):
    clear = Image.new("RGBA", (8, 8), (200, 0, 0, 0))
    picture = clear.convert("LA") if mode == "LA" else clear
    content = encode(clear.quantize(4), "PNG") if mode == "PA" else encode(picture)
    assert np.asarray(decode(content, "x", at_least=1)).min() == 255


def test_a_transparent_colour_is_white():
    content = encode(Image.new("RGB", (4, 4), (1, 2, 3)), transparency=(1, 2, 3))
    assert np.asarray(decode(content, "x", at_least=1)).min() == 255


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright(orientation):
    upright = ramp(30, 20)
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Transpose that the orientation takes back
    stored = upright if orientation == 1 else upright.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = decode(encode(stored, exif=exif), "x", at_least=1)
    np.testing.assert_array_equal(np.asarray(out), np.asarray(upright))


@pytest.mark.parametrize("at_least", [10, 50, 100, 170, 300, 600])
def test_large_jpegs_are_decoded_smaller_but_never_too_small(at_least):
    content = encode(Image.fromarray(data.coffee()), "JPEG")
    out = decode(content, "x", at_least=at_least)
    assert min(out.size) >= min(at_least, 400)
    assert min(out.size) <= max(2 * at_least, 50) or out.size == (600, 400)
    assert out.width / out.height == pytest.approx(1.5, rel=0.02)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"not a picture at all", "not a picture"),
        (encode(Image.fromarray(data.coffee()), "JPEG")[:9000], "truncated"),
        (encode(Image.fromarray(data.coffee()))[:9000], "."),
        (encode(Image.new("RGB", (9, 9)))[:20] + b"\0" * 99, "."),
    ],
)
def test_damaged_files_are_unreadable_and_named_in_one_line(content, reason):
    with pytest.raises(UnreadablePicture, match=rf"^odd name\.jpg: .*{reason}") as caught:
        decode(content, "odd name.jpg", at_least=64)
    assert "\n" not in str(caught.value)
    assert "0x" not in str(caught.value)


@given(width=st.integers(1, 400), height=st.integers(1, 400), size=st.integers(1, 97), seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_a_crop_is_a_square_of_the_size_asked_for(width, height, size, seed):
    crop = random_crop(Image.new("RGB", (width, height), (9, 90, 200)), size, rng(seed))
    assert crop.shape == (size, size, 3)
    assert crop.dtype == np.uint8
    assert crop.flags.writeable
    assert (crop == (9, 90, 200)).all()


@given(
    width=st.integers(60, 230),
    height=st.integers(60, 230),
    size=st.integers(33, 150),
    seed=st.integers(0, 2**32),
    zoom=st.floats(1, 2),
)
@settings(max_examples=60, deadline=None)
def test_a_crop_is_never_squashed_and_lies_inside(width, height, size, seed, zoom):
    crop = random_crop(ramp(width, height), size, rng(seed), scale=(zoom, zoom)).astype(float)
    inner = slice(size // 4, size - size // 4)  # at its edges Lanczos bends the ramp
    step_x = np.polyfit(np.arange(size)[inner], crop[:, inner, 0].mean(0), 1)[0]
    step_y = np.polyfit(np.arange(size)[inner], crop[inner, :, 1].mean(1), 1)[0]
    expected = min(width, height) / zoom / size  # px of the picture for one of the crop
    tolerance = 4 / size  # rounding to levels bends a line through size / 2 points by up to 3 / size
    assert abs(step_x) == pytest.approx(expected, abs=tolerance)
    assert step_y == pytest.approx(expected, abs=tolerance)
    assert crop[..., 0].min() >= 19
    assert crop[..., 0].max() <= 20 + width
    assert crop[..., 1].max() <= 20 + height


def test_crops_are_mirrored_half_of_the_time_and_reach_both_ends():
    picture = ramp(200, 100)
    crops = [random_crop(picture, 50, rng(seed)) for seed in range(200)]
    mirrored = [crop[0, 0, 0] > crop[0, -1, 0] for crop in crops]
    assert 70 < sum(mirrored) < 130
    lefts = [int(crop[..., 0].min()) for crop in crops]
    assert min(lefts) < 30
    assert max(lefts) > 110


def test_a_circle_stays_a_circle():
    y, x = np.mgrid[:200, :300]
    disc = np.where((x - 150) ** 2 + (y - 100) ** 2 < 60**2, 255, 0).astype(np.uint8)
    crop = random_crop(Image.fromarray(disc).convert("RGB"), 101, rng(3), scale=(1.0, 1.0))[..., 0] > 127
    wide, high = crop.any(0).sum(), crop.any(1).sum()
    assert high == pytest.approx(60.6, abs=1.5)
    assert wide == high or not crop[:, [0, -1]].any() or wide < high  # cut off at a side, never stretched


def test_crops_follow_the_generator():
    picture = Image.fromarray(data.chelsea())
    np.testing.assert_array_equal(random_crop(picture, 64, rng(5)), random_crop(picture, 64, rng(5)))
    assert (random_crop(picture, 64, rng(5)) != random_crop(picture, 64, rng(6))).any()


def test_a_sliver_does_not_need_memory_for_its_enlargement():
    assert random_crop(Image.new("RGB", (60_000, 1)), 256, rng()).shape == (256, 256, 3)


@pytest.mark.parametrize("size", [1, 2, 33, 64])
def test_smooth_patches_are_smooth_and_of_several_kinds(size):
    patches = np.stack([smooth_patch(size, rng(seed)) for seed in range(60)])
    assert patches.shape == (60, size, size, 3)
    assert patches.dtype == np.uint8
    means = patches.mean((1, 2, 3))
    assert (means > 250).any()
    assert (means < 5).any()
    steps = np.abs(np.diff(patches.astype(float), axis=2)).mean((1, 2, 3)) if size > 2 else np.zeros(1)
    assert steps.max() < 8
    assert size == 1 or len(np.unique(patches)) > 50
