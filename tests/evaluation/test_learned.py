"""LPIPS and ArtFID: small stand-ins for packages whose weights are not on this machine."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.linalg import sqrtm
from torch import nn

from impasto.errors import WeightsError
from impasto.evaluation.learned import (
    ALEXNET,
    ART_INCEPTION,
    ArtFid,
    frechet_distance,
    open_art_features,
    open_lpips,
)


class Inception3(nn.Module):
    """A network with the package's interface, and one layer."""

    def __init__(self, *, init_weights):
        super().__init__()
        self.Conv2d_1a_3x3, self.fc1 = nn.Conv2d(3, 2048, 1), nn.Linear(2048, 4)

    def forward(self, x, return_features):
        assert return_features
        return self.Conv2d_1a_3x3(x).mean((2, 3))


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """Return the folder in which torch keeps weights."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    return tmp_path / "checkpoints"


@pytest.fixture
def package(monkeypatch):
    monkeypatch.setitem(sys.modules, "art_fid", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "art_fid.inception", SimpleNamespace(Inception3=Inception3))


@pytest.mark.parametrize(
    ("open_", "module", "weights"),
    [(open_lpips, "lpips", ALEXNET), (open_art_features, "art_fid.inception", ART_INCEPTION)],
)
def test_without_its_package_or_weights_a_measure_says_so(monkeypatch, cache, open_, module, weights):
    monkeypatch.setitem(sys.modules, module.partition(".")[0], SimpleNamespace())
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(WeightsError, match=f"needs the package {module}"):
        open_()
    monkeypatch.setitem(sys.modules, module, SimpleNamespace())
    with pytest.raises(WeightsError, match=weights):
        open_()


def test_features_are_those_of_the_weights(package, cache):
    known = Inception3(init_weights=False)
    torch.save({"Conv2d_1a_3x3." + name: value for name, value in known.Conv2d_1a_3x3.state_dict().items()},
               cache / ART_INCEPTION)  # fmt: skip
    picture = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None] / 255
    expected = known(pixels, return_features=True)[0].detach()
    assert_allclose(open_art_features()(picture), expected, atol=1e-6)


@pytest.mark.parametrize("known", [{}, {"Conv2d_1a_3x3.weight": torch.zeros(7)}, b"nothing of the kind"])
def test_weights_of_another_network_are_refused(package, cache, known):
    (cache / ART_INCEPTION).write_bytes(known) if isinstance(known, bytes) else torch.save(known, cache / ART_INCEPTION)
    with pytest.raises(WeightsError, match="is not ArtFID's network"):
        open_art_features()


def test_the_distance_is_that_of_the_covariances_root():
    one, other = (np.random.default_rng(seed).normal(seed, 1 + seed, (40, 6)) for seed in (0, 1))
    a, b = np.cov(one, rowvar=False), np.cov(other, rowvar=False)
    expected = np.square(one.mean(0) - other.mean(0)).sum() + np.trace(a + b - 2 * sqrtm(a @ b).real)
    assert frechet_distance(one, other) == pytest.approx(expected)
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-9)


def test_fewer_pictures_than_features_are_enough():
    one, other = (np.random.default_rng(seed).normal(seed, 1, (5, 2048)) for seed in (0, 1))
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(one, other) > 2048 * 0.5


def test_who_paints_like_the_paintings_is_nearer():
    pictures = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), np.uint8)
    art = ArtFid(lambda picture: picture.mean((0, 1)) / 255)
    for name, pixels in zip("abcd", pictures, strict=True):
        art.look("a copyist", pixels, name, pixels)
        art.look("nobody", pixels // 4, name, pixels)
    art.look("once", pictures[0], "a", pictures[0])
    assert art.of("a copyist", 0.0) == pytest.approx(1)
    assert art.of("a copyist", 0.5) == pytest.approx(1.5)
    assert art.of("nobody", 0.0) > 1.1
    assert art.of("once", 0.0) is None
