"""With the real VGG-19, at a quarter of the real size."""

import sys

import numpy as np
import pytest
import skimage.data

from impasto.errors import EngineUnavailable
from impasto.evaluation.judge import Judge, Pair, palette_distance, structural_similarity
from impasto.image import palette_of
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.weights import load_vgg19


@pytest.fixture(scope="module")
def criterion():
    return PerceptualCriterion(load_vgg19())


@pytest.fixture
def pair(save):
    return Pair(*(str(save(f"{name}.png", getattr(skimage.data, name)())) for name in ("astronaut", "coffee")))


def test_the_photo_and_the_painting_themselves(criterion, pair):
    judge = Judge(criterion, 128)
    photo = judge("itself", pair, judge.photo(pair))
    assert (photo.painter, photo.photo, photo.painting) == ("itself", "astronaut", "coffee")
    assert photo.content == pytest.approx(0, abs=1e-6)
    assert photo.ssim == pytest.approx(1)
    assert photo.palette > 0.1
    assert photo.lpips is None
    same = Pair(pair.painting, pair.painting)
    painting = judge("itself", same, judge.painting(same))
    assert painting.style == pytest.approx(0, abs=1e-5)
    assert painting.palette == pytest.approx(0, abs=1e-4)
    assert photo.style > 0.1


def test_what_is_farther_is_judged_farther(criterion, pair):
    judge = Judge(criterion, 128)
    photo, noise = judge.photo(pair), np.random.default_rng(0).integers(-60, 60, (128, 128, 3))
    slightly = np.clip(photo + noise // 4, 0, 255).astype(np.uint8)
    strongly = np.clip(photo + noise, 0, 255).astype(np.uint8)
    near, far = judge("a", pair, slightly), judge("a", pair, strongly)
    assert 0 < near.content < far.content
    assert 1 > near.ssim > far.ssim > 0


def test_lpips_is_asked_where_it_is_there(criterion, pair):
    judge = Judge(criterion, 64, lambda one, other: float(np.abs(one.astype(int) - other).mean()))
    assert judge("itself", pair, judge.photo(pair)).lpips == 0
    assert judge("white", pair, np.full_like(judge.photo(pair), 255)).lpips > 1


def test_structural_similarity_does_not_see_hue_but_structure():
    photo = skimage.data.astronaut()[::4, ::4]
    assert structural_similarity(photo, photo[::-1]) < 0.5
    grey = np.repeat((skimage.color.rgb2gray(photo) * 255).round().astype(np.uint8)[..., None], 3, 2)
    assert structural_similarity(photo, grey) > 0.99


def test_without_scikit_image_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage.metrics", None)
    with pytest.raises(EngineUnavailable, match=r"pip install 'impasto\[evaluate\]'"):
        structural_similarity(np.zeros((16, 16, 3), np.uint8), np.zeros((16, 16, 3), np.uint8))


def test_palettes_of_one_colour_are_as_far_as_the_colours():
    black, white = (palette_of(np.full((8, 8, 3), value, np.uint8)) for value in (0, 255))
    assert palette_distance(black, white) == pytest.approx(1, abs=1e-3)
    assert palette_distance(white, white) == pytest.approx(0, abs=1e-3)


def test_palettes_are_as_far_as_equally_many_samples_of_them():
    """Along one axis the 2-Wasserstein distance of two normal distributions is that of means and deviations."""
    palette = np.zeros((4, 3), np.float32)
    one, other = palette.copy(), palette.copy()
    one[0, 0], one[1, 0], other[0, 0], other[1, 0] = 0.2, 0.01, 0.6, 0.09
    assert palette_distance(one, other) == pytest.approx(np.hypot(0.4, 0.2), rel=1e-5)
    assert palette_distance(one, other) == pytest.approx(palette_distance(other, one))
