"""Small networks, styles and pictures to test with, the same at every run."""

import torch

from impasto.nets import registry

STYLE_NET = "impasto:channels=8,blocks=2,decoder=8x4"
JOHNSON_VARIANTS = [
    f"johnson:norm={norm},upsampling={upsampling},channels=4"
    for norm in ("batch", "instance", "conditional")
    for upsampling in ("resize", "transposed")
]


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def make(name, seed=0):
    """Return the network of that name with random weights, in evaluation mode; torch's random state stays."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return registry.build(name).eval()


def picture(h, w, count=1, seed=0):
    """Return (count, 3, h, w) of noise in [0, 1]."""
    return torch.rand(count, 3, h, w, generator=chance(seed))


def styles(net, count=1, seed=0):
    """Return (count, P) style vectors around the one that learning starts from."""
    start = net.new_style()
    return start + 0.3 * torch.randn(count, len(start), generator=chance(seed))
