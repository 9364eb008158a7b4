"""Flat pictures stay flat up to the border, and the decoder leaves no grid; also the measure of a grid itself."""

import numpy as np
import pytest
import torch
from skimage import data
from torch.nn import functional

from impasto.nets.blocks import Convolution
from impasto.nets.norm import Conditioning
from nets.samples import STYLE_NET, chance, make, picture, styles
from nets.spectrum import grid_excess

GREY = torch.full((1, 3, 64, 96), 0.5)
COLOUR = torch.tensor([0.1, 0.7, 0.35])[None, :, None, None].expand(1, 3, 64, 96)
FRAMELESS = [STYLE_NET, "impasto:channels=16,decoder=16x8", "johnson:channels=8", "johnson:channels=8,norm=conditional"]


def noise(count=2):
    return torch.randn(count, 3, 96, 128, generator=chance())


@pytest.mark.parametrize("constant", [GREY, COLOUR], ids=["grey", "colour"])
@pytest.mark.parametrize("name", [*FRAMELESS, "johnson:channels=8,norm=batch"])
def test_a_flat_picture_is_painted_flat_up_to_its_border(name, constant):
    net = make(name)
    with torch.no_grad():
        painting = net(constant, styles(net))
    assert (painting.amax((2, 3)) - painting.amin((2, 3))).max() < 1e-5
    assert grid_excess(painting) == pytest.approx(1)


@pytest.mark.parametrize("seed", range(3))
def test_weak_noise_shows_no_grid(seed):
    """With random weights every phase of a decoder has a slightly different mean, so the bound is not 1.

    A net that upsamples by transposed convolutions, painting the same noise, comes to 70 to 400.
    """
    grey = 0.5 + 0.01 * noise()
    net, worse = (
        make("impasto:channels=16,decoder=16x8,blocks=3", seed),
        make("johnson:upsampling=transposed,channels=8", seed),
    )
    with torch.no_grad():
        assert grid_excess(net(grey, net.new_style()[None])) < 20
        assert grid_excess(worse(grey, worse.new_style()[None])) > 40


def test_grid_excess_is_about_one_for_noise_and_photos_and_flat_pictures():
    photo = torch.from_numpy(data.astronaut()[:256, :256] / np.float32(255)).permute(2, 0, 1)[None]
    assert 0.5 < grid_excess(0.5 + 0.1 * noise()) < 2
    assert 0.5 < grid_excess(photo) < 4
    assert grid_excess(GREY) == pytest.approx(1)


@pytest.mark.parametrize("period", [2, 4, 8])
def test_grid_excess_sees_a_weak_grid(period):
    lines = torch.zeros(96, 128)
    lines[::period] = 1
    assert grid_excess(0.5 + 0.01 * noise() + 0.01 * lines, period) > 10
    assert grid_excess(0.5 + 0.01 * noise() + 0.01 * lines.roll(1, 0), period) > 10


def test_grid_excess_sees_what_pixel_shuffle_leaves():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        shuffled = functional.pixel_shuffle(
            torch.relu(Convolution(3, 48, 3)(picture(32, 32), Conditioning(torch.zeros(1, 0)))), 4
        )
    assert grid_excess(shuffled.detach()) > 50
