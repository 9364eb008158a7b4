"""How colours are coded in painted films."""

import av
import numpy as np
import pytest

from impasto.video import stylize_film

from .conftest import look_into, moving

BT709 = {"color_range": 1, "colorspace": 1, "color_primaries": 1, "color_trc": 1}


def bright(count=4):
    """Return frames of saturated colours, (66, 98, 3) uint8."""
    frame = np.zeros((66, 98, 3), np.uint8)
    frame[:33, :, 1], frame[33:, :, 0], frame[:, 49:, 2] = 255, 255, 255
    return [frame] * count


def close(frame, other):
    """Return whether two frames have the same colours, apart from edges and dither."""
    parts = [(slice(4, 28), slice(4, 44)), (slice(4, 28), slice(54, 94)), (slice(38, 62), slice(4, 44))]
    return all(np.abs(frame[part].mean((0, 1)) - other[part].mean((0, 1))).max() <= 4 for part in parts)


@pytest.mark.parametrize(
    ("codec", "ending"), [("libx264", "mp4"), ("libvpx-vp9", "webm"), ("libx265", "mkv"), ("libsvtav1", "mp4")]
)
@pytest.mark.parametrize("kind", ["pictures", "gif"])
def test_rgb_becomes_what_players_expect_and_says_so(film, dots, save, tmp_path, codec, ending, kind):
    if kind == "gif":
        source = film("in.gif", bright(), codec="gif", pixels="rgb8")
        frame = look_into(source).frames[2]
    else:
        source, frame = tmp_path / "in", bright()[0]
        for number in range(3):
            save(f"in/{number}.png", frame)
    output = tmp_path / f"out.{ending}"
    stylize_film(source, output, dots, strength=0.0, codec=codec, steady=False)
    with av.open(str(output)) as container:
        context = container.streams.video[0].codec_context
        assert {name: getattr(context, name) for name in BT709} == BT709
    assert close(look_into(output).frames[2], frame)


@pytest.mark.parametrize(
    ("codec", "ending", "colorspace"),
    [
        *(("libvpx", "webm", colorspace) for colorspace in (None, 1)),
        *(("mjpeg", "avi", colorspace) for colorspace in (None, 1)),
        *(("libx264rgb", "mkv", colorspace) for colorspace in (None, 1)),
        ("mpeg4", "avi", None),
        ("ffv1", "mkv", None),
    ],
)
def test_codecs_that_mean_one_kind_of_colours(film, dots, save, tmp_path, codec, ending, colorspace):
    if colorspace:
        source = film("in.mkv", bright(), codec="ffv1", color_range=1, colorspace=1)
    else:
        source = tmp_path / "in"
        for number in range(3):
            save(f"in/{number}.png", bright()[0])
    stylize_film(source, tmp_path / f"out.{ending}", dots, strength=0.0, codec=codec, steady=False)
    assert close(look_into(tmp_path / f"out.{ending}").frames[2], bright()[0])


def test_a_grey_film_is_painted_in_colour(film, dots, tmp_path):
    grey = [np.repeat(frame[..., 1:2], 3, axis=2) for frame in moving(3)]
    source = film("grey.mkv", grey, codec="ffv1", pixels="gray")
    for name, codec in (("out.mp4", "libx264"), ("out.mkv", "ffv1")):
        stylize_film(source, tmp_path / name, dots, codec=codec, steady=False)
        frame = look_into(tmp_path / name).frames[1].astype(int)
        assert np.ptp(frame, axis=2).mean() > 5
