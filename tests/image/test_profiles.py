import numpy as np
import pytest
from PIL import Image, ImageCms

from impasto.image import read

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
UNUSABLE = "x has a colour profile that cannot be used; its colours are taken as sRGB"

SWAPPED = SRGB.replace(b"rXYZ", b"tmp!").replace(b"bXYZ", b"rXYZ").replace(b"tmp!", b"bXYZ")
"""A profile in which red means blue, though it is called sRGB."""

CURVE = SRGB.index(b"para") + 8
LINEAR = SRGB[:CURVE] + bytes(4) + (1 << 16).to_bytes(4, "big") + SRGB[CURVE + 8 :]
"""A profile of linear light with the primaries, and the name, of sRGB."""


def grey_profile(gamma):
    """Return the smallest ICC profile of a grey with this gamma: white point and one curve."""
    white = b"XYZ \0\0\0\0" + b"".join(int(v * 65536).to_bytes(4, "big") for v in (0.9642, 1.0, 0.8249))
    curve = b"curv\0\0\0\0\0\0\0\1" + int(gamma * 256).to_bytes(2, "big") + b"\0\0"
    tags = b"\0\0\0\2" + b"wtpt" + (156).to_bytes(4, "big") + (20).to_bytes(4, "big")
    tags += b"kTRC" + (176).to_bytes(4, "big") + (16).to_bytes(4, "big")
    header = b"\0\0\0\xc0" + b"lcms\x02\x10\0\0mntrGRAYXYZ " + bytes(12) + b"acsp" + bytes(28) + white[8:]
    return (header.ljust(128, b"\0") + tags + white + curve).ljust(192, b"\0")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_profile_is_converted_to_srgb(photo, saved, kind):
    plain = read(saved(photo, kind)).pixels
    picture = read(saved(photo, kind, icc_profile=SWAPPED))
    assert picture.notices == ()
    assert np.abs(picture.pixels.astype(int) - plain[..., ::-1]).max() <= 2


def test_srgb_pixels_stay_exactly_as_they_are(photo, saved):
    np.testing.assert_array_equal(read(saved(photo, icc_profile=SRGB)).pixels, photo)


@pytest.mark.parametrize("mode", ["RGB", "L", "P"])
def test_linear_light_is_converted_whatever_its_profile_is_called(grey, saved, mode):
    picture = read(saved(Image.fromarray(grey).convert(mode), icc_profile=LINEAR), name="x")
    linear = np.asarray(Image.fromarray(grey).convert(mode).convert("L")) / 255
    expected = 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert picture.notices == ()
    assert np.abs(picture.pixels - expected[..., None]).max() <= 2


def test_a_profile_that_is_srgb_but_for_rounding_changes_nothing(photo, saved):
    rounded = SRGB[: CURVE + 6] + b"\x6c\0" + SRGB[CURVE + 8 :]  # a gamma of 2.42 instead of 2.4
    rounded = rounded.replace("sRGB".encode("utf-16-be"), "Mine".encode("utf-16-be"))
    np.testing.assert_array_equal(read(saved(photo, icc_profile=rounded)).pixels, photo)


def test_alpha_is_not_touched_by_a_profile(photo, soft_alpha, saved):
    picture = read(saved(np.dstack([photo, soft_alpha]), icc_profile=SWAPPED))
    np.testing.assert_array_equal(picture.alpha, soft_alpha)
    assert np.abs(picture.pixels.astype(int) - photo[..., ::-1]).max() <= 2


def test_a_palette_is_converted(photo, saved):
    palette = Image.fromarray(photo).quantize(64)
    expected = np.asarray(palette.convert("RGB"))[..., ::-1]
    assert np.abs(read(saved(palette, icc_profile=SWAPPED)).pixels.astype(int) - expected).max() <= 2


@pytest.mark.parametrize("mode", ["L", "LA"])
@pytest.mark.parametrize("gamma", [1.8, 2.6])
def test_a_grey_profile_is_converted(grey, saved, mode, gamma):
    picture = read(saved(Image.fromarray(grey).convert(mode), icc_profile=grey_profile(gamma)), name="x")
    linear = (grey / 255) ** gamma
    expected = 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert picture.notices == ()
    assert np.abs(picture.pixels - expected[..., None]).max() <= 2


def test_grey_with_an_rgb_profile_stays_grey(grey, saved):
    picture = read(saved(grey, icc_profile=SWAPPED), name="x")
    assert picture.notices == ()
    assert np.abs(picture.pixels.astype(int) - grey[..., None]).max() <= 2


@pytest.mark.parametrize("profile", [b"broken", SWAPPED[:200], bytes(3000), LAB, grey_profile(2.2)])
def test_a_profile_that_cannot_be_used_costs_a_notice_not_the_picture(photo, saved, profile):
    picture = read(saved(photo, icc_profile=profile), name="x")
    np.testing.assert_array_equal(picture.pixels, photo)
    assert picture.notices == (UNUSABLE,)


def test_a_cmyk_picture_ignores_an_rgb_profile(photo, saved):
    cmyk = Image.fromarray(photo).convert("CMYK")
    assert read(saved(cmyk, "TIFF", icc_profile=SWAPPED), name="x").notices == (UNUSABLE,)


def test_lab_becomes_rgb(photo, saved):
    to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    lab = to_lab.apply(Image.fromarray(photo))
    lab.info.clear()
    difference = read(saved(lab, "TIFF")).pixels.astype(int) - photo
    assert np.abs(difference).mean() < 2


def test_16_bit_grey_with_a_profile_says_that_it_is_ignored(grey, saved):
    deep = Image.fromarray(grey.astype(np.uint16) * 257)
    (notice,) = read(saved(deep, icc_profile=grey_profile(1.0)), name="x").notices
    assert notice == "x has a colour profile, which is not used for grey of more than 8 bits"
