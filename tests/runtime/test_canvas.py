"""Strokes of a size that belongs to the picture: the sizes at which it is painted, and what comes of them."""

import math
from itertools import pairwise

import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st

from impasto.image import resample, to_float, to_integers
from impasto.runtime.canvas import _detailed, canvas_sizes, paint_at

PERIOD = 12
"""px of a stroke of the painters here."""

sides = st.integers(1, 20_000)
strokes = st.floats(0, 1)


def length(size):
    return math.sqrt(size[0] * size[1])


def stripes(height, width):
    across = np.sin(2 * np.pi * (np.arange(width) + 0.5) / PERIOD)
    return np.broadcast_to(np.float32(across)[None, :, None], (height, width, 3))


def striped(pixels):
    """Paint stripes of a fixed period, as networks paint strokes of a fixed size."""
    return (pixels + 0.2 * stripes(*pixels.shape[:2])).astype(np.float32)


def painted_at(stroke, pixels, paint, rows=None):
    """Return the painting of floats in [0, 1], by a painter of such, that comes in strips of so many rows."""

    def strips(integers):
        painting = paint(to_float(integers))
        step = rows or len(painting)
        return (painting[first : first + step] for first in range(0, len(painting), step))

    return np.concatenate(list(paint_at(stroke, to_integers(pixels, np.uint16), strips)))


def psnr(one, other):
    return -10 * math.log10(float(np.square(one - other).mean()) + 1e-12)


@pytest.fixture(scope="module")
def scene():
    """Return an astronaut, (512, 512, 3) float32 in [0, 1]."""
    return np.float32(skimage.data.astronaut()) / 255


@given(sides, sides, strokes)
def test_sizes_rise_to_the_pictures_own(height, width, stroke):
    sizes = canvas_sizes((height, width), stroke)
    assert sizes[-1] == (height, width) or (len(sizes) == 1 and length(sizes[0]) > length((height, width)))
    for size, following in pairwise(sizes):
        assert max(size) < max(following)
        assert min(size) <= min(following)
        assert length(following) < 3.8 * length(size)  # so that each has room for the detail that the last has not


@given(sides, sides, strokes)
def test_sizes_keep_the_proportions_to_a_pixel(height, width, stroke):
    for size in canvas_sizes((height, width), stroke):
        assert min(size) >= 1
        scale = max(size) / max(height, width)
        assert abs(min(size) - min(height, width) * scale) <= 1
        assert (size[0] >= size[1]) is (height >= width) or size[0] == size[1]


@given(sides, sides, strokes, strokes)
def test_larger_strokes_never_begin_on_a_larger_canvas(height, width, one, other):
    first = [canvas_sizes((height, width), stroke)[0] for stroke in sorted((one, other))]
    assert first[0] >= first[1]


@given(st.integers(600, 5000), st.integers(2, 8), strokes)
def test_a_larger_copy_begins_on_the_same_canvas(side, times, stroke):
    canvas = canvas_sizes((2 * side, side), stroke)[0]
    again = canvas_sizes((2 * side * times, side * times), stroke)[0]
    assert abs(canvas[0] / again[0] - 1) < 0.27  # a size that is nearly the canvas takes its place
    if canvas != (2 * side, side):
        assert max(abs(canvas[0] - again[0]), abs(canvas[1] - again[1])) <= 1


@pytest.mark.parametrize(
    ("size", "stroke", "sizes"),
    [
        ((384, 512), 0.5, [(384, 512)]),
        ((512, 512), 0.5, [(512, 512)]),
        ((480, 640), 0.5, [(480, 640)]),
        ((888, 888), 0, [(888, 888)]),
        ((888, 888), 0.5, [(444, 444), (888, 888)]),
        ((888, 888), 1, [(222, 222), (444, 444), (888, 888)]),
        ((100, 100), 1, [(222, 222)]),
        ((1, 1), 0.5, [(444, 444)]),
    ],
)
def test_some_sizes(size, stroke, sizes):
    assert canvas_sizes(size, stroke) == sizes


@pytest.mark.parametrize("size", [(1, 3000), (9, 2500), (700, 3)])
def test_panoramas_lose_no_side(size):
    for stroke in (0, 0.5, 1):
        assert canvas_sizes(size, stroke)[-1] == size or length(size) < 888
        painted = painted_at(stroke, np.full((*size, 3), 0.5, np.float32), lambda pixels: pixels)
        assert painted.shape == (*size, 3)
        assert np.abs(painted - 0.5).max() < 1e-5


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (101, 77), (300, 500)])
@pytest.mark.parametrize("stroke", [0, 0.5, 1])
def test_painters_get_pictures_of_these_sizes_in_0_to_1(size, stroke):
    seen = []

    def paint(pixels):
        seen.append(pixels.shape[:2])
        assert pixels.dtype == np.float32
        assert pixels.min() >= 0
        assert pixels.max() <= 1
        return np.float32(2) * pixels - np.float32(0.5)

    hard = np.random.default_rng(0).integers(0, 2, (*size, 3)).astype(np.float32)  # which resampling overshoots
    painted = painted_at(stroke, hard, paint)
    assert seen == canvas_sizes(size, stroke)
    assert painted.shape == (*size, 3)
    assert painted.dtype == np.float32
    assert np.isfinite(painted).all()
    assert -1.5 < painted.min() <= painted.max() < 2.5


def test_a_picture_of_nearly_the_canvas_is_painted_as_it_is(scene):
    calls = []

    def paint(pixels):
        calls.append(pixels)
        return striped(pixels)

    painted = painted_at(0.5, scene, paint)
    assert len(calls) == 1
    np.testing.assert_allclose(calls[0], scene, atol=1e-5)
    np.testing.assert_array_equal(painted, striped(calls[0]))


@pytest.mark.parametrize("stroke", [0, 0.4, 0.7, 1])
def test_a_painter_that_changes_nothing_gives_the_photo(scene, stroke):
    for side in (512, 160):  # larger and smaller than its canvas
        photo = np.clip(resample(scene, (side, side)), 0, 1)
        assert psnr(painted_at(stroke, photo, lambda pixels: pixels), photo) > 38


@pytest.mark.parametrize("rows", [1, 7, 100])
@pytest.mark.parametrize(
    ("size", "smaller"),
    [
        ((500, 300), (200, 120)),
        ((733, 41), (300, 17)),
        ((90, 60), (40, 27)),
        ((9, 300), (4, 133)),
        ((64, 64), (33, 33)),
    ],
)
def test_strips_get_the_detail_that_the_whole_would_have(rows, size, smaller):
    chance = np.random.default_rng(0)
    fine, coarse = (chance.random((*each, 3), np.float32) for each in (size, smaller))
    whole = fine + resample(coarse - resample(fine, smaller), size)
    strips = (fine[first : first + rows] for first in range(0, size[0], rows))
    np.testing.assert_allclose(np.concatenate(list(_detailed(coarse, strips, size))), whole, atol=1e-5)


def test_only_a_few_rows_wait_for_those_below():
    given = 0

    def strips():
        nonlocal given
        for _ in range(100):
            given += 10
            yield np.zeros((10, 50, 3), np.float32)

    done = 0
    for strip in _detailed(np.zeros((400, 20, 3), np.float32), strips(), (1000, 50)):
        done += len(strip)
        assert given - done < 40
    assert done == 1000


@pytest.mark.parametrize("times", [2, 4])
def test_a_large_painting_scaled_down_is_the_small_one(scene, times):
    small = np.clip(resample(scene, (444, 444)), 0, 1)
    large = np.clip(resample(scene, (444 * times, 444 * times)), 0, 1)
    preview, final = painted_at(1, small, striped), painted_at(1, large, striped)
    assert psnr(resample(final, (444, 444)), preview) > 35
    assert psnr(resample(striped(large), (444, 444)), preview) < 20  # as it would be without canvases


def test_the_same_stroke_at_512_and_2048_px_agrees_in_what_both_have_room_for(scene):
    """Their second canvases differ, so finer detail may; the strokes themselves may not."""
    large = np.clip(resample(scene, (2048, 2048)), 0, 1)
    preview, final = (resample(painted_at(1, photo, striped), (210, 210)) for photo in (scene, large))
    assert psnr(final, preview) > 35
    naive = [resample(striped(photo), (210, 210)) for photo in (scene, large)]
    assert psnr(*naive) < 25


def test_larger_strokes_are_of_lower_frequency():
    grey = np.full((300, 600, 3), 0.5, np.float32)
    grey = np.concatenate([grey, grey])  # 600 x 600: canvases are larger, nearly equal, and smaller
    cycles = [dominant(painted_at(stroke, grey, striped)) for stroke in (0, 0.25, 0.5, 0.75, 1)]
    assert cycles == sorted(set(cycles), reverse=True)
    assert cycles[0] / cycles[-1] == pytest.approx(4, rel=0.05)


def dominant(painting):
    """Return the strongest number of cycles across a painting's width."""
    row = painting[..., 1].mean(0)
    spectrum = np.abs(np.fft.rfft(row - row.mean()))
    return int(spectrum.argmax())
