"""Strength is a content distance, whatever the pair and the loss."""

import pytest
import torch

from impasto.gatys.balance import MOST, PATIENCE, Balance
from impasto.gatys.config import OptimizeConfig
from impasto.gatys.loop import optimize
from impasto.gatys.objective import Evaluation


def evaluation(content, loss=1.0):
    return Evaluation(loss, content, 0.1, torch.zeros(1))


def test_a_weight_that_is_given_stays():
    balance = Balance(OptimizeConfig(style_weight=3.0, content_weight=2.0))
    assert (balance.weights.content, balance.weights.style) == (2.0, 3.0)
    assert not balance.lead(evaluation(0.01), 1.0)


@pytest.mark.parametrize(("strength", "weights"), [(0.0, (1.0, 0.0)), (1.0, (0.0, 1.0))])
def test_the_ends_are_content_only_and_style_only(strength, weights):
    balance = Balance(OptimizeConfig(style_strength=strength))
    assert (balance.weights.content, balance.weights.style) == weights
    assert not balance.lead(evaluation(0.3), 0.5)


def test_without_content_there_is_style_only():
    weights = Balance(OptimizeConfig(content_weight=0.0)).weights
    assert (weights.content, weights.style) == (0.0, 1.0)


def led(balance, contents, over=0.5, loss=1.0):
    return [balance.lead(evaluation(content, loss), over) for content in contents]


def test_the_weight_rises_where_content_is_nearer_than_allowed_and_falls_where_it_is_farther():
    for content, rises in ((0.1, True), (0.9, False)):
        balance = Balance(OptimizeConfig(style_strength=0.5))
        before = balance.weights.style
        assert led(balance, [content] * PATIENCE) == [False] * (PATIENCE - 1) + [True]
        assert (balance.weights.style > before) is rises
        assert 1 / MOST <= balance.weights.style / before <= MOST
        assert balance.weights.content == 1


def test_the_best_since_the_last_change_counts():
    balance = Balance(OptimizeConfig(style_strength=0.5))
    led(balance, [0.5])
    assert not any(led(balance, [0.1] * PATIENCE, loss=2.0))  # steps that went wrong
    balance.begin()
    assert any(led(balance, [0.1] * PATIENCE, loss=2.0))


def test_it_stays_at_the_end_of_the_work():
    assert not any(led(Balance(OptimizeConfig(style_strength=0.5)), [0.1] * 50, over=0.95))


@pytest.mark.parametrize("loss", ["gram", "mean-deviation", "nearest"])
@pytest.mark.parametrize("strength", [0.2, 0.6])
def test_the_content_distance_comes_to_the_strength(vgg, astronaut, waves, loss, strength):
    from gatys.test_loop import SMALL, problem

    options = {**SMALL, "steps": (80,), "style_weight": 0.0, "style_strength": strength, "style_loss": loss}
    steps = list(optimize(problem(astronaut, waves), vgg, OptimizeConfig.of(**options)))
    last = [step for step in steps if step.style_weight == steps[-1].style_weight]
    assert min(last, key=lambda step: step.loss).content == pytest.approx(strength, rel=0.25)
