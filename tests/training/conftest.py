"""A run's ingredients: two paintings, eight photos, and a config that trains in milliseconds."""

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from impasto.training import run as run_module
from impasto.training.config import TrainConfig
from training.samples import TINY, SmallEyes


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """Return a folder with paintings/{dots,waves}.png and photos/*.jpg, which no test changes."""
    root = tmp_path_factory.mktemp("pictures")
    (root / "photos").mkdir()
    (root / "paintings").mkdir()
    subjects = (skimage.data.astronaut(), skimage.data.coffee(), skimage.data.chelsea(), skimage.data.rocket())
    for number, pixels in enumerate([*subjects, *(np.rot90(subject) for subject in subjects)]):
        Image.fromarray(pixels).resize((96, 80)).save(root / "photos" / f"{number}.jpg")
    chance = np.random.default_rng(0)
    dots = Image.fromarray(chance.integers(0, 256, (12, 16, 3), np.uint8)).resize((96, 72), Image.Resampling.NEAREST)
    dots.save(root / "paintings" / "dots.png")
    wave = 127 + 127 * np.sin(np.mgrid[:72, :96].sum(0)[..., None] / (2, 3, 5))
    Image.fromarray(wave.astype(np.uint8)).save(root / "paintings" / "waves.png")
    return root


@pytest.fixture
def small_eyes(monkeypatch):
    """Let runs see by the stand-in for VGG-19."""
    monkeypatch.setattr(run_module, "load_vgg19", lambda source, pooling: SmallEyes())


@pytest.fixture
def make_config(pictures, tmp_path):
    """Return a function that gives the config of a tiny run, with options changed."""

    def make(**changes):
        options = {
            "style": (str(pictures / "paintings/dots.png"), str(pictures / "paintings/waves.png")),
            "data": (str(pictures / "photos"),),
            "output": str(tmp_path / "run"),
            "network": TINY,
            "steps": 6,
            "size": (64,),
            "batch_size": (2,),
            "style_size": (64,),
            "share": (1.0,),
            "precision": "f32",
            "device": "cpu",
            "workers": 0,
            "log_every": 1,
        }
        return TrainConfig(**{**options, **changes})

    return make
