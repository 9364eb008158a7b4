"""Faults that are put into real paintings are found, and the paintings by themselves have none."""

import numpy as np
import pytest
import skimage.data
import torch

from impasto.model import find_style, network_of
from impasto.runtime.engines.torch_engine import load_net
from impasto.training.artefacts import findings

PHOTOS = {name: getattr(skimage.data, name)()[:300, :400] for name in ("astronaut", "coffee", "chelsea", "rocket")}
STYLES = ("starry-night", "great-wave", "udnie")


@pytest.fixture(scope="module")
def paintings():
    """Return what the bundled network makes of the photos; by torch, as engines and workers do not go together."""
    net, _ = load_net(network_of().with_suffix(".safetensors"))
    made = {}
    for style in STYLES:
        vector = torch.from_numpy(find_style(style).vector)[None]
        for name, pixels in PHOTOS.items():
            photo = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255
            with torch.inference_mode():
                painted = net(photo, vector)[0].permute(1, 2, 0).clamp(0, 1)
            made[name, style] = (painted * 255).round().byte().numpy()
    return made


def kinds(photo, painted):
    return {finding.kind for finding in findings(photo, painted)}


def shifted(painted, change):
    return np.clip(painted + change, 0, 255).astype(np.uint8)


def test_paintings_and_photos_have_none(paintings):
    for (photo, _), painted in paintings.items():
        assert kinds(PHOTOS[photo], painted) == set()
        assert kinds(PHOTOS[photo], PHOTOS[photo]) == set()


@pytest.mark.parametrize("period", [2, 4])
def test_checkerboards_are_found(paintings, period):
    for (photo, _), painted in paintings.items():
        rows, columns = np.indices(painted.shape[:2])
        board = 8.0 * np.where((rows // (period // 2) + columns // (period // 2)) % 2, 1, -1)[..., None]
        assert "checkerboard" in kinds(PHOTOS[photo], shifted(painted, board))


def test_frames_are_found(paintings):
    for (photo, _), painted in paintings.items():
        frame = np.full(painted.shape, 60.0)
        frame[5:-5, 5:-5] = 0
        dark = shifted(painted, -frame)
        assert "frame" in kinds(PHOTOS[photo], dark) or painted[:5].mean() < 60


def test_blobs_on_a_flat_sky_are_found():
    photo = np.full((200, 260, 3), 200, np.uint8)
    rows, columns = np.indices(photo.shape[:2])
    spot = 180.0 * np.exp(-((rows - 90) ** 2 + (columns - 130) ** 2) / 40)[..., None]
    texture = np.random.default_rng(0).normal(0, 4, photo.shape)
    assert kinds(photo, shifted(photo, texture - spot)) == {"blob"}
    assert kinds(photo, shifted(photo, texture)) == set()


def test_a_spot_of_the_photo_is_no_blob():
    photo = np.full((200, 260, 3), 220, np.uint8)
    photo[80:90, 100:110] = 10
    assert kinds(photo, photo) == set()


def test_small_pictures_are_let_through():
    chance = np.random.default_rng(0)
    picture = chance.integers(0, 256, (95, 300, 3), dtype=np.uint8)
    assert findings(picture, picture[::-1]) == []


def test_every_kind_says_its_cause():
    photo = np.full((200, 260, 3), 128, np.uint8)
    board = np.where(np.indices((200, 260)).sum(0) % 2, 20.0, -20.0)[..., None]
    (found,) = findings(photo, shifted(photo, board))
    assert found.strength == pytest.approx(20, rel=0.1)
    assert "upsampling=resize" in found.cause
