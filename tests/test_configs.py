"""Every recipe in configs/ is one that a run takes, and those of the papers make steps."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from impasto.options import read_toml
from impasto.training.config import TrainConfig
from impasto.training.recipe import read_recipe

CONFIGS = Path(__file__).parents[1] / "configs"
OPTIMIZED = CONFIGS / "gatys2015.toml"
RECIPES = sorted(
    path for path in CONFIGS.glob("*.toml") if not path.name.endswith(".credits.toml") and path != OPTIMIZED
)
PAPERS = [CONFIGS / f"{name}.toml" for name in ("johnson2016", "ulyanov2016", "dumoulin2017")]


def test_there_are_recipes():
    assert set(PAPERS) < set(RECIPES)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_a_run(path):
    config = TrainConfig.from_dict(read_recipe(path))
    phases = config.phases(1000)
    assert (phases[0].first, len(phases)) == (0, len(config.size))
    assert config.style
    assert config.data


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipes_network_can_be_built_and_takes_its_sizes(path):
    registry, run = (pytest.importorskip(f"impasto.{name}") for name in ("nets.registry", "training.run"))
    config = TrainConfig.from_dict(read_recipe(path))
    base = config.base if config.base == "bundled" else ""  # other bases are runs, which are not here
    net = registry.build(run.architecture(replace(config, base=base)))
    assert all(size % net.stride == 0 for size in config.size)


def test_johnsons_recipe_is_the_papers():
    config = TrainConfig.from_dict(read_recipe(PAPERS[0]))
    assert (config.steps, config.batch_size, config.size, config.lr) == (40000, (4,), (256,), 1e-3)
    assert (config.losses, config.schedule, config.warmup, config.clip, config.ema) == ("absolute", "constant", 0, 0, 0)
    assert not any((config.range_weight, config.identity_weight, config.steady_weight, config.style_ramp))


@pytest.fixture
def pictures(tmp_path):
    """Return a folder with two photos and as many paintings as are asked for."""

    def make(paintings):
        for number, subject in enumerate(("astronaut", "coffee")):
            pixels = getattr(skimage.data, subject)()
            (tmp_path / "photos").mkdir(exist_ok=True)
            Image.fromarray(pixels).resize((96, 80)).save(tmp_path / "photos" / f"{number}.jpg")
        for number in range(paintings):
            pixels = np.random.default_rng(number).integers(0, 256, (72, 96, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / f"painting-{number}.png")
        return tmp_path

    return make


@pytest.mark.parametrize("path", PAPERS, ids=lambda path: path.stem)
def test_a_papers_recipe_makes_steps(path, pictures, monkeypatch):
    from impasto.training import run
    from training.samples import SmallEyes

    monkeypatch.setattr(run, "load_vgg19", lambda source, pooling: SmallEyes())
    recipe = read_recipe(path)
    folder = pictures(len(recipe["style"]))
    changes = {
        "style": [str(folder / f"painting-{number}.png") for number in range(len(recipe["style"]))],
        "data": [str(folder / "photos")],
        "output": str(folder / "run"),
        "steps": 3,
        "size": [32],
        "batch_size": [2],
        "style_size": [64],
        "precision": "f32",
        "device": "cpu",
        "workers": 0,
    }
    made = run.begin(TrainConfig.from_dict({**recipe, **changes}))
    assert made.facts["steps"] == 3
    assert len(made.vectors) == len(recipe["style"])
    assert all(math.isfinite(float(value.sum())) for value in made.net.state_dict().values())


@pytest.mark.slow
def test_gatys_recipe_makes_steps(pictures):
    from impasto import optimizing
    from impasto.gatys.config import OptimizeConfig

    recipe = read_toml(OPTIMIZED)
    config = OptimizeConfig.of(**recipe)
    assert (config.losses, config.start, config.pooling, config.steps) == ("absolute", "noise", "average", (500,))
    folder = pictures(1)
    changes = {"steps": (4,), "size": 64, "device": "cpu"}
    running = optimizing.open_optimization(folder / "photos/0.jpg", folder / "painting-0.png", **{**recipe, **changes})
    losses = [step.loss for step in running.steps()]
    assert len(losses) == 4
    assert losses[-1] < losses[0]
