"""Smaller networks out of larger ones."""

import pytest
import torch

from impasto.errors import InvalidOption
from impasto.nets import registry
from impasto.nets.narrowing import narrow

WIDE = "impasto:channels=8,blocks=2,decoder=8x4"


def make(name, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return registry.build(name).eval()


def styles_of(net, count=3):
    generator = torch.Generator().manual_seed(1)
    return net.new_style() + 0.3 * torch.randn(count, net.style_parameters, generator=generator)


@pytest.fixture
def photo():
    return torch.rand(1, 3, 32, 40, generator=torch.Generator().manual_seed(2))


def test_a_network_of_the_same_size_paints_the_same(photo):
    wide, small = make(WIDE), make(WIDE, seed=1)
    styles = styles_of(wide)
    taken = narrow(wide, styles, small, photo)
    torch.testing.assert_close(small(photo, taken[:1]), wide(photo, styles[:1]))


@pytest.mark.parametrize(
    "name",
    [
        "impasto:channels=8,blocks=2,decoder=8x4,inner=6",
        "impasto:channels=6,blocks=2,decoder=8x4,inner=8",
        "impasto:channels=8,blocks=2,decoder=8x3",
        "impasto:channels=7,blocks=2,decoder=5x4,inner=3",
    ],
)
def test_channels_that_nobody_listens_to_are_lost_without_a_trace(photo, name):
    """The first channels of every group are silent, so a network without them paints the same."""
    wide, small = make(WIDE), make(name)
    shape, inner = small.shape, small.shape.inner or small.shape.channels
    with torch.no_grad():
        for block in wide.trunk[1:]:
            silence(block.second.layer, 8 - inner)
        for layer in (*(block.first.layer for block in wide.trunk[1:]), wide.decoder[0].layer.convolution):
            silence(layer, 8 - shape.channels)
        silence(wide.decoder[1].layer.convolution, 8 - shape.decoder[0])
        silence(wide.last, 4 - shape.decoder[1])
    styles = styles_of(wide)
    taken = narrow(wide, styles, small, photo)
    assert taken.shape == (3, small.style_parameters)
    torch.testing.assert_close(small(photo, taken[:1]), wide(photo, styles[:1]))


def silence(layer, count):
    layer.weights.weight[:, :count] = 0


def test_of_blocks_the_first_stay(photo):
    wide, small = make(WIDE), make("impasto:channels=8,blocks=1,decoder=8x4")
    styles = styles_of(wide)
    with torch.no_grad():
        silent = wide.trunk[2].second.layer.weights  # the second block gives what the style's shift is
        silent.weight.zero_()
        silent.bias.zero_()
    last = sum(layer.norm.style_parameters for layer in (wide.trunk[0], wide.trunk[1].first, wide.trunk[1].second))
    styles[:, last : last + wide.trunk[2].first.norm.style_parameters * 2] = 0
    taken = narrow(wide, styles, small, photo)
    torch.testing.assert_close(small(photo, taken[:1]), wide(photo, styles[:1]))


@pytest.mark.parametrize("inner", ["", ",inner=6"])
def test_norms_without_moments_do_what_they_did_on_the_photo(photo, inner):
    wide, small = make(WIDE + inner), make(WIDE + inner + ",normed_once=true", seed=1)
    styles = styles_of(wide)
    taken = narrow(wide, styles, small, photo)
    assert taken.shape == (3, small.style_parameters)
    assert small.style_parameters < wide.style_parameters
    for style, own in zip(styles, taken, strict=True):
        torch.testing.assert_close(small(photo, own[None]), wide(photo, style[None]), atol=1e-5, rtol=1e-4)


def test_norms_without_moments_do_what_they_did_on_the_mean_photo():
    wide, small = make(WIDE), make(WIDE + ",normed_once=true")
    photos = torch.rand(2, 3, 32, 40, generator=torch.Generator().manual_seed(3))
    photos[1] *= 0.5
    both, first, second = (narrow(wide, styles_of(wide), small, seen) for seen in (photos, photos[:1], photos[1:]))
    torch.testing.assert_close(both, (first + second) / 2)
    assert (first - second).abs().max() > 0.01


def test_what_styles_let_through_stays(photo):
    wide, small = (
        make("impasto:channels=4,blocks=1,decoder=4x4"),
        make("impasto:channels=4,blocks=1,decoder=4x4,inner=2"),
    )
    styles = wide.new_style()[None].repeat(2, 1)
    first = 3 * 4  # the stem's norm comes before
    styles[:, first : first + 12] = torch.tensor([0.01, 3.0, 0.01, 2.0]).repeat(3)
    taken = narrow(wide, styles, small, photo)
    torch.testing.assert_close(taken[0, first : first + 6], torch.tensor([3.0, 2.0]).repeat(3))
    kernel = wide.trunk[1].first.layer.weights.weight
    torch.testing.assert_close(small.trunk[1].first.layer.weights.weight, kernel[[1, 3]])


@pytest.mark.parametrize(
    "name",
    [
        "impasto:channels=9,blocks=2,decoder=8x4",
        "impasto:channels=8,blocks=3,decoder=8x4",
        "impasto:channels=8,blocks=2,decoder=8",
        "impasto:channels=8,blocks=2,decoder=8x4,inner=9",
        "johnson:channels=2",
    ],
)
def test_other_networks_are_refused(name):
    wide = make(WIDE)
    with pytest.raises(InvalidOption, match="can be narrowed"):
        narrow(wide, styles_of(wide), make(name), torch.rand(1, 3, 32, 40))


def test_moments_cannot_be_given_back(photo):
    wide = make(WIDE + ",normed_once=true")
    with pytest.raises(InvalidOption, match="nowhere with more blocks, channels or moments"):
        narrow(wide, styles_of(wide), make(WIDE), photo)
