"""Optimisation beside the network: an objective that falls, and iterations that are counted."""

from itertools import islice

import numpy as np
import pytest
import torch

from impasto.evaluation import paper
from impasto.evaluation.paper import descend, square, table, worth
from impasto.model import read_style
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.weights import load_vgg19
from impasto.runtime.session import Session


@pytest.fixture(scope="module")
def criterion():
    return PerceptualCriterion(load_vgg19())


@pytest.fixture
def session(tiny_model):
    return Session.open(tiny_model.network, precision="f32")


def test_the_objective_falls_from_noise(criterion, photo):
    content, _ = _pictures(photo, None)
    painting = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    found = list(islice(descend(criterion, content, painting), 9))
    objectives = [value for value, _ in found]
    assert objectives[-1] < 0.5 * objectives[0]
    assert all(seconds > 0 for _, seconds in found)
    assert next(descend(criterion, content, painting))[0] == pytest.approx(objectives[0], rel=1e-5)


def test_a_row_for_each_size(criterion, session, tiny_model, photo, monkeypatch):
    monkeypatch.setattr(paper, "SIZES", (32, 48))
    rows = list(table(session, read_style(tiny_model.style("dots")), photo, criterion, sample=2))
    assert [row.size for row in rows] == [32, 48]
    assert all(row.iteration > 0 and row.painting > 0 for row in rows)


def test_what_an_untrained_network_is_worth(criterion, session, tiny_model, photo):
    painting = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    style = read_style(tiny_model.style("dots"))
    found = worth(session, style, photo, painting, criterion, 48, most=12)
    steps = [value for value, _ in islice(descend(criterion, *_pictures(photo, painting)), 13)]
    reached = [step for step, value in enumerate(steps) if value <= found.objective]
    assert found.iterations == (reached[0] if reached else None)
    assert found.identity > 0
    assert (found.size, found.tried) == (48, 12)
    none = worth(session, style, photo, painting, criterion, 48, most=0)
    assert none.iterations in (None, 0)


def _pictures(photo, painting):
    return torch.from_numpy(square(photo, 48)).permute(2, 0, 1)[None].float() / 255, painting


@pytest.mark.parametrize("size", [1, 31, 64])
def test_the_middle_of_a_photo(size):
    photo = np.zeros((40, 90, 3), np.uint8)
    photo[:, 25:65] = 200
    middle = square(photo, size)
    assert middle.shape == (size, size, 3)
    assert middle.min() > 190
