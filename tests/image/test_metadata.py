import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from impasto.image import Picture, encode, read

EXIF, GPS = ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo


def camera(orientation=1):
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Obscura"
    exif[ExifTags.Base.Orientation] = orientation
    exif[EXIF] = {
        ExifTags.Base.ExposureTime: 0.5,
        ExifTags.Base.ExifImageWidth: 9,
        ExifTags.Base.ColorSpace: 65535,
    }
    exif[GPS] = {1: "N"}
    return exif.tobytes()


def parsed(data):
    exif = Image.Exif()
    exif.load(data)
    return exif


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_and_alpha_are_turned_upright(photo, soft_alpha, saved, kind, orientation):
    stored = Image.fromarray(np.dstack([photo, soft_alpha]))
    picture = read(saved(stored, kind, exif=camera(orientation)))

    stored.getexif()[ExifTags.Base.Orientation] = orientation
    expected = np.asarray(ImageOps.exif_transpose(stored))
    np.testing.assert_array_equal(picture.pixels, expected[..., :3])
    np.testing.assert_array_equal(picture.alpha, expected[..., 3])
    assert ExifTags.Base.Orientation not in parsed(picture.exif)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_jpegs_are_turned_as_pillow_turns_them(photo, saved, orientation):
    data = saved(photo, "JPEG", exif=camera(orientation))
    plain = Image.fromarray(read(saved(photo, "JPEG")).pixels)
    plain.getexif()[ExifTags.Base.Orientation] = orientation
    np.testing.assert_array_equal(read(data).pixels, np.asarray(ImageOps.exif_transpose(plain)))


def test_strips_are_turned_as_the_whole(saved, monkeypatch, photo):
    whole = read(saved(photo, exif=camera(6)))
    monkeypatch.setattr("impasto.image.picture.STRIP_PIXELS", 500)
    np.testing.assert_array_equal(read(saved(photo, exif=camera(6))).pixels, whole.pixels)


@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("target", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_goes_from_every_format_into_every_format(photo, saved, source, target):
    picture = read(saved(photo, source, exif=camera(6)))
    exif = parsed(read(encode(picture, target)).exif)
    assert exif[ExifTags.Base.Make] == "Obscura"
    assert exif.get_ifd(EXIF)[ExifTags.Base.ExposureTime] == pytest.approx(0.5)
    assert exif.get_ifd(GPS)[1] == "N"
    assert set(exif) == {ExifTags.Base.Make, EXIF, GPS}


def test_what_is_no_longer_true_is_taken_out(photo, saved):
    details = parsed(read(saved(photo, exif=camera(6))).exif).get_ifd(EXIF)
    assert ExifTags.Base.ExifImageWidth not in details
    assert details[ExifTags.Base.ColorSpace] == 1


def test_reading_does_not_change_the_callers_image(photo, saved):
    image = Image.fromarray(photo)
    image.getexif()[ExifTags.Base.Orientation] = 6
    assert read(image).size == (77, 101)
    assert image.getexif()[ExifTags.Base.Orientation] == 6
    assert image.size == (77, 101)


@pytest.mark.parametrize("orientation", [0, 9, 60000])
def test_an_orientation_that_does_not_exist_is_ignored(photo, saved, orientation):
    assert read(saved(photo, exif=camera(orientation))).size == (101, 77)


@pytest.mark.parametrize("damage", [b"Exif\0\0", b"Exif\0\0garbage garbage", None])
def test_damaged_exif_does_not_cost_the_picture(photo, saved, damage):
    damage = damage or camera()[:-30]
    picture = read(saved(photo, exif=damage), name="x.png")
    np.testing.assert_array_equal(picture.pixels, photo)
    assert picture.notices in ((), ("x.png has damaged metadata; what could be read is kept",))


def test_no_exif_stays_none(photo, saved):
    assert all(read(saved(photo, kind)).exif is None for kind in ("JPEG", "PNG", "WEBP", "TIFF", "BMP"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP"])
def test_resolution_is_kept(photo, saved, kind):
    picture = read(saved(photo, kind, dpi=(300, 150)))
    assert read(encode(picture, kind)).dpi == pytest.approx((300, 150), abs=0.1)


def test_no_resolution_is_none(photo, saved):
    assert read(saved(photo, "PNG")).dpi is None
    assert read(saved(photo, "TIFF")).dpi is None


def test_exif_that_a_jpeg_cannot_hold_is_left_out(photo):
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = "long " * 20000
    picture = Picture(photo, exif=exif.tobytes())
    assert read(encode(picture, "JPEG")).exif is None
    assert read(encode(picture, "PNG")).exif == picture.exif
