"""The losses, against values worked out by hand and the papers' formulas."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.perceptual import losses

MAP = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 2, 1, 2)  # two channels, two positions
PICTURE = torch.tensor([[0.0, 1.0], [0.5, 0.0]]).reshape(1, 1, 2, 2).repeat(1, 3, 1, 1)

seeds = st.integers(0, 2**31)
factors = st.floats(0.1, 10)


def maps(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_gram_by_hand():
    expected = torch.tensor([[[(1 + 4) / 2, (3 + 8) / 2], [(3 + 8) / 2, (9 + 16) / 2]]])
    torch.testing.assert_close(losses.gram(MAP), expected)


def test_gram_keeps_the_pictures_of_a_batch_apart():
    both = maps(0, 2, 3, 4, 5)
    torch.testing.assert_close(losses.gram(both)[1:], losses.gram(both[1:]))


@given(seeds, st.integers(1, 5), st.integers(1, 6), st.integers(1, 6))
@settings(max_examples=25, deadline=None)
def test_gram_is_symmetric_and_positive_semidefinite(seed, channels, h, w):
    matrix = losses.gram(maps(seed, 2, channels, h, w))
    torch.testing.assert_close(matrix, matrix.mT)
    assert torch.linalg.eigvalsh(matrix.double()).min() > -1e-5


@given(seeds, st.integers(1, 3), st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_gram_does_not_depend_on_size(seed, down, across):
    features = maps(seed, 1, 4, 5, 6)
    torch.testing.assert_close(
        losses.gram(features.repeat(1, 1, down, across)), losses.gram(features), rtol=1e-4, atol=1e-5
    )


def test_gram_is_float32_inside_bfloat16_autocast():
    features = (300 + maps(0, 1, 8, 16, 16)).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        matrix = losses.gram(features)
        assert losses.absolute_gram(features).dtype == torch.float32
    assert matrix.dtype == torch.float32
    flat = features.double().flatten(2)
    torch.testing.assert_close(matrix.double(), flat @ flat.mT / 256, rtol=1e-5, atol=0)


@pytest.mark.parametrize(
    "distance",
    [losses.relative_content, losses.relative_style, losses.absolute_content, losses.absolute_style],
)
def test_distances_are_float32_for_each_of_a_batch_and_0_for_the_target(distance):
    target = maps(0, 3, 4, 4)
    with torch.autocast("cpu", torch.bfloat16):
        value = distance(torch.stack([target[0], target[1] + 1, target[2]]), target)
        assert distance(target.bfloat16(), target).dtype == torch.float32
    assert value.dtype == torch.float32
    assert value.shape == (3,)
    assert value[0] == value[2] == 0
    assert value[1] > 0


@pytest.mark.parametrize("distance", [losses.relative_content, losses.relative_style])
def test_relative_distances_by_hand(distance):
    target = torch.tensor([[[3.0, 4.0]]])
    assert distance(torch.zeros(1, 1, 2), target).item() == 1
    assert distance(torch.tensor([[[3.0, 9.0]]]), target).item() == 1
    assert distance(torch.tensor([[[6.0, 4.0]]]), target).item() == pytest.approx(9 / 25)


@given(seeds, factors)
@settings(max_examples=25, deadline=None)
def test_relative_style_of_a_scaled_gram(seed, factor):
    matrix = losses.gram(maps(seed, 2, 4, 5, 5))
    expected = torch.full((2,), (factor - 1) ** 2)
    torch.testing.assert_close(losses.relative_style(matrix * factor, matrix), expected, rtol=1e-3, atol=1e-6)


@given(seeds, factors)
@settings(max_examples=25, deadline=None)
def test_relative_style_does_not_depend_on_the_scale_of_features(seed, factor):
    ours, target = maps(seed, 1, 4, 5, 5), maps(seed + 1, 1, 4, 5, 5)
    plain = losses.relative_style(losses.gram(ours), losses.gram(target))
    scaled = losses.relative_style(losses.gram(ours * factor), losses.gram(target * factor))
    torch.testing.assert_close(scaled, plain, rtol=1e-3, atol=1e-6)


def test_a_target_of_nothing_gives_finite_distances():
    assert losses.relative_content(torch.zeros(1, 2, 2, 2), torch.zeros(1, 2, 2, 2)).item() == 0
    assert losses.relative_style(torch.ones(1, 2, 2), torch.zeros(1, 2, 2)).isfinite().all()


def test_absolute_content_is_johnsons():
    ours, target = maps(0, 2, 3, 4, 5), maps(1, 2, 3, 4, 5)
    expected = ((ours - target).double().numpy() ** 2).sum((1, 2, 3)) / (3 * 4 * 5)  # over C_j H_j W_j
    np.testing.assert_allclose(losses.absolute_content(ours, target).numpy(), expected, rtol=1e-5)


def test_absolute_style_is_johnsons():
    ours, target = maps(0, 1, 3, 4, 5), maps(1, 1, 3, 6, 7)  # the painting may have another size

    def gram(features):
        c, h, w = features.shape[1:]
        psi = features[0].double().numpy().reshape(c, h * w)
        return psi @ psi.T / (c * h * w)  # eq. 3, as the paper's reshaped matrix

    np.testing.assert_allclose(losses.absolute_gram(ours)[0].numpy(), gram(ours), rtol=1e-5)
    expected = np.linalg.norm(gram(ours) - gram(target), "fro") ** 2
    value = losses.absolute_style(losses.absolute_gram(ours), losses.absolute_gram(target))
    np.testing.assert_allclose(value.item(), expected, rtol=1e-4)


def test_total_variation_by_hand():
    down, across = (0.5**2 + 1**2) / 2, (1**2 + 0.5**2) / 2  # means of two differences each, alike in every channel
    assert losses.total_variation(PICTURE).item() == pytest.approx(down + across)
    summed = 3 * (0.5**2 + 1**2 + 1**2 + 0.5**2) * 255**2
    assert losses.absolute_total_variation(PICTURE).item() == pytest.approx(summed)


def test_total_variation_does_not_depend_on_size():
    ramp = torch.arange(64.0)[None, None, None].repeat(1, 3, 64, 1) / 64
    for size in (8, 16, 64):
        assert losses.total_variation(ramp[:, :, :size, :size]).item() == pytest.approx(1 / 64**2)


def test_total_variation_sees_one_flat_picture_in_a_batch():
    both = torch.cat([PICTURE, torch.full_like(PICTURE, 0.3)])
    assert losses.total_variation(both)[1] == losses.absolute_total_variation(both)[1] == 0
    assert losses.total_variation(both.bfloat16()).dtype == torch.float32


def test_out_of_range_by_hand():
    picture = torch.tensor([-0.5, 0.0, 1.0, 1.25, 0.5, 0.3]).reshape(1, 3, 1, 2)
    assert losses.out_of_range(picture).item() == pytest.approx((0.5**2 + 0.25**2) / 6)
    assert losses.out_of_range(PICTURE).item() == 0
