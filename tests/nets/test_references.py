"""The networks against plain rewritings in torch's own layers; a change here breaks every trained checkpoint."""

import torch
from torch import nn
from torch.nn import functional

from nets.samples import make, picture, styles


def convolve(x, weights):
    return functional.conv2d(functional.pad(x, (1, 1, 1, 1), mode="reflect"), weights.weight, weights.bias)


def test_style_net():
    net = make("impasto:channels=8,blocks=2,decoder=6x4")
    photo, vectors = picture(16, 24, 2), styles(net, 2)
    shares = iter(vectors.split(1, dim=1))

    def numbers(channels):
        return torch.cat([next(shares) for _ in range(channels)], 1)[..., None, None]

    def styled(x):
        gamma, beta, through = (numbers(8) for _ in range(3))
        return gamma * functional.instance_norm(x) + beta + through * x

    def rescaled(x):
        gamma, beta = (numbers(x.shape[1]) for _ in range(2))
        return gamma * x + beta

    stem, *residuals = net.trunk
    with torch.no_grad():
        x = styled(convolve(functional.pixel_unshuffle(photo - 0.5, 4), stem.layer.weights)).relu()
        for residual in residuals:
            refined = styled(convolve(x, residual.first.layer.weights)).relu()
            x = x + styled(convolve(refined, residual.second.layer.weights))
        x = styled(x)
        for stage in net.decoder:
            doubled = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
            x = rescaled(convolve(doubled, stage.layer.convolution.weights)).relu()
        expected = convolve(x, net.last.weights) + numbers(3) * (photo - 0.5) + 0.5
        painting = net(photo, vectors)
    assert next(shares, None) is None
    torch.testing.assert_close(painting, expected, rtol=0, atol=1e-4)


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.body = nn.Sequential(*johnson_layer(channels, channels, 3), *johnson_layer(channels, channels, 3)[:-1])

    def forward(self, x):
        return x + self.body(x)


def johnson_layer(inputs, outputs, kernel, stride=1):
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, padding_mode="reflect")
    return [convolution, nn.InstanceNorm2d(outputs, affine=True), nn.ReLU()]


def test_johnson():
    """As in pytorch/examples, fast_neural_style: layers, order and number of parameters."""
    net, c = make("johnson:channels=4"), 4
    reference = nn.Sequential(
        *johnson_layer(3, c, 9),
        *johnson_layer(c, 2 * c, 3, 2),
        *johnson_layer(2 * c, 4 * c, 3, 2),
        *(Residual(4 * c) for _ in range(5)),
        nn.Upsample(scale_factor=2),
        *johnson_layer(4 * c, 2 * c, 3),
        nn.Upsample(scale_factor=2),
        *johnson_layer(2 * c, c, 3),
        johnson_layer(c, 3, 9)[0],
    )
    with torch.no_grad():
        for parameter in net.parameters():  # norms begin at 1 and 0, which would hide their order
            parameter.add_(0.1 * torch.rand(parameter.shape, generator=torch.Generator().manual_seed(0)))
        for ours, theirs in zip(net.parameters(), reference.parameters(), strict=True):
            theirs.copy_(ours.reshape(theirs.shape))
        photo = picture(16, 24, 2)
        expected = reference(photo - 0.5) + 0.5
        torch.testing.assert_close(net(photo, torch.zeros(1, 0)), expected, rtol=0, atol=1e-4)
