import pytest
import torch

from impasto.errors import OptimizationError
from impasto.gatys import loop
from impasto.gatys.config import OptimizeConfig
from impasto.gatys.loop import Problem, optimize
from impasto.gatys.targets import Guide
from impasto.perceptual.criterion import PerceptualCriterion

SMALL = {"smallest": 48, "steps": 12, "style_weight": 10.0}


def problem(photo, *paintings, start=True):
    guides = [Guide(None, (1.0,) * len(paintings), [None] * len(paintings))]
    return Problem(photo, paintings, guides, photo if start is True else start)


def steps_of(vgg, posed, **options):
    return list(optimize(posed, vgg, OptimizeConfig.of(**{**SMALL, **options})))


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_the_picture_comes_nearer_to_both(vgg, astronaut, waves, optimizer):
    last = steps_of(vgg, problem(astronaut, waves), optimizer=optimizer, steps=30)[-1]
    criterion = PerceptualCriterion(vgg)
    content, style = criterion.content_target(astronaut), criterion.style_target(waves)
    with torch.no_grad():
        itself, painted = (criterion(picture, content, style) for picture in (astronaut, last.picture))
    assert painted.style < 0.5 * itself.style
    assert painted.content + 10 * painted.style < 0.6 * 10 * itself.style
    assert last.picture.shape == astronaut.shape
    assert 0 <= last.picture.min() <= last.picture.max() <= 1 + 1e-5


def test_scales_go_from_coarse_to_fine_and_steps_are_counted(vgg, astronaut, waves):
    steps = steps_of(vgg, problem(astronaut, waves))
    assert [step.number for step in steps] == list(range(1, 13))
    assert [step.size for step in steps] == [(50, 38)] * 6 + [(101, 77)] * 6
    assert [step.scale for step in steps] == [1] * 6 + [2] * 6
    assert all(step.picture.shape[2:] == step.size for step in steps)
    overs = [step.over for step in steps]
    assert overs == sorted(overs)
    assert overs[-1] == 1


def test_a_budget_ends_in_time_with_every_scale_done(vgg, astronaut, waves):
    steps = steps_of(vgg, problem(astronaut, waves), steps=0, budget="2s")
    assert {step.size for step in steps} == {(50, 38), (101, 77)}
    assert steps[-1].over == 1
    assert 1.5 < steps[-1].seconds < 6


def test_the_shortest_budget_still_makes_a_step_at_each_scale(vgg, astronaut, waves):
    steps = steps_of(vgg, problem(astronaut, waves), steps=0, budget="0.001s")
    assert [step.size for step in steps] == [(50, 38), (101, 77)]


def test_the_same_seed_gives_the_same_picture(vgg, astronaut, waves):
    pictures = [
        steps_of(vgg, problem(astronaut, waves, start=None), steps=4, seed=seed)[-1].picture for seed in (3, 3, 4)
    ]
    torch.testing.assert_close(pictures[0], pictures[1], atol=1e-4, rtol=0)
    assert (pictures[0] - pictures[2]).abs().mean() > 0.01


@pytest.mark.parametrize("pooling", ["average", "max"])
def test_the_algorithm_of_2015_falls_below_a_twentieth_of_its_first_loss(astronaut, waves, pooling):
    from impasto.perceptual.weights import load_vgg19

    config = OptimizeConfig.of(preset="gatys-2015", steps=100, pooling=pooling)
    assert config.losses == "absolute"
    vgg = load_vgg19(pooling=config.pooling)
    steps = list(optimize(problem(astronaut, waves, start=None), vgg, config))
    assert {step.size for step in steps} == {(101, 77)}
    assert min(step.loss for step in steps) < 0.05 * steps[0].loss


def test_a_loss_that_is_no_number_ends_with_the_best_until_then(vgg, astronaut, waves, monkeypatch):
    evaluate, calls = loop.Objective.__call__, []

    def breaking(self, picture):
        calls.append(1)
        return evaluate(self, picture if len(calls) < 6 else picture * float("nan"))

    monkeypatch.setattr(loop.Objective, "__call__", breaking)
    seen = []
    with pytest.raises(OptimizationError, match=r"the loss became nan at step 6; lower --lr"):
        for step in optimize(problem(astronaut, waves), vgg, OptimizeConfig.of(**SMALL)):
            seen.append(step)  # noqa: PERF402 - what came before the error counts
    assert len(seen) == 5
    assert all(step.picture.isfinite().all() for step in seen)


def test_pieces_are_halved_while_memory_does_not_suffice(vgg, astronaut, waves, monkeypatch):
    evaluate, sides = loop.Objective.__call__, []

    def hungry(self, picture):
        sides.append(self.eye.side)
        if self.eye.side > 40:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried")
        return evaluate(self, picture)

    monkeypatch.setattr(loop.Objective, "__call__", hungry)
    monkeypatch.setattr("impasto.gatys.memory.SMALLEST", 16)
    steps = steps_of(vgg, problem(astronaut, waves), smallest=1000, steps=2)
    assert len(steps) == 2
    assert sides == [112, 48, 16, 16]
    assert not steps[0].plan.whole


def test_without_memory_for_the_smallest_pieces_it_says_what_to_do(vgg, astronaut, waves, monkeypatch):
    def greedy(self, picture):
        raise MemoryError

    monkeypatch.setattr(loop.Objective, "__call__", greedy)
    with pytest.raises(OptimizationError, match=r"memory does not suffice even for pieces of \d+ px; give a smaller"):
        steps_of(vgg, problem(astronaut, waves))


def test_other_errors_are_not_taken_for_a_lack_of_memory(vgg, astronaut, waves, monkeypatch):
    def broken(self, picture):
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(loop.Objective, "__call__", broken)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        steps_of(vgg, problem(astronaut, waves))


def test_fine_strokes_come_from_their_own_painting(vgg, astronaut, waves):
    stripes = (torch.arange(128) // 3 % 2).float().expand(1, 3, 96, 128).contiguous()
    posed = problem(astronaut, waves)
    fine = Problem(posed.photo, posed.paintings, posed.guides, posed.start, stripes)
    plain, striped = (steps_of(vgg, one, smallest=1000, steps=40)[-1].picture for one in (posed, fine))

    criterion = PerceptualCriterion(vgg, style_layers=("relu1_1", "relu2_1"))
    target = criterion.style_target(stripes)
    of_plain, of_striped = (
        float(criterion.style_distance(criterion.style_target(picture), target)) for picture in (plain, striped)
    )
    assert of_striped < 0.7 * of_plain


def test_strength_is_the_share_of_the_style(vgg, astronaut, waves):
    criterion = PerceptualCriterion(vgg)
    target = criterion.style_target(waves)
    distances = []
    for strength in (0.0, 0.3, 0.6, 1.0):
        options = {"steps": 40, "style_weight": 0.0, "style_strength": strength}
        picture = steps_of(vgg, problem(astronaut, waves), **options)[-1].picture
        distances.append(float(criterion.style_distance(criterion.style_target(picture), target)))
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < 0.5 * distances[0]
