import io
import struct
import threading
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from impasto.errors import PictureTooLarge, UnreadablePicture
from impasto.image import Picture, encode, read

KINDS = ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width, height):
    """Return a PNG of some bytes that claims to be large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + data


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "GIF"])
def test_frames_after_the_first_are_left_out_and_that_is_said(photo, grey, saved, kind):
    second = Image.fromarray(grey).convert("RGB")
    options = {"lossless": True} if kind == "WEBP" else {}
    data = saved(photo, kind, save_all=True, append_images=[second], **options)
    picture = read(data, name="x.gif")
    assert np.abs(picture.pixels.astype(int) - photo).mean() < 12
    end = "has several pages; the first is used" if kind == "TIFF" else "is animated; its first frame is used"
    assert picture.notices == (f"x.gif {end}",)


def test_the_frame_that_a_caller_went_to_is_the_one_read(photo, grey, saved):
    data = saved(photo, save_all=True, append_images=[Image.fromarray(grey).convert("RGB")])
    with Image.open(io.BytesIO(data)) as image:
        image.seek(1)
        picture = read(image)
    np.testing.assert_array_equal(picture.pixels[..., 0], grey)
    assert picture.notices == ()


def test_a_still_picture_has_no_notice(photo, saved):
    assert all(read(saved(photo, kind)).notices == () for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.001, 0.01, 0.1, 0.5, 0.9])
def test_a_truncated_file_is_refused_in_one_sentence_with_its_name(photo, saved, kind, part):
    data = saved(photo, kind)
    with pytest.raises(UnreadablePicture, match=r"^photo\.x: ") as caught:
        read(data[: max(1, int(len(data) * part))], name="photo.x")
    assert "\n" not in str(caught.value)
    assert caught.value.name == "photo.x"


def test_an_empty_file(tmp_path):
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(UnreadablePicture, match=r"empty\.jpg: the file is empty$"):
        read(tmp_path / "empty.jpg")


@pytest.mark.parametrize("data", [b"hello, this is text\n" * 50, b"\0" * 5000, b"%PDF-1.7 ", b"%!PS-Adobe-3.0 EPSF"])
def test_what_is_no_picture_names_the_known_formats(data):
    with pytest.raises(UnreadablePicture, match="JPEG, PNG, WebP, TIFF, BMP or GIF"):
        read(data)


def test_a_bomb_is_refused_by_its_header():
    with pytest.raises(PictureTooLarge) as caught:
        read(bomb(60000, 40000), name="bomb.png")
    assert str(caught.value) == (
        "bomb.png: the picture has 2,400 megapixels (60000 x 40000), the limit is 500; "
        "--max-pixels 2400000000 would allow it"
    )


def test_a_raised_limit_is_not_capped_by_pillows_own(monkeypatch, photo, saved):
    files = [saved(photo, kind) for kind in KINDS if kind != "WEBP"]
    exif = Image.Exif()
    exif[0x0112] = 6
    files += [saved(photo, "TIFF", compression=kind, exif=exif) for kind in (None, "tiff_lzw", "tiff_deflate")]
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 101)
    monkeypatch.setattr("impasto.image.picture.STRIP_PIXELS", 101)
    assert {read(data).size for data in files} == {(101, 77), (77, 101)}


def test_what_pillow_still_refuses_is_called_too_large(monkeypatch, photo, saved):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    data = saved(photo, "WEBP")
    if not hasattr(__import__("PIL.WebPImagePlugin").WebPImagePlugin, "_get_size"):
        pytest.skip("this Pillow has no check in WebP")
    with pytest.raises(PictureTooLarge, match="use PNG"):
        read(data)


def test_the_limit_is_exact(photo, saved):
    data = saved(photo)
    assert read(data, max_pixels=101 * 77).size == (101, 77)
    with pytest.raises(PictureTooLarge, match="--max-pixels 7777"):
        read(data, max_pixels=101 * 77 - 1)


def test_no_setting_of_the_process_is_changed(photo, saved):
    before = Image.MAX_IMAGE_PIXELS, list(warnings.filters)
    read(saved(photo), max_pixels=1 << 40)
    assert (Image.MAX_IMAGE_PIXELS, list(warnings.filters)) == before


def test_threads_read_at_the_same_time_and_leave_the_filters_alone(photo, saved):
    data, results, before = saved(photo, "TIFF"), [], list(warnings.filters)
    threads = [threading.Thread(target=lambda: results.append(read(data).pixels)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 16
    assert all(np.array_equal(result, photo) for result in results)
    assert list(warnings.filters) == before


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"GIF89a", b"II*\0"]),
)
@settings(max_examples=150, deadline=None)
def test_random_bytes_raise_only_errors_about_the_picture(data, start):
    _read_quietly(start + data)


SEEDS = {}


def seed(kind):
    """Return a small file with everything in it: EXIF, a palette or colours, several strips."""
    if kind not in SEEDS:
        pixels = (np.indices((9, 14, 3)).sum(0) * 9 % 256).astype(np.uint8)
        exif = Image.Exif()
        exif[0x0112] = 6
        exif[0x010F] = "Obscura"
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, kind, exif=exif)
        SEEDS[kind] = buffer.getvalue()
    return SEEDS[kind]


@given(st.sampled_from(KINDS), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8))
@settings(max_examples=300, deadline=None)
def test_damaged_files_are_read_or_refused(kind, damage):
    data = bytearray(seed(kind))
    for place, value in damage:
        data[int(place * (len(data) - 1))] = value
    _read_quietly(bytes(data))


def _read_quietly(data):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            picture = read(data, max_pixels=1_000_000)
        except (UnreadablePicture, PictureTooLarge):
            return
    assert picture.pixels.size > 0


@given(
    st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(
        lambda size: st.binary(min_size=size[0] * size[1] * 4, max_size=size[0] * size[1] * 4).map(
            lambda data: np.frombuffer(data, np.uint8).reshape(*size, 4)
        )
    ),
    st.sampled_from(["png", "tiff"]),
)
@settings(max_examples=60, deadline=None)
def test_lossless_formats_give_back_every_pixel(values, kind):
    picture = read(encode(Picture(values[..., :3], values[..., 3]), kind))
    np.testing.assert_array_equal(picture.pixels, values[..., :3])
    np.testing.assert_array_equal(picture.alpha, values[..., 3])
