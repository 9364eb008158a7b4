import pytest
import torch

from impasto.perceptual.criterion import PerceptualCriterion
from impasto.training.balance import MOST, USUAL, balanced, pulls
from impasto.training.task import style_targets
from training.samples import SmallEyes


@pytest.fixture
def photos():
    return torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def targets(criterion, *contrasts):
    painting = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    return style_targets(criterion, [(painting - 0.5) * contrast + 0.5 for contrast in contrasts])


def test_a_balanced_style_pulls_as_a_usual_one(photos):
    criterion = PerceptualCriterion(SmallEyes(), family="absolute")
    made = targets(criterion, 1.0, 0.3)
    before = pulls(criterion, made, photos)
    assert before.shape == (2,)
    assert before.max() / before.min() > 1.2
    assert torch.allclose(before * balanced(criterion, made, photos), torch.full((2,), USUAL))


def test_relative_losses_are_changed_within_bounds(photos):
    criterion = PerceptualCriterion(SmallEyes())
    factors = balanced(criterion, targets(criterion, 1.0, 0.02), photos)
    assert factors.min() >= 1 / MOST
    assert factors.max() <= MOST


def test_it_is_the_same_again_and_leaves_nothing_behind(photos):
    criterion = PerceptualCriterion(SmallEyes())
    made = targets(criterion, 1.0, 0.5)
    before = photos.clone()
    assert torch.equal(balanced(criterion, made, photos), balanced(criterion, made, photos))
    assert torch.equal(photos, before)
    assert photos.grad is None
