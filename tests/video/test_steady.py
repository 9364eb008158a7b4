"""Motion, and strokes that move with it."""

import numpy as np
import pytest
import skimage.data

import impasto
from impasto.errors import EngineUnavailable
from impasto.video import stylize_frames
from impasto.video.motion import MotionTracker, enlarged

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
    assert offsets.shape == (*size, 2)
    for found, true in zip(np.moveaxis(offsets[inside], -1, 0), shift, strict=True):
        assert abs(np.median(found) - true) < 0.5
    assert motion.trust.min() >= 0
    assert motion.trust.max() <= 1
    assert motion.trust.mean() > 0.6


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
        assert (painted == paint(frame)).all()


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
