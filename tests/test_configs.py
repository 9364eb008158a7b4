"""Every recipe in configs/ is one that a run takes."""

from pathlib import Path

import pytest

from impasto.training.config import TrainConfig
from impasto.training.recipe import read_recipe

CONFIGS = Path(__file__).parents[1] / "configs"
RECIPES = sorted(path for path in CONFIGS.glob("*.toml") if not path.name.endswith(".credits.toml"))


def test_there_are_recipes():
    assert RECIPES


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_a_run(path):
    config = TrainConfig.from_dict(read_recipe(path))
    phases = config.phases(1000)
    assert (phases[0].first, len(phases)) == (0, len(config.size))
    assert config.style
    assert config.data


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipes_network_can_be_built_and_takes_its_sizes(path):
    registry = pytest.importorskip("impasto.nets.registry")
    config = TrainConfig.from_dict(read_recipe(path))
    net = registry.build(config.network)
    assert all(size % net.stride == 0 for size in config.size)
