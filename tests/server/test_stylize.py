"""Pictures over HTTP, good ones and bad ones."""

import io
import json
import struct
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import impasto

from .conftest import decoded, encoded, refused, serving


def stylize(client, content, kind="image/png", **query):
    return client.post("/v1/stylize", params=query, content=content, headers={"content-type": kind})


def test_a_picture_in_and_the_same_painting_out_as_from_python(client, png, photo):
    painted, kind = decoded(stylize(client, png, style="starry-night", strength=0.7, stroke=0.2))
    assert kind == "PNG"
    expected = impasto.stylize(photo, "starry-night", strength=0.7, stroke=0.2)
    assert painted.shape == photo.shape
    np.testing.assert_allclose(painted.astype(int), expected.astype(int), atol=1)


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp", "tiff", "bmp"])
def test_formats(client, png, format_):
    response = stylize(client, png, style="udnie", format=format_)
    assert response.headers["content-type"] == f"image/{format_}"
    assert decoded(response)[1] == format_.upper()


@pytest.mark.parametrize(("kind", "expected"), [("JPEG", "JPEG"), ("WEBP", "WEBP"), ("BMP", "BMP"), ("GIF", "PNG")])
def test_without_a_format_the_painting_has_the_photos(client, photo, kind, expected):
    assert decoded(stylize(client, encoded(photo, kind), "", style="udnie"))[1] == expected


def test_a_form_with_fields_beside_the_photo(client, jpeg, png):
    form = {"style": "great-wave:0.6+udnie:0.4", "color": "keep", "size": "120", "model": "fast", "format": "png"}
    painted, _ = decoded(client.post("/v1/stylize", data=form, files={"photo": ("../../x.jpg", jpeg, "image/jpeg")}))
    assert painted.shape == (120, 91, 3)


def test_transparency_and_time_spent_come_back(client, photo):
    alpha = np.dstack([photo, np.tile(np.arange(77, dtype=np.uint8), (101, 1))])
    response = stylize(client, encoded(alpha, "PNG"), style="udnie")
    np.testing.assert_array_equal(decoded(response)[0][..., 3], alpha[..., 3])
    assert [each.split(";")[0] for each in response.headers["server-timing"].split(", ")] == [
        "wait",
        "decode",
        "paint",
        "encode",
    ]


def test_masks_and_regions_are_files_of_the_form(client, png, photo):
    left = np.zeros((101, 77), np.uint8)
    left[:, :30] = 255
    files = {"photo": png, "mask": encoded(left, "PNG")}
    painted, _ = decoded(client.post("/v1/stylize", data={"style": "udnie", "feather": "0"}, files=files))
    np.testing.assert_array_equal(painted[:, 40:], photo[:, 40:])
    assert np.abs(painted[:, :20].astype(int) - photo[:, :20]).mean() > 5
    files = {"photo": png, "/etc/passwd": encoded(left, "PNG")}  # a name, never a path
    named, _ = decoded(
        client.post("/v1/stylize", data={"style": "udnie", "mask": "/etc/passwd", "feather": "0"}, files=files)
    )
    np.testing.assert_allclose(named.astype(int), painted.astype(int), atol=1)
    files = {"photo": png, "sky": encoded(left, "PNG")}
    both, _ = decoded(client.post("/v1/stylize", data={"region": "sky=udnie", "feather": "0"}, files=files))
    np.testing.assert_allclose(both.astype(int), painted.astype(int), atol=1)


def test_notices_come_in_a_header(client, png):
    files = {"photo": png, "mask": encoded(np.full((50, 50), 255, np.uint8), "PNG")}
    response = client.post("/v1/stylize", data={"style": "udnie"}, files=files)
    (notice,) = json.loads(response.headers["impasto-notices"])
    assert "mask" in notice or "50" in notice


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({}, ["name a style"]),
        ({"style": ""}, ["name a style"]),
        ({"style": "starry-nite"}, ["van-gogh-starry-night"]),
        ({"style": "udnie:x"}, ["'x' is not a number"]),
        ({"style": "random:x"}, ["whole number"]),
        ({"style": "udnie+" * 200 + "udnie"}, ["too long"]),
        ({"style": "udnie", "strength": "2"}, ["strength must be between 0 and 1"]),
        ({"style": "udnie", "strenght": "1"}, ["'strength'"]),
        ({"style": "udnie", "max_pixels": "1"}, ["no field"]),
        ({"style": "udnie", "color": "blue"}, ["style, keep, palette"]),
        ({"style": "udnie", "format": "exe"}, ["jpeg"]),
        ({"style": "udnie", "quality": "101"}, ["quality"]),
        ({"style": "udnie", "model": "/etc/passwd"}, ["main, fast"]),
        ({"style": "udnie", "mask": "/etc/passwd"}, ["there is no mask"]),
        ({"style": "udnie", "mask": "alpha"}, ["no alpha channel"]),
        ({"style": "udnie", "region": "sky"}, ["MASK=STYLE"]),
        ({"style": "udnie", "region": "sky=udnie"}, ["there is no mask 'sky'"]),
    ],
)
def test_fields_that_do_not_fit(client, png, query, words):
    response = stylize(client, png, **query)
    assert response.status_code == 422
    refused(response, 422, response.json()["error"]["type"], *words)


@pytest.mark.parametrize(
    "style",
    ["/etc/passwd", "../x.style", "x.style", "photo.jpg", "C:\\x.onnx", "a\0b", "udnie+/tmp/x.style:2", "~/x.png"],
)
def test_files_of_the_server_are_no_styles(client, png, style):
    refused(stylize(client, png, style=style), 422, "InvalidOption", "files of the server")


@pytest.mark.parametrize(
    "content", [b"", b"Dear diary,", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"%PDF-1.4", b"\0" * 5000]
)
def test_files_that_are_no_pictures(client, content):
    refused(stylize(client, content, style="udnie"), 422, "UnreadablePicture", "photo: ")


def test_a_truncated_picture(client, jpeg):
    refused(stylize(client, jpeg[: len(jpeg) // 2], style="udnie"), 422, "UnreadablePicture", "truncated")


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 3000), byte=st.binary(min_size=1, max_size=4))
def test_damaged_pictures_are_painted_or_refused(client, jpeg, at, byte):
    response = stylize(client, jpeg[:at] + byte + jpeg[at + len(byte) :], style="udnie", size=16, model="fast")
    assert response.status_code in (200, 413, 422)


def bomb(width, height):
    """Return a PNG of some kilobytes that says it has so many black pixels."""
    rows = zlib.compress(b"\0" * 10_000_000, 9)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", rows), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("size", [(100_000, 100_000), (600, 501), (2**31 - 1, 2**31 - 1)])
def test_bombs_are_refused_before_they_are_decoded(client, size):
    response = stylize(client, bomb(*size), style="udnie")
    refused(response, 413, "PictureTooLarge", "megapixels")


@pytest.mark.parametrize("query", [{"style": "udnie"}, {"region": "mask=udnie"}])
def test_masks_may_be_bombs_too(client, png, query):
    files = {"photo": png, "mask": bomb(100_000, 4000)}
    refused(client.post("/v1/stylize", params=query, files=files), 413, "PictureTooLarge", "mask", "megapixels")


def test_a_painting_may_have_no_more_pixels_than_a_photo(client, png):
    refused(stylize(client, png, style="udnie", size=100_000), 413, "PictureTooLarge", "size would make it")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/json", "application/x-www-form-urlencoded", "text/html; x=y"]
)
def test_wrong_content_types(client, png, kind):
    refused(stylize(client, png, kind, style="udnie"), 415, "WrongContentType", "multipart/form-data")


def test_forms_that_cannot_be_read(client, png):
    refused(stylize(client, png, "multipart/form-data", style="udnie"), 400, "BadForm", "boundary")
    refused(stylize(client, png, "multipart/form-data; boundary=x", style="udnie"), 400, "BadForm")
    many = [("photo", png)] * 17
    refused(client.post("/v1/stylize", params={"style": "udnie"}, files=many), 400, "BadForm", "many files")
    long = {"style": "x" * 5000}
    refused(client.post("/v1/stylize", data=long, files={"photo": png}), 400, "BadForm", "size")


def test_files_that_are_missing_too_many_or_of_no_use(client, png):
    def sent(files):
        return client.post("/v1/stylize", params={"style": "udnie"}, files=files)

    refused(sent({"x": png}), 422, "InvalidOption", "there is no photo")
    refused(sent([("photo", png), ("photo", png)]), 422, "InvalidOption", "2 times")
    refused(sent({"photo": png, "x": png}), 422, "InvalidOption", "'x' is not used")
    refused(sent({"photo": png, "mask": b"Dear diary,"}), 422, "UnreadablePicture")


def test_too_many_bytes(client):
    big = encoded(np.random.default_rng(0).integers(0, 256, (900, 900, 3), np.uint8), "PNG")
    assert len(big) > 2 << 20
    refused(stylize(client, big, style="udnie"), 413, "TooLarge", "2 MB")

    def pieces():
        yield from (big[at : at + 65536] for at in range(0, len(big), 65536))

    refused(stylize(client, pieces(), style="udnie"), 413, "TooLarge", "2 MB")


def test_nothing_is_left_of_requests(tmp_path, png):
    with serving(folder=str(tmp_path)) as client:
        decoded(client.post("/v1/stylize", data={"style": "udnie"}, files={"photo": ("../../../x.png", png)}))
        assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []
    assert list(tmp_path.iterdir()) == []


def test_styles_are_listed_with_their_credits(client):
    styles = client.get("/v1/styles").json()
    assert [style["name"] for style in styles] == [style.name for style in impasto.styles()]
    assert all(style["artist"] and style["title"] and not style["learned"] for style in styles)


def test_the_description_and_the_page_hold_every_option(client):
    described = client.get("/openapi.json").json()
    stylized = described["paths"]["/v1/stylize"]["post"]
    fields = {each["name"]: each["schema"] for each in stylized["parameters"]}
    assert fields["strength"]["maximum"] == 1
    assert fields["color"]["enum"] == ["style", "keep", "palette"]
    assert "max_pixels" not in fields
    assert set(stylized["requestBody"]["content"]) == {"multipart/form-data", "image/*"}
    page = client.get("/", follow_redirects=True)
    assert page.headers["content-type"].startswith("text/html")
    assert "http" not in page.text.replace("<!doctype html>", "")  # nothing from elsewhere
    assert all(name in page.text for name in fields)


def test_health_and_metrics(client, png):
    stylize(client, png, style="udnie", size=16)
    client.get("/made-up-name")
    client.request("MADEUP", "/health")
    health = client.get("/health").json()
    assert health["status"] == "ok"
    assert health["engines"]["main"]
    text = client.get("/metrics").text
    assert 'impasto_requests_total{method="POST",path="/v1/stylize",status="200"}' in text
    assert "made-up-name" not in text
    assert "MADEUP" not in text
    assert 'impasto_requests_total{method="other"' in text
    assert "impasto_places_taken 0.0" in text
    assert 'impasto_stage_seconds_count{stage="paint"}' in text


def test_requests_that_there_are_not(client):
    refused(client.get("/v2/stylize"), 404, "NoSuchRequest", "GET /v2/stylize")
    refused(client.get("/v1/stylize"), 405, "NoSuchRequest", "/docs")


def test_exif_is_turned_as_on_the_command_line(client, photo):
    image = Image.fromarray(photo)
    exif = image.getexif()
    exif[274] = 6
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif)
    assert decoded(stylize(client, buffer.getvalue(), style="udnie"))[0].shape == (77, 101, 3)
