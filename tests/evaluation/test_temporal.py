import numpy as np
import pytest
import skimage.data
from PIL import Image

import impasto
from impasto.errors import InvalidOption
from impasto.evaluation.temporal import MOTIONS, drift, moving_photo, paint, read_clip, warping_error
from video.conftest import moving, write_film


@pytest.fixture
def astronaut(tmp_path):
    Image.fromarray(skimage.data.astronaut()).save(tmp_path / "astronaut.png")
    return str(tmp_path / "astronaut.png")


@pytest.mark.parametrize("motion", MOTIONS)
def test_along_the_known_motion_a_film_hardly_changes(astronaut, motion):
    clip = moving_photo(astronaut, motion, (96, 128), 6)
    assert len(clip.frames) == 6
    assert len(clip.ways) == 5
    error = warping_error(clip.frames, clip.ways)
    still = [type(way)(*np.mgrid[:96, :128].astype(np.float32)[::-1], np.ones((96, 128), bool)) for way in clip.ways]
    assert error < 0.4 * warping_error(clip.frames, still)
    assert error < 1e-3


def test_the_error_of_noise_is_known(astronaut):
    clip = moving_photo(astronaut, "still", (96, 128), 6)
    noise = np.random.default_rng(0)
    noisy = [np.clip(127 + noise.normal(0, 10, (96, 128, 3)), 0, 255).astype(np.uint8) for _ in clip.frames]
    assert warping_error(noisy, clip.ways) == pytest.approx(2 * (10 / 255) ** 2, rel=0.05)


def test_steady_painting_is_steadier(astronaut):
    clip, stylizer = moving_photo(astronaut, "pan", (96, 128), 8), impasto.load("starry-night", stroke=1.0)
    alone, steady = (warping_error(paint(clip, stylizer, steady=each), clip.ways) for each in (False, True))
    assert steady < 0.7 * alone


def test_a_still_scene_does_not_drift(tiny_model):
    assert drift(moving(1)[0], impasto.load(tiny_model.style("dots")), 20) <= 1


def test_clips_with_estimated_motion(tmp_path):
    file = write_film(tmp_path / "clip.mkv", moving(10, 96, 128), codec="ffv1", pixels="yuv444p")
    clip = read_clip(str(file), 5, 128, begin=2)
    assert (clip.name, len(clip.frames), clip.frames[0].shape) == ("clip", 5, (96, 128, 3))
    assert warping_error(clip.frames, clip.ways) < 2e-3


def test_what_cannot_be_made(astronaut):
    with pytest.raises(InvalidOption, match="too few pixels"):
        moving_photo(astronaut, "pan", (2000, 3000))
    with pytest.raises(InvalidOption, match="motion is one of"):
        moving_photo(astronaut, "jump", (96, 128))
