"""Motion, and strokes that move with it."""

import cv2
import numpy as np
import pytest
import skimage.data

import impasto
from impasto.errors import EngineUnavailable, InvalidOption
from impasto.video import stylize_frames
from impasto.video.motion import Motion, MotionTracker, enlarged
from impasto.video.steady import Movable, _blended

from .conftest import moving


@pytest.mark.parametrize("size", [(66, 98), (240, 320), (333, 501)])
def test_motion_is_found(size):
    scene = skimage.data.astronaut()
    tracker = MotionTracker()
    height, width = size
    assert tracker(scene[20 : 20 + height, 5 : 5 + width]).back is None
    seen = tracker(scene[22 : 22 + height, 8 : 8 + width])
    for motion, way in ((seen.back, 1), (seen.onward, -1)):
        check_motion(motion, size, (3 * way, 2 * way))


def check_motion(motion, size, shift):
    height, width = size
    offsets = enlarged(motion.offsets, size)
    inside = slice(height // 5, -height // 5), slice(width // 5, -width // 5)
    for found, true in zip(offsets, shift, strict=True):
        assert found.shape == size
        assert abs(np.median(found[inside]) - true) < 0.5
    assert motion.trust.min() >= 0
    assert motion.trust.max() <= 1
    assert motion.trust.mean() > 0.6


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("offset", [(0, 0), (3, -2)])
def test_a_painting_moved_by_whole_pixels_is_the_same(dtype, offset):
    picture = (skimage.data.astronaut()[:64, :96].astype(dtype)) * (np.iinfo(dtype).max // 255)
    moved = Movable(picture).moved(np.full((32, 48, 2), offset, np.float32) / 2)[..., :3]
    x, y = offset
    inside = slice(8, -8), slice(8, -8)
    assert (moved[inside] == np.roll(picture, (-y, -x), (0, 1))[inside]).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_two_paintings_mixed_are_as_rich_in_contrast_as_they_are(dtype, share):
    white, noise = np.iinfo(dtype).max, np.random.default_rng(0).standard_normal((2, 120, 160, 4))
    one, other = (white * (0.5 + 0.1 * noise)).astype(dtype)
    weight = np.full((60, 80), 1 - share, np.float32)
    mixed = _blended(one, other, weight, 1 - weight)
    assert mixed.dtype == dtype
    assert abs(mixed.std() / one.std() - 1) < 0.05
    assert abs(mixed.mean() / one.mean() - 1) < 0.01
    flat = (one * (1 - share) + other * share).std()
    assert flat / one.std() < 0.95  # as a mean would be
    same = _blended(one, one.copy(), weight, 1 - weight)
    np.testing.assert_allclose(same, one, rtol=0, atol=white // 16384)


def test_what_is_too_wide_to_be_moved_is_said():
    strip = np.zeros((2, 16_384, 3), np.uint8)
    assert Movable(strip[:, 1:]).moved(np.zeros((1, 160, 2), np.float32)).shape == (2, 16_383, 4)
    with pytest.raises(InvalidOption, match="16383 px a side"):
        Movable(strip)


def shifted(picture, offset):
    """Return a picture, (H, W, 3), moved to the left as waves move: exactly, but for its borders."""
    waves = np.fft.fft(picture.astype(float), axis=1) * np.exp(
        2j * np.pi * offset * np.fft.fftfreq(picture.shape[1])[None, :, None]
    )
    return np.fft.ifft(waves, axis=1).real


def test_paintings_moved_by_parts_of_a_pixel_are_nearer_to_what_they_should_be_than_by_bicubic_interpolation():
    picture = cv2.resize(skimage.data.astronaut(), (160, 160), interpolation=cv2.INTER_AREA)
    flags, inside, apart = cv2.INTER_CUBIC | cv2.WARP_RELATIVE_MAP, slice(20, -20), []
    for offset in np.arange(1, 8) / 8:
        offsets = np.dstack([np.full((160, 160), offset, np.float32), np.zeros((160, 160), np.float32)])
        bicubic = cv2.remap(picture, offsets, None, flags, borderMode=cv2.BORDER_REPLICATE)
        true, moved = shifted(picture, offset), Movable(picture).moved(offsets)[..., :3]
        apart.append([np.square(each[inside, inside] - true[inside, inside]).mean() for each in (moved, bicubic)])
    ours, theirs = np.mean(apart, axis=0)
    assert ours < 0.9 * theirs


def test_nothing_moves_in_a_still_scene():
    tracker, frame = MotionTracker(), moving(1)[0]
    tracker(frame)
    seen = tracker(frame)
    for motion in (seen.back, seen.onward):
        assert (motion.offsets == 0).all()
        assert (motion.trust == 1).all()


def test_a_cut_begins_anew():
    tracker = MotionTracker()
    tracker(skimage.data.astronaut()[:240, :320])
    assert tracker(skimage.data.coffee()[:240, :320]).back is None
    assert tracker(skimage.data.coffee()[:200, :320]).back is None  # and so does another size
    assert tracker(skimage.data.coffee()[:400, :640]).back is None  # and one that is seen at the same size


@pytest.mark.parametrize("jump", [3, 100])
def test_a_jump_within_a_scene_begins_anew_and_motion_does_not(jump):
    still, moves = skimage.data.astronaut()[100:340, 100:260], skimage.data.coffee()
    tracker = MotionTracker()
    for place in range(0, 24, 3):
        seen = tracker(np.hstack([still, moves[30:270, place : place + 160]]))
        assert (seen.back is None) == (place == 0)
    assert tracker(np.hstack([still, moves[30:270, 21:181]])).back is not None  # the same once more
    after = tracker(np.hstack([still, moves[30:270, 21 + jump : 181 + jump]]))
    assert (after.back is None) == (jump == 100)


def test_what_lies_within_the_other_frame():
    motion = Motion(np.full((20, 30, 2), (-8, 0), np.float32), np.ones((20, 30), np.float32))
    within = motion.within
    assert within.dtype == bool
    assert (within == (np.arange(30) >= 6)).all()
    assert Motion.none((20, 30)).within.all()


def test_a_still_scene_stays_still(dots):
    frame = moving(1)[0]
    painted = list(stylize_frames((frame for _ in range(300)), dots))
    assert len(painted) == 300
    assert max(np.abs(each.astype(int) - painted[0]).max() for each in painted) <= 1


def test_frames_from_anywhere(dots, tmp_path):
    from PIL import Image

    frames = moving(3)
    Image.fromarray(frames[2]).save(tmp_path / "third.png")
    sources = [frames[0], Image.fromarray(frames[1]), tmp_path / "third.png"]
    painted = list(impasto.video.stylize_frames(iter(sources), dots))
    expected = list(stylize_frames(frames, dots))
    assert all((one == other).all() for one, other in zip(painted, expected, strict=True))
    assert {each.shape for each in painted} == {(66, 98, 3)}


def test_one_frame_at_a_time(dots):
    asked = []

    def frames():
        for number, frame in enumerate(moving(3)):
            asked.append(number)
            yield frame

    painted = stylize_frames(frames(), dots)
    assert asked == []
    next(painted)
    assert asked == [0]


def test_frame_by_frame_each_is_as_a_photo(dots):
    paint, frames = impasto.load(dots), moving(3)
    for frame, painted in zip(frames, stylize_frames(frames, dots, steady=False), strict=True):
        assert np.abs(painted.astype(int) - paint(frame)).max() <= 3  # films have a form for their size: rounding


def test_a_film_is_painted_by_what_is_made_for_its_size(dots):
    stylizer, faint = (impasto.load(dots, strength=strength) for strength in (1.0, 0.0))
    for painter in (stylizer, faint):
        assert len(list(stylize_frames(moving(2), painter))) == 2
    assert len(stylizer.session.engine.compiled.own) == 1
    assert not faint.session.engine.compiled.own


def test_a_stylizer_has_its_options(stylizer):
    assert len(list(stylize_frames(moving(1), stylizer))) == 1
    with pytest.raises(impasto.ImpastoError, match="strength"):
        next(stylize_frames(moving(1), stylizer, strength=0.5))


def test_without_opencv_it_is_said(dots, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(EngineUnavailable, match=r"impasto\[video\]"):
        next(stylize_frames(moving(1), dots))
    assert len(list(stylize_frames(moving(2), dots, steady=False))) == 2
