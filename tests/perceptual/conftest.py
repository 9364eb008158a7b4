"""VGG-19 with its real weights, loaded once; photos that come inside scikit-image; and no network."""

import numpy as np
import pytest
import torch
from skimage import data

from impasto.perceptual.weights import load_vgg19


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    def refuse(*_args, **_options):
        raise AssertionError("a test tried to download")

    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)


@pytest.fixture(scope="session")
def vgg():
    return load_vgg19()


@pytest.fixture(scope="session")
def astronaut():
    return photo(data.astronaut())


@pytest.fixture(scope="session")
def coffee():
    return photo(data.coffee())


def photo(pixels, size=128):
    """Return the middle of a photo, (1, 3, size, size) float32 RGB in [0, 1]."""
    picture = torch.from_numpy(pixels / np.float32(255)).permute(2, 0, 1)[None]
    least = min(picture.shape[2:])
    top, left = (picture.shape[2] - least) // 2, (picture.shape[3] - least) // 2
    square = picture[:, :, top : top + least, left : left + least]
    return torch.nn.functional.interpolate(square, size=(size, size), mode="bilinear", antialias=True)
