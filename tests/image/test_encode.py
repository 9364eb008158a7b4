import io

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin

from impasto.errors import InvalidOption
from impasto.image import Picture, encode, format_of, read


@pytest.mark.parametrize("kind", ["png", "tiff", "bmp"])
def test_lossless_formats_keep_every_pixel(photo, kind):
    np.testing.assert_array_equal(read(encode(Picture(photo), kind)).pixels, photo)


@pytest.mark.parametrize(("kind", "error"), [("jpeg", 4), ("webp", 5)])
def test_lossy_formats_are_near(photo, kind, error):
    difference = read(encode(Picture(photo), kind)).pixels.astype(int) - photo
    assert np.abs(difference).mean() < error


def test_quality_matters(photo):
    for kind in ("jpeg", "webp"):
        assert len(encode(Picture(photo), kind, quality=30)) < len(encode(Picture(photo), kind)) / 2


def test_jpeg_has_full_resolution_colour(photo):
    image = Image.open(io.BytesIO(encode(Picture(photo), "jpeg")))
    assert JpegImagePlugin.get_sampling(image) == 0


@pytest.mark.parametrize("kind", ["png", "tiff", "webp"])
def test_alpha_is_kept(photo, soft_alpha, kind):
    np.testing.assert_array_equal(read(encode(Picture(photo, soft_alpha), kind)).alpha, soft_alpha)


@pytest.mark.parametrize("kind", ["jpeg", "bmp"])
def test_without_alpha_the_picture_lies_on_white(photo, soft_alpha, kind):
    picture = read(encode(Picture(photo, soft_alpha), kind))
    share = soft_alpha[..., None] / 255
    assert picture.alpha is None
    assert np.abs(picture.pixels - (photo * share + 255 * (1 - share))).mean() < 3


def test_16_bits_are_rounded_to_8():
    deep = np.array([[[0, 128, 129], [65535, 65406, 300]]], np.uint16)
    picture = read(encode(Picture(deep, np.array([[65535, 129]], np.uint16)), "png"))
    assert picture.pixels.tolist() == [[[0, 0, 1], [255, 254, 1]]]
    assert picture.alpha.tolist() == [[255, 1]]


def test_rows_that_are_views_are_written_right(photo):
    turned = np.rot90(photo)[:, ::-1]
    np.testing.assert_array_equal(read(encode(Picture(turned), "png")).pixels, turned)


@pytest.mark.parametrize("name", ["jpg", ".JPG", "JPEG", "Jpeg", "png", "WebP", "tif", "TIFF", ".bmp"])
def test_formats_have_many_names(photo, name):
    assert read(encode(Picture(photo), name)).size == (101, 77)


@pytest.mark.parametrize("name", ["gif", "", "xyz", "p n g"])
def test_an_unknown_format_names_the_possible_ones(photo, name):
    with pytest.raises(InvalidOption, match=r"\.jpg, \.jpeg, \.png"):
        encode(Picture(photo), name)


@pytest.mark.parametrize("quality", [0, 101, -5])
def test_quality_is_1_to_100(photo, quality):
    with pytest.raises(InvalidOption, match="1 to 100"):
        encode(Picture(photo), "jpeg", quality)


@pytest.mark.parametrize(("kind", "limit"), [("jpeg", 65500), ("webp", 16383)])
def test_a_picture_longer_than_the_format_allows(kind, limit):
    strip = np.zeros((1, limit + 1, 3), np.uint8)
    with pytest.raises(InvalidOption, match=f"{limit} pixels a side.*use PNG or TIFF"):
        encode(Picture(strip), kind)
    assert read(encode(Picture(strip[:, 1:]), kind)).size == (1, limit)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.jpg", "JPEG"),
        ("A.JPEG", "JPEG"),
        ("a.b.png", "PNG"),
        ("dir.png/a.webp", "WEBP"),
        ("a.TIF", "TIFF"),
    ],
)
def test_the_ending_says_the_format(name, kind):
    assert format_of(name) == kind


@pytest.mark.parametrize("name", ["a.gif", "a", "dir.png/a", "a.png ", ".png"])
def test_an_unknown_ending_names_the_possible_ones(name):
    with pytest.raises(InvalidOption, match=r"\.webp, \.tif, \.tiff, \.bmp"):
        format_of(name)


def test_the_same_picture_gives_the_same_bytes(photo):
    for kind in ("jpeg", "png", "webp", "tiff", "bmp"):
        assert encode(Picture(photo), kind) == encode(Picture(photo), kind)
