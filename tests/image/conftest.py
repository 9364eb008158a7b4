"""Real pictures, small, from scikit-image's wheel; and Pillow's way of making files of them."""

from __future__ import annotations

import io

import numpy as np
import pytest
import skimage.data
from PIL import Image


@pytest.fixture(scope="session")
def photo():
    """Return an astronaut's face, (101, 77, 3) uint8: odd, and taller than wide."""
    pixels = np.ascontiguousarray(skimage.data.astronaut()[20:222:2, 150:304:2])
    pixels.setflags(write=False)
    return pixels


@pytest.fixture(scope="session")
def grey():
    """Return a camera man, (101, 77) uint8."""
    pixels = np.ascontiguousarray(skimage.data.camera()[50:353:3, 130:361:3])
    pixels.setflags(write=False)
    return pixels


@pytest.fixture(scope="session")
def soft_alpha():
    """Return an alpha of all levels from left to right, (101, 77) uint8."""
    alpha = np.tile(np.linspace(0, 255, 77).round().astype(np.uint8), (101, 1))
    alpha.setflags(write=False)
    return alpha


@pytest.fixture
def saved():
    """Return a function that gives the bytes of Pillow's image or an array, saved by Pillow itself."""

    def save(image, kind="PNG", **options):
        buffer = io.BytesIO()
        (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(buffer, kind, **options)
        return buffer.getvalue()

    return save
