"""Stride and reach: as computed from the layers, and as measured by which input columns a painting depends on."""

from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.nets import registry
from impasto.nets.geometry import Resample, Window, reach, stride
from nets.samples import chance

HEIGHT = 8


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], (1, 0)),
        ([Window(3)], (1, 1)),
        ([Window(9), Window(3)], (1, 5)),
        ([Resample(Fraction(1, 4)), Resample(Fraction(4))], (4, 3)),
        ([Resample(Fraction(1, 2)), Window(3), Resample(Fraction(2))], (2, 3)),
        ([Resample(Fraction(2)), Resample(Fraction(1, 2))], (1, 0)),
        ([Window(3, stride=2), Resample(Fraction(2))], (2, 2)),
        ([Window(3, stride=2), Resample(Fraction(2), kernel=3)], (2, 2)),
        ([Window(3, stride=2), Window(3, stride=2), Resample(Fraction(2)), Resample(Fraction(2))], (4, 6)),
    ],
)
def test_by_hand(steps, expected):
    assert (stride(steps), reach(steps)) == expected


def test_johnsons_reach_is_that_found_by_index_propagation():
    assert registry.build("johnson:channels=1").reach == 57


def footprints(net):
    """Return (pixels before, pixels after) that each of the middle columns depends on, for two strides of columns.

    All weights are made positive and the norms neutral, so that no dependence is hidden by a ReLU or cancels out.
    """
    columns = 2 * net.stride
    middle = (net.reach // net.stride + 2) * net.stride
    width = 2 * middle + columns
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(torch.rand(parameter.shape, generator=chance()) + 0.1)
    picture = (torch.rand(1, 3, HEIGHT, width, generator=chance()) + 0.5).repeat(columns, 1, 1, 1).double()
    style = net.new_style()[None].double()
    neutral = [(torch.zeros_like(mean), torch.ones_like(variance)) for mean, variance in _moments(net, picture, style)]
    painting, _ = net.with_moments(picture.requires_grad_(), style, neutral)
    sum(painting[i, :, :, middle + i].sum() for i in range(columns)).backward()
    seen = [row.nonzero().flatten() for row in picture.grad.abs().sum((1, 2))]
    return [(middle + i - int(first[0]), int(first[-1]) - middle - i) for i, first in enumerate(seen)]


def _moments(net, picture, style):
    with torch.no_grad():
        return net.double().eval().with_moments(picture, style)[1]


def check_measured(net):
    measured = footprints(net)
    periods = [p for p in range(1, net.stride + 1) if measured[p:] == measured[:-p]]
    assert periods[0] == net.stride
    assert max(max(pair) for pair in measured) == net.reach


@given(st.integers(0, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 2))
@settings(max_examples=8, deadline=None)
def test_style_net_depends_on_just_what_is_computed(blocks, channels, half, full):
    check_measured(registry.build(f"impasto:blocks={blocks},channels={channels},decoder={half}x{full}"))


@pytest.mark.parametrize("upsampling", ["resize", "transposed"])
@pytest.mark.parametrize("norm", ["batch", "instance", "conditional"])
def test_johnson_depends_on_just_what_is_computed(norm, upsampling):
    check_measured(registry.build(f"johnson:norm={norm},upsampling={upsampling},channels=1"))
