import numpy as np
import pytest
from PIL import Image

from impasto.image import read, to_float

DEEP_GREY = np.linspace(0, 65535, 101 * 77).round().astype(np.uint16).reshape(101, 77)


def test_grey(grey, saved):
    for kind in ("PNG", "TIFF", "BMP"):
        picture = read(saved(grey, kind))
        np.testing.assert_array_equal(picture.pixels, np.dstack([grey] * 3))
        assert picture.alpha is None


def test_one_bit(grey, saved):
    for kind in ("PNG", "TIFF", "BMP"):
        picture = read(saved(Image.fromarray(grey > 127), kind))
        np.testing.assert_array_equal(picture.pixels[..., 0], np.where(grey > 127, 255, 0))


def test_grey_with_alpha(grey, soft_alpha, saved):
    for kind in ("PNG", "TIFF"):
        picture = read(saved(Image.merge("LA", [Image.fromarray(grey), Image.fromarray(soft_alpha)]), kind))
        np.testing.assert_array_equal(picture.pixels, np.dstack([grey] * 3))
        np.testing.assert_array_equal(picture.alpha, soft_alpha)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_colour_with_alpha_keeps_the_colours_of_what_is_transparent(photo, soft_alpha, saved, kind):
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    picture = read(saved(np.dstack([photo, soft_alpha]), kind, **options))
    np.testing.assert_array_equal(picture.pixels, photo)
    np.testing.assert_array_equal(picture.alpha, soft_alpha)


def test_premultiplied_alpha_is_undone():
    image = Image.new("RGBA", (3, 2), (200, 100, 50, 128)).convert("RGBa")
    picture = read(image)
    assert np.abs(picture.pixels[0, 0].astype(int) - [200, 100, 50]).max() <= 2
    assert picture.alpha[0, 0] == 128


def test_palette(photo, saved):
    image = Image.fromarray(photo).quantize(64)
    for kind in ("PNG", "TIFF", "BMP", "GIF"):
        np.testing.assert_array_equal(read(saved(image, kind)).pixels, np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_palette_with_one_transparent_colour(photo, saved, kind):
    image = Image.fromarray(photo).quantize(64)
    picture = read(saved(image, kind, transparency=7))
    np.testing.assert_array_equal(picture.alpha, np.where(np.asarray(image) == 7, 0, 255))
    np.testing.assert_array_equal(picture.pixels, np.asarray(image.convert("RGB")))


def test_palette_with_an_alpha_for_each_colour(photo, saved):
    image = Image.fromarray(photo).quantize(64)
    levels = bytes(range(0, 256, 4))
    picture = read(saved(image, transparency=levels))
    np.testing.assert_array_equal(picture.alpha, np.frombuffer(levels, np.uint8)[np.asarray(image)])
    np.testing.assert_array_equal(picture.pixels, np.asarray(image.convert("RGB")))


def test_one_transparent_colour_of_an_rgb_png(photo, saved):
    key = tuple(int(value) for value in photo[50, 40])
    picture = read(saved(photo, transparency=key))
    np.testing.assert_array_equal(picture.alpha == 0, (photo == key).all(axis=2))
    np.testing.assert_array_equal(picture.pixels, photo)


def test_cmyk_tiff(photo, saved):
    picture = read(saved(Image.fromarray(photo).convert("CMYK"), "TIFF"))
    assert np.abs(picture.pixels.astype(int) - photo).max() <= 2


def test_cmyk_jpeg_is_not_inverted(photo, saved):
    picture = read(saved(Image.fromarray(photo).convert("CMYK"), "JPEG", quality=95))
    assert np.abs(picture.pixels.astype(int) - photo).mean() < 6


@pytest.mark.parametrize("mode", ["YCbCr", "HSV", "RGBX"])
def test_other_colour_modes(photo, mode):
    difference = read(Image.fromarray(photo).convert(mode)).pixels.astype(int) - photo
    assert np.abs(difference).mean() < 3


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_keeps_its_levels(saved, kind):
    picture = read(saved(DEEP_GREY, kind))
    assert picture.pixels.dtype == np.uint16
    np.testing.assert_array_equal(picture.pixels, np.dstack([DEEP_GREY] * 3))


def test_16_bit_grey_of_the_other_byte_order(saved):
    image = Image.frombytes("I;16B", (77, 101), DEEP_GREY.astype(">u2").tobytes())
    np.testing.assert_array_equal(read(saved(image, "TIFF")).pixels[..., 0], DEEP_GREY)
    np.testing.assert_array_equal(read(image).pixels[..., 0], DEEP_GREY)


def test_32_bit_integers_hold_16_bits_by_pillows_convention(saved):
    picture = read(saved(DEEP_GREY.astype(np.int32), "TIFF"))
    np.testing.assert_array_equal(picture.pixels[..., 0], DEEP_GREY)
    assert picture.notices == ()


def test_other_integers_are_stretched_and_said_to_be():
    values = np.array([[-100, 0, 100]], np.int32)
    picture = read(Image.fromarray(values), name="x")
    assert picture.pixels[0, :, 0].tolist() == [0, 32768, 65535]
    assert picture.notices == ("x has values from -100 to 100, which are stretched from black to white",)


def test_fractions_are_taken_as_they_are(grey, saved):
    picture = read(saved(to_float(grey), "TIFF"))
    np.testing.assert_array_equal(picture.pixels[..., 0], grey.astype(np.uint16) * 257)
    assert picture.notices == ()


@pytest.mark.parametrize(
    ("values", "expected"),
    [([[0.0, 1000.0]], [0, 65535]), ([[5.0, 5.0]], [0, 0]), ([[np.nan, 0.5]], [0, 32768]), ([[np.nan]], [0])],
)
def test_odd_floats_do_not_fail(values, expected):
    assert read(Image.fromarray(np.array(values, np.float32))).pixels[0, :, 0].tolist() == expected


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (3, 5)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"])
def test_odd_sizes(saved, kind, size):
    assert read(saved(np.full((*size, 3), 99, np.uint8), kind)).size == size
