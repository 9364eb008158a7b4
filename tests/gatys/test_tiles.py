import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from impasto.gatys.features import Eye
from impasto.gatys.tiles import cut, layer_size, margin

LAYERS = ("relu1_1", "relu3_1", "relu4_2", "relu5_1")
sides = st.integers(16, 500)


@given(sides, sides, st.integers(1, 300))
def test_cores_cover_every_feature_of_every_layer_once(height, width, side):
    tiles = cut((height, width), side, LAYERS)
    for layer in LAYERS:
        counted = torch.zeros(layer_size((height, width), layer))
        for tile in tiles:
            rows, columns = tile.place(layer)
            counted[rows, columns] += 1
        assert (counted == 1).all()


@given(sides, sides, st.integers(16, 300))
def test_tiles_are_not_wider_than_asked_but_for_what_is_left_over(height, width, side):
    for tile in cut((height, width), side, LAYERS):
        top, bottom, left, right = tile.core
        assert max(bottom - top, right - left) < side + 16


def test_the_margin_is_what_a_feature_depends_on(vgg):
    reach = margin(LAYERS)
    picture = torch.zeros(1, 3, 16, 2 * reach + 16)
    picture.requires_grad_()
    middle = vgg(picture + 0.5, ["relu5_1"])["relu5_1"][..., reach // 16]
    (gradient,) = torch.autograd.grad(middle.sum(), picture)
    touched = gradient.abs().sum((0, 1, 2)).nonzero().flatten()
    assert 0 < touched.min() < 16  # no more than one stride too wide
    assert touched.max() < 2 * reach + 16


@pytest.mark.parametrize("side", [32, 48, 64])
def test_features_of_tiles_are_those_of_the_whole(vgg, astronaut, side):
    tiled, whole = Eye(vgg, LAYERS, side), Eye(vgg, LAYERS, 1024)
    assert len(tiled.tiles(astronaut)) > 1
    assert len(whole.tiles(astronaut)) == 1
    for layer in LAYERS:
        expected = whole.map(astronaut, layer)
        torch.testing.assert_close(tiled.map(astronaut, layer), expected, rtol=1e-4, atol=1e-3 * float(expected.max()))
