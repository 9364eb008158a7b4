import pytest
import torch

from impasto.perceptual.weights import load_vgg19


@pytest.fixture(scope="session")
def vgg():
    """Return the real VGG-19, float32."""
    return load_vgg19()


@pytest.fixture(scope="session")
def astronaut(photo):
    """Return a photo, (1, 3, 101, 77) float32."""
    return torch.from_numpy(photo.copy()).permute(2, 0, 1)[None].float() / 255


@pytest.fixture(scope="session")
def waves():
    """Return a painting of coloured waves, (1, 3, 96, 128) float32."""
    down, across = torch.meshgrid(torch.linspace(0, 30, 96), torch.linspace(0, 40, 128), indexing="ij")
    phases = torch.stack([down + torch.sin(across / 3) * 2, down * 1.3 + across / 5, across - down / 2])
    return (0.5 + 0.4 * torch.sin(phases))[None]
