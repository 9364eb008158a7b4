import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.training.config import TrainConfig
from impasto.training.schedule import averaging_decay, learning_rate_factor


def course(steps, **options):
    return [learning_rate_factor(step, steps, TrainConfig(**options)) for step in range(steps)]


def test_the_learning_rate_rises_over_the_warm_up_and_falls_as_a_cosine():
    factors = course(1000, warmup=50)
    assert factors[0] == pytest.approx(1 / 51, rel=1e-3)
    assert factors[25] == pytest.approx(26 / 51, rel=1e-2)
    assert max(factors) == max(factors[49:53])
    assert factors[500] == pytest.approx(0.5)
    assert 0 < factors[-1] < 1e-5
    assert factors[60:] == sorted(factors[60:], reverse=True)


def test_a_constant_schedule_only_warms_up():
    factors = course(100, warmup=4, schedule="constant")
    assert factors[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert set(factors[5:]) == {1.0}


def test_the_warm_up_is_at_most_a_tenth_of_the_run():
    assert course(20, warmup=1000, schedule="constant")[2] == 1.0


@given(st.integers(1, 10_000), st.integers(0, 2000), st.sampled_from(["cosine", "constant"]), st.data())
def test_the_factor_is_a_positive_fraction(steps, warmup, schedule, data):
    step = data.draw(st.integers(0, steps - 1))
    assert 0 < learning_rate_factor(step, steps, TrainConfig(warmup=warmup, schedule=schedule)) <= 1


def test_the_average_forgets_its_first_steps_and_comes_to_its_decay():
    decays = [averaging_decay(updates, 0.998) for updates in range(1, 6000)]
    assert decays[0] == 2 / 11
    assert decays == sorted(decays)
    assert decays[-1] == 0.998
    assert averaging_decay(100, 0.0) == 0
