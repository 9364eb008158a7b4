import pytest
import torch

from impasto.perceptual.criterion import PerceptualCriterion
from impasto.training.balance import EXPONENT, USUAL, balanced, pulls
from training.samples import SmallEyes


@pytest.fixture
def photos():
    return torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def paintings():
    painting = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    return [(painting - 0.5) * contrast + 0.5 for contrast in (1.0, 0.1)]


def test_what_pulls_harder_counts_more_but_by_much_less(photos, paintings):
    criterion = PerceptualCriterion(SmallEyes())
    found, factors = pulls(criterion, paintings, photos), balanced(criterion, paintings, photos)
    assert found.shape == factors.shape == (2,)
    assert found[0] != pytest.approx(float(found[1]), rel=0.1)
    assert torch.allclose(factors, (found / USUAL) ** EXPONENT)


def test_absolute_losses_pull_as_relative_ones_do(photos, paintings):
    absolute, relative = (PerceptualCriterion(SmallEyes(), family=family) for family in ("absolute", "relative"))
    one = pulls(absolute, paintings, photos) * balanced(absolute, paintings, photos)
    other = pulls(relative, paintings, photos) * balanced(relative, paintings, photos)
    assert torch.allclose(one, other, rtol=1e-4)


def test_it_is_the_same_again_and_leaves_nothing_behind(photos, paintings):
    criterion = PerceptualCriterion(SmallEyes())
    before = photos.clone()
    assert torch.equal(balanced(criterion, paintings, photos), balanced(criterion, paintings, photos))
    assert torch.equal(photos, before)
    assert photos.grad is None
