import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from impasto.gatys.config import OptimizeConfig
from impasto.gatys.objective import Evaluation
from impasto.gatys.solvers import resized, solver

SOLVERS = pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])


def wanted(size=(24, 20)):
    down, across = torch.meshgrid(torch.linspace(0, 3, size[0]), torch.linspace(0, 5, size[1]), indexing="ij")
    return (0.5 + 0.4 * torch.sin(torch.stack([down, across, down + across])))[None]


def bowl(target):
    """Return an evaluation whose curvature differs a hundredfold between pixels, a mean as losses are."""
    stiff = torch.linspace(1, 100, target[0, 0].numel()).reshape(target.shape[2:])

    def evaluate(picture):
        difference = picture - target
        loss = (stiff * difference.square()).mean()
        return Evaluation(float(loss), float(loss), 0.0, 2 * stiff * difference / difference.numel())

    return evaluate


def run(optimizer, steps, picture=None, **options):
    evaluate = bowl(wanted())
    running = solver(
        torch.full((1, 3, 24, 20), 0.5) if picture is None else picture, OptimizeConfig(optimizer=optimizer, **options)
    )
    losses = [running.step(evaluate).loss for _ in range(steps)]
    return running, losses


@SOLVERS
def test_the_picture_comes_near_to_what_is_wanted(optimizer):
    running, losses = run(optimizer, 60)
    assert losses[-1] < 0.02 * losses[0]
    assert (running.result() - wanted()).abs().mean() < 0.05


@SOLVERS
@given(seed=st.integers(0, 1000))
def test_pixels_stay_between_black_and_white(optimizer, seed):
    start = torch.rand((1, 3, 24, 20), generator=torch.Generator().manual_seed(seed))
    running, _ = run(optimizer, 5, start)
    for picture in (running.picture, running.result()):
        assert 0 <= picture.min() <= picture.max() <= 1 + 1e-6


def test_the_result_of_lbfgs_is_its_best():
    evaluate = bowl(wanted())
    running, losses = run("lbfgs", 10)
    assert evaluate(running.result()).loss == pytest.approx(min(losses))


def test_adams_steps_are_as_long_at_the_next_size():
    running, _ = run("adam", 40)
    before = running.picture
    running.step(bowl(wanted()))
    last = (running.picture - before).abs().mean()
    running.resize((48, 40))
    before = running.picture
    running.step(bowl(wanted((48, 40))))
    assert (running.picture - before).abs().mean() == pytest.approx(float(last), rel=0.5)


def test_what_lbfgs_learned_helps_at_the_next_size():
    size = (48, 40)
    running, _ = run("lbfgs", 15)
    fresh = solver(resized(running.result(), size).clamp(0, 1), OptimizeConfig())
    running.resize(size)
    evaluate = bowl(wanted(size))
    carried = [running.step(evaluate).loss for _ in range(8)]
    anew = [fresh.step(evaluate).loss for _ in range(8)]
    assert carried[0] == pytest.approx(anew[0], rel=0.2)
    assert carried[-1] <= anew[-1]


def test_resampling_keeps_a_flat_picture_flat():
    flat = torch.full((1, 3, 10, 12), 0.3)
    for size in ((5, 6), (10, 12), (33, 21)):
        torch.testing.assert_close(resized(flat, size), torch.full((1, 3, *size), 0.3), atol=1e-6, rtol=1e-5)
