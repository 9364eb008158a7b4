"""Plain L-BFGS, with a small stand-in for VGG-19."""

from itertools import islice

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from impasto.evaluation.gatys import Gatys, Recipe, iterates
from impasto.evaluation.judge import Judge, Pair
from impasto.evaluation.quality import tensor_of
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.losses import total_variation
from training.samples import SmallEyes

RECIPE = Recipe(size=64, vgg="small")


@pytest.fixture
def criterion():
    return PerceptualCriterion(SmallEyes())


@pytest.fixture
def pair(save):
    return Pair(*(str(save(f"{name}.png", getattr(skimage.data, name)())) for name in ("astronaut", "coffee")))


def objective(criterion, picture, photo, painting):
    found = criterion(picture, criterion.content_target(photo), criterion.style_target(painting))
    return float(found.content + 10 * found.style + 10 * total_variation(picture))


@pytest.mark.parametrize("start", ["noise", "photo"])
def test_the_objective_falls_and_is_that_of_the_picture(criterion, pair, start):
    judge = Judge(criterion, 64)
    photo, painting = tensor_of(judge.photo(pair)), tensor_of(judge.painting(pair))
    recipe = Recipe(64, start=start, vgg="small")
    found = list(islice(iterates(criterion, photo, painting, recipe), 40))
    assert found[0].objective > found[9].objective > found[39].objective
    for each in (found[0], found[39]):
        assert objective(criterion, each.picture, photo, painting) == pytest.approx(each.objective, rel=1e-4)
    assert all(0 <= each.picture.min() <= each.picture.max() <= 1 for each in found)
    if start == "photo":
        assert torch.equal(found[0].picture, photo)
    else:
        assert torch.equal(found[0].picture, next(iterates(criterion, photo, painting, recipe)).picture)


def test_one_run_gives_all_rows_and_what_was_kept_is_found(criterion, pair, tmp_path):
    judge, told = Judge(criterion, 64), []
    painter = Gatys(criterion, (4, 2), RECIPE, tmp_path / "out")
    made = dict(painter.paint(pair, judge, told.append))
    assert list(made) == list(painter.names) == ["Gatys, 2 iterations", "Gatys, 4 iterations"]
    assert told == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert painter.found == 0
    assert (tmp_path / "out/gatys-4/coffee/astronaut.png").is_file()
    again = Gatys(criterion, (2, 4), RECIPE, tmp_path / "out")
    found = dict(again.paint(pair, judge, told.append))
    assert len(told) == 5
    assert again.found == 2
    assert all(np.array_equal(made[name], found[name]) for name in made)
    assert again.curves == painter.curves
    assert [len(curve) for curve in again.curves.values()] == [5]


def test_an_objective_is_worth_the_iterations_that_reach_it(criterion, pair):
    painter = Gatys(criterion, (4,), RECIPE)
    list(painter.paint(pair, Judge(criterion, 64), lambda over: None))
    curve = painter.curves[pair]
    assert painter.worth(pair, curve[0] + 1) == 0
    assert painter.worth(pair, curve[3]) == curve.index(next(value for value in curve if value <= curve[3]))
    assert painter.worth(pair, 0.0) == 4  # never reached: the most that were run


def test_what_was_kept_of_another_recipe_or_photo_is_painted_again(criterion, pair, tmp_path):
    judge = Judge(criterion, 64)
    list(Gatys(criterion, (1,), RECIPE, tmp_path).paint(pair, judge, lambda over: None))
    heavier = Gatys(criterion, (1,), Recipe(64, style_weight=11.0, vgg="small"), tmp_path)
    list(heavier.paint(pair, judge, lambda over: None))
    Image.fromarray(skimage.data.chelsea()).save(pair.photo)
    other = Gatys(criterion, (1,), RECIPE, tmp_path)
    list(other.paint(pair, Judge(criterion, 64), lambda over: None))
    assert heavier.found == other.found == 0


@pytest.mark.parametrize(("suffix", "content"), [(".png", b"\x89PNG"), (".json", b"{"), (".json", b"{}")])
def test_what_is_damaged_is_painted_again(criterion, pair, tmp_path, suffix, content):
    judge = Judge(criterion, 64)
    list(Gatys(criterion, (1,), RECIPE, tmp_path).paint(pair, judge, lambda over: None))
    (tmp_path / f"gatys-1/coffee/astronaut{suffix}").write_bytes(content)
    again = Gatys(criterion, (1,), RECIPE, tmp_path)
    assert len(list(again.paint(pair, judge, lambda over: None))) == 1
    assert again.found == 0


def test_without_a_folder_nothing_is_written(criterion, pair, tmp_path):
    before = set(tmp_path.rglob("*"))
    list(Gatys(criterion, (1,), RECIPE).paint(pair, Judge(criterion, 64), lambda over: None))
    assert set(tmp_path.rglob("*")) == before
