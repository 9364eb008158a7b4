"""Mixing: the same as a 1x1 convolution before each convolution, and nothing where a style has none."""

import pytest
import torch
from torch.nn import functional

from impasto.errors import InvalidOption
from impasto.nets.blocks import Convolution
from impasto.nets.mixing import Mixing
from impasto.nets.norm import Conditioning
from nets.samples import JOHNSON_VARIANTS, STYLE_NET, chance, make, picture, styles


def mixing_of(net, seed=0):
    return 0.1 * torch.randn(1, net.mixing_parameters, generator=chance(seed))


def test_it_is_a_convolution_of_one_pixel_before():
    convolution = Convolution(4, 6, 3, stride=2, mixed=True)
    x, mixing = torch.randn(2, 4, 9, 7, generator=chance()), torch.randn(1, 16, generator=chance(1))
    mixed = convolution(x, Conditioning(torch.zeros(1, 0), mixing=mixing))
    first = x + functional.conv2d(x, mixing.reshape(4, 4, 1, 1))
    torch.testing.assert_close(mixed, convolution(first, Conditioning(torch.zeros(1, 0))), rtol=1e-4, atol=1e-5)


def test_a_style_without_mixing_is_one_of_zeros():
    net = make(STYLE_NET)
    photo, style = picture(24, 20), styles(net)
    zeros = torch.zeros(1, net.mixing_parameters)
    assert torch.equal(net(photo, style), net(photo, style, zeros))
    assert (net(photo, style, mixing_of(net)) - net(photo, style)).abs().max() > 1e-3


def test_every_convolution_of_impastos_network_mixes_and_all_numbers_are_read():
    net = make(STYLE_NET)
    convolutions = [module for module in net.modules() if isinstance(module, Convolution)]
    assert net.mixing_parameters == sum(each.weights.in_channels**2 for each in convolutions)
    conditioning = Conditioning(styles(net), mixing=mixing_of(net))
    net.paint(picture(16, 16), conditioning)
    assert conditioning._mixed == net.mixing_parameters


def test_all_of_it_can_be_learned():
    net = make(STYLE_NET)
    mixing = mixing_of(net).requires_grad_()
    net(picture(16, 24), styles(net), mixing).square().sum().backward()
    start = 0
    for module in (each for each in net.modules() if isinstance(each, Mixing)):
        share = mixing.grad[0, start : start + module.channels**2]
        assert share.abs().sum() > 0
        start += module.channels**2


@pytest.mark.parametrize("name", JOHNSON_VARIANTS)
def test_the_papers_networks_mix_nothing(name):
    assert make(name).mixing_parameters == 0


@pytest.mark.parametrize("shape", [(1, 5), (2, 1), (0,)])
def test_mixing_of_another_length_is_refused(shape):
    net = make(STYLE_NET)
    with pytest.raises(InvalidOption, match=f"mix by .1, {net.mixing_parameters}. numbers, not"):
        net(picture(8, 8), styles(net), torch.zeros(shape))


def test_it_goes_with_moments_that_are_given():
    net = make(STYLE_NET)
    photo, style, mixing = picture(16, 16), styles(net), mixing_of(net)
    painting, seen = net.with_moments(photo, style, mixing=mixing)
    torch.testing.assert_close(net.with_moments(photo, style, seen, mixing)[0], painting)
