import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.evaluation.bootstrap import interval

FEW = {"resamples": 400, "seed": 0}


def crossed(photos, paintings, value):
    pairs = [(f"photo {i}", f"painting {j}", value(i, j)) for i in range(photos) for j in range(paintings)]
    return tuple(zip(*pairs, strict=True))


def test_it_covers_the_true_median_about_as_often_as_it_says():
    hits = 0
    for trial in range(100):
        chance = np.random.default_rng(trial)
        of_photo, of_painting = chance.normal(size=12), chance.normal(size=12)
        photos, paintings, values = crossed(12, 12, lambda i, j, a=of_photo, b=of_painting: a[i] + b[j])
        low, high = interval(values, photos, paintings, **FEW)
        hits += low <= 0 <= high
    assert hits >= 88


def test_values_that_follow_the_photo_are_as_sure_as_there_are_photos():
    chance = np.random.default_rng(0).normal(size=8)
    photos, paintings, values = crossed(8, 50, lambda i, j: chance[i])
    low, high = interval(values, photos, paintings, **FEW)
    independent = interval(values, range(400), range(400), **FEW)
    assert high - low > 3 * (independent[1] - independent[0])


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=30), st.integers(0, 5))
def test_it_lies_within_the_values(values, seed):
    names = [str(number) for number in range(len(values))]
    low, high = interval(values, names, ["one painting"] * len(values), resamples=100, seed=seed)
    assert min(values) <= low <= high <= max(values)


def test_it_is_the_same_again_and_of_one_value_nothing_is_known():
    values = ([1.0, 2.0, 5.0], ["a", "b", "c"], ["x", "x", "y"])
    assert interval(*values, **FEW) == interval(*values, **FEW)
    assert interval([1.0], ["a"], ["x"], **FEW) is None


def test_the_same_value_everywhere_is_sure():
    photos, paintings, values = crossed(3, 3, lambda i, j: 0.5)
    assert interval(values, photos, paintings, **FEW) == (pytest.approx(0.5), pytest.approx(0.5))
