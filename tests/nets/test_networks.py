"""What holds for every network: sizes, style parameters, batches, precision, no hidden state."""

import itertools

import pytest
import torch

from impasto.errors import InvalidOption
from impasto.nets.base import PaintingNet
from impasto.nets.norm import Conditioning, InstanceNorm, Skip, StyledNorm
from nets.samples import JOHNSON_VARIANTS, STYLE_NET, make, picture, styles

STYLED = [
    STYLE_NET,
    "impasto:channels=4,blocks=0,decoder=2x3",
    "impasto:channels=4,blocks=1,decoder=4x3x2",
    "johnson:norm=conditional,channels=4",
]
ALL = [STYLE_NET, *JOHNSON_VARIANTS]
EVERY_JOHNSON = [
    f"johnson:norm={norm},upsampling={upsampling},tanh={tanh},channels={channels}"
    for norm, upsampling, tanh, channels in itertools.product(
        ("batch", "instance", "conditional"), ("resize", "transposed"), (False, True), (8, 16)
    )
]


def test_johnsons_net_has_the_published_number_of_parameters():
    net = make("johnson")
    assert sum(parameter.numel() for parameter in net.parameters()) == 1_679_235
    assert net.stride == 4
    assert net.style_parameters == 0


def test_the_keys_of_checkpoints_are_these():
    """Trained networks are stored by these names; a change breaks every file there is."""
    layers = ["trunk.0.layer", "trunk.1.first.layer", "trunk.1.second.layer"]
    layers += ["decoder.0.layer.convolution", "decoder.1.layer.convolution", "last"]
    keys = [f"{layer}.weights.{part}" for layer in layers for part in ("weight", "bias")]
    assert list(make("impasto:channels=4,blocks=1,decoder=2x2").state_dict()) == keys


@pytest.mark.parametrize("name", [STYLE_NET, "impasto:channels=4,blocks=0,decoder=1x1", *EVERY_JOHNSON])
def test_every_variant_learns_on_odd_multiples_of_the_stride(name):
    net = make(name).train()
    photo = picture(3 * net.stride, 5 * net.stride, 2).requires_grad_()
    style = styles(net, 2).requires_grad_()
    painting = net(photo, style)
    assert painting.shape == photo.shape
    painting.square().sum().backward()
    learned = [photo, *net.parameters(), *([style] if net.style_parameters else [])]
    assert all(tensor.grad is not None and tensor.grad.isfinite().all() for tensor in learned)
    assert photo.grad.abs().sum() > 0


@pytest.mark.parametrize("name", [n for n in EVERY_JOHNSON if "tanh=True" in n and "channels=8" in n])
def test_scaled_tanh_bounds_the_painting(name):
    net = make(name)
    with torch.no_grad():
        net.last.weights.weight.mul_(1000)
        painting = net(picture(16, 16), styles(net))
    assert (painting - 0.5).abs().max() <= 150 / 255 + 1e-6


@pytest.mark.parametrize("name", ALL)
def test_twice_the_stride_is_the_least_size(name):
    net = make(name)
    small = picture(2 * net.stride, 2 * net.stride)
    assert net(small, styles(net)).shape == small.shape


@pytest.mark.parametrize("name", [*STYLED, *JOHNSON_VARIANTS])
def test_the_forward_pass_reads_every_style_parameter(name):
    net = make(name)
    conditioning = Conditioning(styles(net))
    net.paint(picture(16, 16), conditioning)
    assert conditioning._read == net.style_parameters == len(net.new_style()) == len(net.new_identity())


@pytest.mark.parametrize("name", STYLED)
def test_every_style_parameter_matters(name):
    net = make(name)
    style = (net.new_style() + 0.5)[None].requires_grad_()
    net(picture(24, 24, 4), style).square().sum().backward()
    assert (style.grad != 0).float().mean() > 0.9  # a channel that its ReLU shuts off for good has none


@pytest.mark.parametrize("name", STYLED)
def test_norms_read_the_style_in_the_order_of_new_style(name):
    net, read = make(name), []
    norms = [module for module in net.modules() if isinstance(module, StyledNorm)]
    for norm in norms:
        norm.register_forward_pre_hook(lambda module, _: read.append(module))
    net(picture(16, 16), styles(net))
    assert read == norms
    assert torch.equal(net.new_style(), torch.cat([norm.initial()[0] for norm in read]))


@pytest.mark.parametrize("name", STYLED)
def test_the_identity_vector_lets_every_norm_pass_its_input(name):
    net, passed = make(name), []
    for norm in (module for module in net.modules() if isinstance(module, StyledNorm) and not isinstance(module, Skip)):
        norm.register_forward_hook(lambda _, inputs, output: passed.append(torch.equal(inputs[0], output)))
    net(picture(16, 16), net.new_identity()[None])
    assert passed
    assert all(passed)


@pytest.mark.parametrize("name", [name for name in STYLED if name.startswith("impasto")])
def test_the_identity_vector_adds_the_whole_photo_and_a_new_style_none_of_it(name):
    net, photo = make(name), picture(16, 16)
    with torch.no_grad():
        net.last.weights.weight.zero_()
        net.last.weights.bias.zero_()
        torch.testing.assert_close(net(photo, net.new_identity()[None]), photo, rtol=0, atol=1e-6)
        assert torch.equal(net(photo, net.new_style()[None]), torch.full_like(photo, 0.5))


@pytest.mark.parametrize("name", ALL)
def test_with_moments_returns_a_pair_for_each_instance_norm(name):
    net = make(name)
    photo = picture(16, 24, 2)
    painting, seen = net.with_moments(photo, styles(net))
    assert torch.equal(painting, net(photo, styles(net)))
    again, used = net.with_moments(photo, styles(net), seen)
    assert torch.equal(again, painting)
    assert len(used) == len(seen) == (0 if "batch" in name else instance_norms(net))
    assert all(value.shape[2:] == (1, 1) and value.dtype == torch.float32 for pair in seen for value in pair)


def instance_norms(net):
    kinds = [type(module).__name__ for module in net.modules()]
    return kinds.count(InstanceNorm.__name__) + kinds.count("UnconditionalNorm")


@pytest.mark.parametrize("name", ALL)
def test_a_pass_leaves_nothing_behind(name):
    net = make(name)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    attributes = {path: set(vars(module)) for path, module in net.named_modules()}
    with torch.no_grad():
        first = net(picture(16, 24), styles(net))
        net(picture(32, 16, seed=1), styles(net, seed=1))
        assert torch.equal(net(picture(16, 24), styles(net)), first)
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    assert {path: set(vars(module)) for path, module in net.named_modules()} == attributes


@pytest.mark.parametrize("name", [STYLE_NET, "johnson:norm=conditional,channels=4"])
def test_each_picture_of_a_batch_has_its_own_style(name):
    net = make(name)
    photos, vectors = picture(16, 24, 3), styles(net, 3)
    with torch.no_grad():
        together = net(photos, vectors)
        alone = torch.cat([net(photos[i : i + 1], vectors[i : i + 1]) for i in range(3)])
        other = net(photos[:1], vectors[1:2])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)
    assert (other - together[:1]).abs().max() > 0.01


@pytest.mark.parametrize("name", ALL)
def test_one_style_serves_a_whole_batch(name):
    net = make(name)
    photos, vector = picture(16, 24, 3), styles(net)
    with torch.no_grad():
        torch.testing.assert_close(net(photos, vector), net(photos, vector.expand(3, -1)), rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ALL)
def test_bfloat16_autocast_paints_nearly_the_same(name):
    net = make(name)
    photo, style = picture(32, 32), styles(net)
    with torch.no_grad():
        painting = net(photo, style)
        with torch.autocast("cpu", torch.bfloat16):
            rough, seen = net.with_moments(photo, style)
    assert all(value.dtype == torch.float32 for pair in seen for value in pair)
    error = (rough.float() - painting).square().mean().sqrt()
    assert error < 0.1 * painting.std() + 1 / 256  # the step of bfloat16 between 0.5 and 1


@pytest.mark.parametrize(("name", "wrong"), [*((name, 1) for name in ALL), *((name, -1) for name in STYLED)])
def test_a_style_of_another_length_is_refused(name, wrong):
    net = make(name)
    length = net.style_parameters + wrong
    with pytest.raises(InvalidOption, match=f"have {net.style_parameters} numbers, not {length}"):
        net(picture(16, 16), torch.zeros(1, length))


def test_networks_say_themselves_how_they_paint():
    with pytest.raises(NotImplementedError):
        PaintingNet(None, [])(picture(8, 8), torch.zeros(1, 0))
