"""Networks by name."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.errors import InvalidOption
from impasto.nets import registry
from impasto.nets.johnson import JohnsonNet, JohnsonShape
from impasto.nets.style_net import StyleNet, StyleNetShape

sizes = st.integers(1, 6)
shapes = st.one_of(
    st.builds(
        StyleNetShape,
        channels=sizes,
        blocks=st.integers(0, 3),
        decoder=st.lists(sizes, min_size=1, max_size=3).map(tuple),
        inner=st.integers(0, 6),
    ),
    st.builds(
        JohnsonShape,
        norm=st.sampled_from(["batch", "instance", "conditional"]),
        channels=sizes,
        upsampling=st.sampled_from(["transposed", "resize"]),
        tanh=st.booleans(),
    ),
)


@given(shapes)
@settings(max_examples=20, deadline=None)
def test_what_is_described_can_be_built_again(shape):
    net = StyleNet(shape) if isinstance(shape, StyleNetShape) else JohnsonNet(shape)
    again = registry.build(registry.describe(net))
    assert type(again) is type(net)
    assert again.shape == shape
    assert {key: value.shape for key, value in again.state_dict().items()} == {
        key: value.shape for key, value in net.state_dict().items()
    }


def test_defaults():
    assert registry.describe(registry.build("impasto")) == "impasto:channels=64,blocks=5,decoder=32x16"
    assert registry.build("johnson").shape == JohnsonShape()
    assert registry.build("johnson:tanh=true,channels=2").shape == JohnsonShape(channels=2, tanh=True)


def test_weights_come_from_torchs_random_state():
    torch.manual_seed(5)
    first = registry.build("impasto:channels=4,blocks=1,decoder=2x2")
    torch.manual_seed(5)
    second = registry.build("impasto:channels=4,blocks=1,decoder=2x2")
    third = registry.build("impasto:channels=4,blocks=1,decoder=2x2")
    assert torch.equal(first.last.weights.weight, second.last.weights.weight)
    assert not torch.equal(first.last.weights.weight, third.last.weights.weight)


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("resnet", "'resnet'; there are impasto, johnson"),
        ("", "family ''"),
        ("impasto:width=3", "'width'; it has channels, blocks, decoder"),
        ("impasto:channels", "channels="),
        ("impasto:channels=many", "channels=many"),
        ("impasto:channels=1.5", "channels=1.5"),
        ("impasto:channels=True", "channels=True"),
        ("impasto:channels=0", "channels=0"),
        ("impasto:blocks=-1", "blocks=-1"),
        ("impasto:decoder=32xx16", "decoder=32xx16 is not a value of decoder, such as 32x16"),
        ("impasto:decoder=many", "decoder=many"),
        ("impasto:decoder=0x16", "decoder=(0, 16)"),
        ("johnson:channels=-4", "-4"),
        ("johnson:tanh=1", "tanh=1"),
        ("johnson:norm=layer", "norm is one of batch, instance, conditional, not 'layer'"),
        ("johnson:upsampling=bilinear", "upsampling is one of transposed, resize, not 'bilinear'"),
    ],
)
def test_what_is_not_known_is_named(name, named):
    with pytest.raises(InvalidOption, match=r"^--network: .") as caught:
        registry.build(name)
    assert named in str(caught.value)
