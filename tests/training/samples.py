"""What the training tests share: a small stand-in for VGG-19, and how to compare states."""

import torch
from torch import nn

TINY = "impasto:channels=8,blocks=1,decoder=8x8"


class SmallEyes(nn.Module):
    """A seeded random network that is asked for features as VGG-19 is, hundreds of times as fast."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(7)
            self.blocks = nn.ModuleList(nn.Conv2d(8 if block else 3, 8, 3, padding=1) for block in range(5))
        self.requires_grad_(False)

    def forward(self, picture, layers):
        features, x = {}, picture.to(self.blocks[0].weight.dtype) - 0.5
        for number, block in enumerate(self.blocks, 1):
            x = block(x if number == 1 else nn.functional.max_pool2d(x, 2)).relu()
            features.update({layer: x for layer in layers if layer[4] == str(number)})
        return features


def differing(one, other, path=""):
    """Return the paths at which two nested structures of tensors and values are not the same, bit for bit."""
    if isinstance(one, dict):
        keys = one.keys() | other.keys()
        return [found for key in keys for found in differing(one.get(key), other.get(key), f"{path}/{key}")]
    if isinstance(one, list | tuple):
        if len(one) != len(other):
            return [path]
        pairs = enumerate(zip(one, other, strict=True))
        return [found for i, pair in pairs for found in differing(*pair, f"{path}/{i}")]
    same = torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other
    return [] if same else [path]


def checkpoint(run):
    """Return the checkpoint of a run without what two equal runs may differ in: their folder and their time."""
    saved = torch.load(run / "checkpoint.pt", weights_only=True)
    return {key: value for key, value in saved.items() if key not in ("config", "seconds")}
