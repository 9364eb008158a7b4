"""Work ahead, times, styles over time and codecs."""

import threading
import time
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import ImpastoError, InvalidOption
from impasto.model import Style
from impasto.video.ahead import ahead
from impasto.video.codecs import DIALS, options_for, pixel_format
from impasto.video.frames import Look, clock
from impasto.video.opening import moment
from impasto.video.timeline import Timeline


def test_items_come_in_order_and_some_are_made_ahead():
    made = []

    def items():
        for number in range(20):
            made.append(number)
            yield number

    results = ahead(items(), 2)
    assert next(results) == 0
    time.sleep(0.3)
    assert 2 <= len(made) <= 5
    assert [*results] == [*range(1, 20)]


def test_what_makes_items_is_closed_and_its_errors_are_raised():
    before, closed = threading.active_count(), []

    def items():
        try:
            yield from range(1000)
        finally:
            closed.append(True)

    results = ahead(ahead(items(), 2), 2)
    next(results)
    results.close()
    assert closed == [True]
    assert threading.active_count() == before

    def failing():
        yield 1
        raise ValueError("broken")

    results = ahead(failing(), 2)
    assert next(results) == 1
    with pytest.raises(ValueError, match="broken"):
        next(results)
    assert threading.active_count() == before


@given(st.integers(0, 10**8))
def test_clocks_are_read_as_they_are_written(thousandths):
    assert moment(clock(Fraction(thousandths, 1000)), "--start") == Fraction(thousandths, 1000)


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("1.5s", 1.5), ("1:30", 90), ("1:00:00.25", 3600.25)])
def test_moments(text, seconds):
    assert moment(text, "--start") == seconds
    assert moment("", "--start") is None


@pytest.mark.parametrize("text", ["-1", "1:2:3:4", "soon", "1/2", ":", "nan", "1e400000"])
def test_what_is_no_moment(text):
    with pytest.raises(InvalidOption, match="--start is a time"):
        moment(text, "--start")


def style(name, value, network="n"):
    return Style(name, np.full(4, value, np.float32), network)


@given(st.fractions(0, 20))
def test_a_timeline_goes_from_style_to_style(at):
    timeline = Timeline([(Fraction(2), style("a", 0)), (Fraction(5), style("b", 3)), (Fraction(9), style("c", 1))])
    (value,) = set(timeline.at(at).vector.tolist())
    assert 0 <= value <= 3
    for seconds, expected in ((2, 0), (3.5, 1.5), (5, 3), (7, 2), (9, 1)):
        if at == Fraction(seconds):
            assert value == pytest.approx(expected)
    assert timeline.at(Fraction(0)).name == "a"
    assert timeline.at(Fraction(7, 2)).name == "a+b"
    assert timeline.at(Fraction(99)).name == "c"


def test_timelines_that_cannot_be():
    with pytest.raises(InvalidOption, match="rising"):
        Timeline([(Fraction(2), style("a", 0)), (Fraction(2), style("b", 3))])
    with pytest.raises(ImpastoError, match="different networks"):
        Timeline([(Fraction(2), style("a", 0)), (Fraction(3), style("b", 3, "other"))])


@pytest.mark.parametrize("codec", DIALS)
def test_quality_goes_from_worst_to_best(codec):
    dial = DIALS[codec]
    values = [float(options_for(codec, quality)[dial.option]) for quality in (1, 50, 100)]
    assert values == sorted(values, reverse=True)
    assert values[2] == dial.best
    assert options_for(codec, None) == options_for(codec, 75)
    assert av.Codec(codec, "w")


@pytest.mark.parametrize(
    ("codec", "own", "size", "chosen"),
    [
        ("libx264", "yuv420p", (64, 64), "yuv420p"),
        ("libx264", "rgb24", (64, 64), "yuv420p"),
        ("libx264", "yuvj420p", (64, 64), "yuv420p"),
        ("libx264", "yuv422p10le", (64, 64), "yuv422p10le"),
        ("libx264", "rgb48le", (64, 64), "yuv420p10le"),
        ("libx264", "yuv420p", (63, 64), "yuv444p"),
        ("libx264", "yuv422p", (63, 64), "yuv422p"),
        ("libvpx-vp9", "yuv420p", (63, 65), "yuv420p"),
        ("mpeg4", "yuv444p", (64, 64), "yuv420p"),
        ("ffv1", "rgb24", (64, 64), "bgr0"),
        ("ffv1", "bgra", (63, 64), "bgr0"),
        ("ffv1", "rgb48le", (64, 64), "gbrp16le"),
        ("png", "rgb24", (64, 64), "rgb24"),
        ("huffyuv", "yuv422p", (64, 64), "yuv422p"),
    ],
)
def test_pixel_formats(codec, own, size, chosen):
    assert pixel_format(av.Codec(codec, "w"), Look(pixel_format=own), size) == chosen
