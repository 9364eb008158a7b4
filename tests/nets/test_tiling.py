"""A part of a picture, painted with the whole's moments, is that part of the whole's painting."""

import pytest
import torch

from nets.samples import JOHNSON_VARIANTS, STYLE_NET, make, picture, styles


def paint_part(net, whole, rows, columns):
    """Return the part's own painting with the whole's moments and the part of the whole's painting."""
    style = styles(net)
    with torch.no_grad():
        painting, moments = net.with_moments(whole, style)
        part, seen = net.with_moments(whole[:, :, rows, columns], style, moments)
    assert all(
        torch.equal(a, b) for used, own in zip(moments, seen, strict=True) for a, b in zip(used, own, strict=True)
    )
    return part, painting[:, :, rows, columns]


@pytest.mark.parametrize("name", [STYLE_NET, "impasto:channels=8,blocks=5,decoder=4x4", *JOHNSON_VARIANTS])
def test_a_part_equals_the_whole_beyond_reach_of_the_cut(name):
    net = make(name)
    start, reach = 3 * net.stride, net.reach
    whole = picture(start + 2 * reach + 24 & -4, start + 2 * reach + 40 & -4)
    slices = slice(start, whole.shape[2] - start), slice(start, whole.shape[3] - start)
    part, expected = paint_part(net, whole, *slices)
    inside = (slice(None), slice(None), slice(reach, -reach), slice(reach, -reach))
    assert part[inside].numel() > 0
    torch.testing.assert_close(part[inside], expected[inside], rtol=0, atol=1e-4)


def test_a_part_equals_the_whole_up_to_the_pictures_own_edge():
    net = make(STYLE_NET)
    part, expected = paint_part(net, picture(80, 96), slice(8, None), slice(16, None))
    inside = (slice(None), slice(None), slice(net.reach, None), slice(net.reach, None))
    torch.testing.assert_close(part[inside], expected[inside], rtol=0, atol=1e-4)


def test_with_its_own_moments_a_part_is_another_painting():
    net = make(STYLE_NET)
    whole = picture(80, 96) * torch.linspace(0.1, 1, 96)  # as when half of a picture is dark
    with torch.no_grad():
        painting, part = net(whole, styles(net)), net(whole[..., 32:], styles(net))
    inside = (slice(None), slice(None), slice(net.reach, -net.reach), slice(net.reach, -net.reach))
    assert (part[inside] - painting[..., 32:][inside]).abs().max() > 0.01
