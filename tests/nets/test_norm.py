"""The norms: against torch's instance norm, against the formula, and their moments."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from impasto.nets.blocks import BatchNorm, UnconditionalNorm
from impasto.nets.norm import EPSILON, Affine, Conditioning, InstanceNorm, Skip, moments, renorm
from nets.samples import chance


def maps(*shape, seed=0):
    return torch.randn(shape, generator=chance(seed)) * 3 + 1


def style_of(gamma, beta, through):
    """Return the style vectors, (N, 3 C), of scales, shifts and throughs, each (N, C)."""
    return torch.cat([gamma, beta, through], 1)


def test_without_through_it_is_torchs_instance_norm():
    x, gamma, beta = maps(2, 5, 7, 9), maps(2, 5, seed=1), maps(2, 5, seed=2)
    normed = InstanceNorm(5)(x, Conditioning(style_of(gamma, beta, torch.zeros(2, 5))))
    expected = functional.instance_norm(x) * gamma[..., None, None] + beta[..., None, None]
    torch.testing.assert_close(normed, expected, rtol=1e-5, atol=1e-5)


def test_its_gradient_is_that_of_torchs_instance_norm():
    x, weights = maps(2, 3, 6, 6), maps(2, 3, 6, 6, seed=1)
    style = InstanceNorm(3).initial()[0][None]

    def gradient(norm):
        leaf = x.clone().requires_grad_()
        (norm(leaf) * weights).sum().backward()
        return leaf.grad

    ours = gradient(lambda leaf: InstanceNorm(3)(leaf, Conditioning(style)))
    torch.testing.assert_close(ours, gradient(functional.instance_norm), rtol=1e-4, atol=1e-5)


@given(st.integers(0, 2**31), st.floats(1e-3, 1e3))
@settings(max_examples=20, deadline=None)
def test_the_identity_returns_its_input_to_the_last_bit(seed, scale):
    x = maps(2, 4, 5, 3, seed=seed) * scale
    identity = InstanceNorm(4).initial()[1][None]
    assert torch.equal(InstanceNorm(4)(x, Conditioning(identity)), x)


def test_the_formula_with_through():
    x = torch.tensor([1.0, 3.0, 5.0, 7.0]).reshape(1, 1, 2, 2)  # mean 4, variance 5
    normed = InstanceNorm(1)(x, Conditioning(torch.tensor([[2.0, 10.0, 0.5]])))
    torch.testing.assert_close(normed, 2 * (x - 4) / (5 + EPSILON) ** 0.5 + 10 + 0.5 * x)


def test_given_moments_are_used_and_recorded():
    x, gamma = maps(1, 2, 4, 4), torch.tensor([[3.0, 4.0]])
    used = (torch.tensor([1.0, -1.0]).reshape(1, 2, 1, 1), torch.tensor([4.0, 0.25]).reshape(1, 2, 1, 1))
    conditioning = Conditioning(style_of(gamma, torch.zeros(1, 2), torch.zeros(1, 2)), given=[used])
    normed = InstanceNorm(2)(x, conditioning)
    expected = (x - used[0]) / (used[1] + EPSILON).sqrt() * gamma[..., None, None]
    torch.testing.assert_close(normed, expected)
    assert conditioning.seen == [used]


def test_own_moments_are_recorded_in_order():
    x, y = maps(2, 3, 4, 4), maps(2, 3, 5, 5, seed=1)
    conditioning = Conditioning(InstanceNorm(3).initial()[0].repeat(2)[None])
    norm = InstanceNorm(3)
    norm(x, conditioning)
    norm(y, conditioning)
    for seen, of in zip(conditioning.seen, (x, y), strict=True):
        torch.testing.assert_close(seen[0], of.mean((2, 3), keepdim=True))
        torch.testing.assert_close(seen[1], of.var((2, 3), correction=0, keepdim=True))


def test_moments_are_float32_and_exact_for_bfloat16_maps():
    x = (torch.arange(64).reshape(1, 1, 8, 8) % 2 + 256.0).bfloat16()
    x[..., 0] = 258  # neighbouring numbers of bfloat16: their mean is none
    mean, variance = moments(x)
    assert mean.dtype == variance.dtype == torch.float32
    torch.testing.assert_close(mean, x.double().mean((2, 3), keepdim=True).float())
    torch.testing.assert_close(variance, x.double().var((2, 3), correction=0, keepdim=True).float())


def test_moments_do_not_lose_a_small_variance_beside_a_large_mean():
    x = torch.full((1, 1, 64, 64), 1000.0)
    x[..., ::2] = 1000.25
    torch.testing.assert_close(moments(x)[1].item(), 0.125**2, rtol=1e-3, atol=0)


def test_renorm_keeps_dtype():
    x = maps(1, 2, 4, 4).bfloat16()
    assert renorm(x, moments(x), torch.ones(1, 2, 1, 1), torch.zeros(1, 2, 1, 1)).dtype == torch.bfloat16


def test_affine_scales_and_shifts_without_moments():
    x = maps(2, 2, 3, 3)
    conditioning = Conditioning(torch.tensor([[2.0, 3.0, 10.0, 20.0], [1.0, 0.0, -1.0, 5.0]]))
    y = Affine(2)(x, conditioning)
    torch.testing.assert_close(y[0, 1], x[0, 1] * 3 + 20)
    torch.testing.assert_close(y[1, 0], x[1, 0] - 1)
    assert conditioning.seen == []


def test_skip_adds_a_share_of_each_channel_of_the_photo():
    painted, photo = maps(2, 3, 4, 5), maps(2, 3, 4, 5, seed=1)
    shares = torch.tensor([[0.0, 1.0, -0.5], [2.0, 0.0, 0.25]])
    conditioning = Conditioning(shares)
    skipped = Skip(3)(painted, photo, conditioning)
    torch.testing.assert_close(skipped, painted + shares[..., None, None] * (photo - 0.5) + 0.5)
    assert conditioning.seen == []
    assert conditioning._read == Skip(3).style_parameters == 3


def test_skip_adds_nothing_for_a_new_style_and_everything_for_the_identity():
    painted, photo = maps(1, 3, 4, 5), maps(1, 3, 4, 5, seed=1)
    new, identity = Skip(3).initial()
    assert torch.equal(Skip(3)(painted, photo, Conditioning(new[None])), painted + 0.5)
    assert torch.equal(Skip(3)(painted, photo, Conditioning(identity[None])), painted + photo)


def test_skip_keeps_the_dtype_of_what_was_painted():
    painted, photo = maps(1, 3, 4, 4).bfloat16(), maps(1, 3, 4, 4)
    assert Skip(3)(painted, photo, Conditioning(torch.ones(1, 3))).dtype == torch.bfloat16


@pytest.mark.parametrize("norm", [InstanceNorm(3), Affine(3)])
def test_norms_read_their_share_of_the_style(norm):
    new, identity = norm.initial()
    assert len(new) == len(identity) == norm.style_parameters
    conditioning = Conditioning(torch.cat([torch.zeros(5), identity])[None])
    list(conditioning.take(5, 1))
    x = maps(1, 3, 4, 4)
    assert torch.equal(norm(x, conditioning), x)
    assert conditioning._read == 5 + norm.style_parameters


def test_the_unconditional_norm_is_torchs():
    norm, reference = UnconditionalNorm(3), torch.nn.InstanceNorm2d(3, affine=True)
    with torch.no_grad():
        norm.gamma.copy_(maps(1, 3, 1, 1))
        norm.beta.copy_(maps(1, 3, 1, 1, seed=1))
        reference.weight.copy_(norm.gamma.flatten())
        reference.bias.copy_(norm.beta.flatten())
    x = maps(2, 3, 5, 5, seed=2)
    torch.testing.assert_close(norm(x, Conditioning(torch.zeros(1, 0))), reference(x), rtol=1e-5, atol=1e-5)


def test_batch_norm_keeps_running_moments_in_training_only():
    norm, x = BatchNorm(3), maps(4, 3, 5, 5)
    norm(x, Conditioning(torch.zeros(1, 0)))
    torch.testing.assert_close(norm.running_mean, 0.1 * x.mean((0, 2, 3)))
    before = norm.running_mean.clone()
    norm.eval()(x)
    assert torch.equal(norm.running_mean, before)
