"""With the real VGG-19, at a quarter of the real size."""

import numpy as np
import pytest
import skimage.data
import torch

from impasto.evaluation import quality
from impasto.evaluation.quality import Measurement, Summary, measure, summarise
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.weights import load_vgg19


@pytest.fixture(scope="module")
def criterion():
    return PerceptualCriterion(load_vgg19())


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(quality, "LONG_SIDE", 128)


@pytest.fixture
def files(save):
    return {name: str(save(f"{name}.png", getattr(skimage.data, name)())) for name in ("astronaut", "coffee", "brick")}


def itself(pixels):
    return pixels


def blurred(pixels):
    return np.full_like(pixels, pixels.mean((0, 1)).astype(np.uint8))


def test_the_photo_itself_has_its_content_and_the_identitys_style(small, criterion, files):
    found = list(measure(criterion, {"coffee": (itself, files["coffee"])}, [files["astronaut"], files["brick"]]))
    assert [(m.photo, m.style) for m in found] == [("astronaut", "coffee"), ("brick", "coffee")]
    for measurement in found:
        assert measurement.content_distance == pytest.approx(0, abs=1e-6)
        assert measurement.style_distance == pytest.approx(measurement.identity_style)
        assert measurement.identity_style > 0.1


def test_the_painting_itself_has_its_style(small, criterion, files):
    (found,) = measure(criterion, {"coffee": (itself, files["coffee"])}, [files["coffee"]])
    assert found.style_distance == pytest.approx(0, abs=1e-5)
    assert found.content_distance == pytest.approx(0, abs=1e-6)


def test_what_loses_the_photo_is_far_from_its_content(small, criterion, files):
    painters = {"blurred": (blurred, files["coffee"]), "itself": (itself, files["coffee"])}
    flat, whole = measure(criterion, painters, [files["astronaut"]])
    assert (flat.style, whole.style) == ("blurred", "itself")
    assert flat.content_distance > 0.5
    assert flat.identity_style == whole.style_distance
    assert flat.style_distance != whole.style_distance


def test_photos_are_scaled_to_a_long_side_of_512(files):
    class Ruler:
        """In place of the criterion: says the sizes that it sees."""

        def __init__(self):
            self.sizes = []

        def style_target(self, painting):
            self.sizes.append(tuple(painting.shape))

        def content_target(self, photo):
            self.sizes.append(tuple(photo.shape))

        def style_distance(self, grams, style):
            return torch.zeros(1)

        def __call__(self, picture, content, style):
            return Nothing()

    class Nothing:
        content = style = torch.zeros(1)

    seen, ruler = [], Ruler()
    list(measure(ruler, {"x": (lambda pixels: seen.append(pixels) or pixels, files["coffee"])}, [files["astronaut"]]))
    assert ruler.sizes == [(1, 3, 341, 512), (1, 3, 512, 512), (1, 3, 512, 512)]
    assert [(pixels.shape, pixels.dtype) for pixels in seen] == [((512, 512, 3), np.uint8)]


def test_medians():
    rows = [Measurement("p", "s", content, style, 1.0) for content, style in ((0.5, 0.3), (0.7, 0.1), (0.9, 0.2))]
    assert summarise(rows) == Summary(content=0.7, style=0.2, total=2.9, identity_style=1.0)
