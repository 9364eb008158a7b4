"""That the finder of regular patterns finds them, and only them."""

import numpy as np
import pytest
import skimage.data

from .spectrum import pattern

NOISE = 0.1 * np.random.default_rng(0).standard_normal((512, 512, 3))


def test_noise_and_a_photo_have_none():
    assert pattern(NOISE) < 1.3
    for picture in (skimage.data.astronaut(), skimage.data.coffee()):
        assert pattern(picture / 255) < 3


@pytest.mark.parametrize("where", [np.s_[::4], np.s_[:, 1::4], np.s_[::2, ::2], np.s_[1::2, :]])
def test_faint_patterns_are_found(where):
    woven = NOISE.copy()
    woven[where] += 0.05
    assert pattern(woven) > 3
