import numpy as np
import pytest
import torch

from impasto.errors import InvalidOption, UnreadablePicture
from impasto.image import palette_of, read
from impasto.model import signature_distance
from impasto.model.style import PALETTE_SHAPE, SIGNATURE_SHAPE
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.paintings import load_painting, load_picture, sketch_painting
from training.samples import SmallEyes


def noise(height, width, channels=3):
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)


def test_a_picture_is_scaled_to_its_long_side_in_rgb_from_0_to_1(save):
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[...] = (255, 51, 0)
    loaded = load_picture(str(save("red.png", pixels)), 80)
    assert loaded.shape == (1, 3, 40, 80)
    assert loaded.dtype == torch.float32
    assert torch.allclose(loaded[0, :, 7, 9], torch.tensor([1.0, 0.2, 0.0]))


def test_what_is_transparent_lies_on_white(save):
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[:, 20:, 3] = 255
    loaded = load_picture(str(save("half.png", pixels)), 40)
    assert (loaded[..., :20] == 1).all()
    assert (loaded[..., 20:] == 0).all()


def test_a_grey_picture_of_16_bits_is_a_picture(save):
    loaded = load_picture(str(save("wide.png", np.full((40, 50), 32768, np.uint16))), 50)
    assert loaded.mean().item() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_a_file_that_is_no_picture_is_named(save, content):
    path = save("broken.jpg", content)
    with pytest.raises(UnreadablePicture, match=r"broken\.jpg"):
        load_painting(str(path), 64)


def test_a_narrow_painting_is_refused_with_its_size(save):
    path = save("scroll.png", noise(700, 70))
    with pytest.raises(
        InvalidOption, match=r"scroll\.png: this painting is only 26 px narrow at --style-size 256, less than 32"
    ):
        load_painting(str(path), 256)
    assert load_painting(str(path), 512).shape == (1, 3, 512, 51)


@pytest.mark.parametrize("size", [(63, 200), (200, 63), (1, 1)])
def test_a_small_painting_is_refused_with_its_size(save, size):
    path = save("stamp.png", noise(*size))
    words = rf"stamp\.png: this painting has only {size[1]} x {size[0]} px, .* at least 64 each way"
    with pytest.raises(InvalidOption, match=words):
        load_painting(str(path), 512)


def test_the_smallest_painting_is_64_px_in_its_file_whatever_it_is_scaled_to(save):
    path = save("square.png", noise(64, 64))
    for long_side in (64, 512):
        assert load_painting(str(path), long_side).shape == (1, 3, long_side, long_side)


def test_a_sketch_has_the_paintings_colours_and_is_its_own(save):
    paths = [str(save("noise.png", noise(80, 96))), str(save("dark.png", noise(80, 96) // 4))]
    sketches = [sketch_painting(path, PerceptualCriterion(SmallEyes())) for path in paths]
    for path, found in zip(paths, sketches, strict=True):
        np.testing.assert_allclose(found.palette, palette_of(read(path).pixels), atol=2e-2)
        assert (found.palette.shape, found.palette.dtype) == (PALETTE_SHAPE, np.float32)
        assert (found.signature.shape, found.signature.dtype) == (SIGNATURE_SHAPE, np.float32)
    own, other = (found.signature for found in sketches)
    assert signature_distance(own, own) == 0
    assert signature_distance(other, own) > 0.1
    assert sketch_painting(paths[0], None).signature is None
