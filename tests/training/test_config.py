import dataclasses
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import InvalidOption
from impasto.training.config import Phase, TrainConfig


def test_values_come_back_from_json_as_they_were():
    config = TrainConfig(style=("a.jpg", "b.jpg"), size=(64, 96), lr=1e-3, steps=7)
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_a_config_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TrainConfig().steps = 3  # type: ignore[misc]


def test_the_names_that_saved_runs_use_are_all_there():
    written = """style data output network steps epochs size batch_size style_size share content_weight style_weight
    style_start style_ramp tv_weight range_weight identity_weight steady_weight steady_noise steady_shift losses
    content_layers style_layers vgg pooling lr vector_lr weight_decay warmup schedule clip ema seed precision device
    workers blank preview preview_every checkpoint_every log_every"""
    assert set(written.split()) <= {field.name for field in dataclasses.fields(TrainConfig)}


@pytest.mark.parametrize(
    ("values", "name", "expected"),
    [
        ({"size": 64}, "size", (64,)),
        ({"size": [64, 128]}, "size", (64, 128)),
        ({"style": "a.jpg"}, "style", ("a.jpg",)),
        ({"lr": 1}, "lr", 1.0),
        ({"share": [1, 3]}, "share", (1.0, 3.0)),
        ({"epochs": 3}, "epochs", 3.0),
    ],
)
def test_plain_values_take_the_options_types(values, name, expected):
    value = getattr(TrainConfig.from_dict(values), name)
    assert value == expected
    assert type(value) is type(expected)
    assert [type(one) for one in value] == [type(one) for one in expected] if isinstance(value, tuple) else True


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sizes": 64}, "there is no training option 'sizes'; did you mean 'size'?"),
        ({"qqq": 64}, "there is no training option 'qqq'"),
        ({"steps": True}, "--steps must be a whole number, got True"),
        ({"steps": 3.0}, "--steps must be a whole number, got 3.0"),
        ({"steps": None}, "--steps must be a whole number, got None"),
        ({"steps": [3]}, "--steps must be a whole number, got [3]"),
        ({"steps": {"a": 1}}, "--steps must be a whole number, got {'a': 1}"),
        ({"lr": "fast"}, "--lr must be a number, got 'fast'"),
        ({"lr": True}, "--lr must be a number, got True"),
        ({"lr": 10**400}, "--lr must be a finite number, got inf"),
        ({"size": "64"}, "--size must be a whole number, got '64'"),
        ({"size": [64, True]}, "--size must be a whole number, got True"),
        ({"size": []}, "--size must have at least one value"),
        ({"size": [[64]]}, "--size must be a whole number, got [64]"),
        ({"size": 16}, "--size must be at least 32, got 16"),
        ({"content_layers": []}, "--content-layers must have at least one value"),
        ({"content_weight": 0, "style_weight": 0}, "there is no --teacher to learn from"),
        ({"network": 3}, "--network must be text, got 3"),
        ({"style": [3]}, "--style must be text, got 3"),
        ({"losses": "odd"}, "--losses is one of relative, absolute, got odd"),
        ({"ema": 1.0}, "--ema must be between 0 and 0.99999, got 1.0"),
        ({"seed": 2**31}, "--seed must be between 0 and 2147483647, got 2147483648"),
        ({"epochs": float("inf")}, "--epochs must be a finite number, got inf"),
        ({"share": [0.0, 0.0]}, "--share must not be all zero"),
        ({"share": [-1, 2]}, "--share must be at least 0, got -1.0"),
        ({"size": [64, 96, 128], "batch_size": [4, 2]}, "--batch-size has 2 numbers, --size has 3: give one"),
        ({"steps": 0, "epochs": 0}, "--steps and --epochs are both 0, so there is nothing to train"),
        ({"size": 32, "steady_shift": 9}, "a quarter of the smallest --size, 8, got 9"),
    ],
)
def test_a_bad_value_is_refused_in_one_sentence(values, words):
    with pytest.raises(InvalidOption, match=re.escape(words)) as refused:
        TrainConfig.from_dict(values)
    assert "\n" not in str(refused.value)


def test_the_steps_go_before_the_epochs():
    config = TrainConfig(size=(64,), batch_size=(4,), share=(1.0,), steps=7, epochs=100)
    assert config.phases(1000)[-1].last == 7


def test_epochs_are_passes_over_the_photos_by_all_processes():
    config = TrainConfig(size=(64,), batch_size=(4,), share=(1.0,), epochs=1.5)
    assert config.phases(1000)[-1].last == 375
    assert config.phases(1000, world_size=3)[-1].last == 125
    assert config.phases(1)[-1].last == 1


def test_epochs_count_the_batch_sizes_of_all_phases():
    config = TrainConfig(size=(64, 128), batch_size=(8, 4), share=(0.5, 0.5), epochs=3.0)
    phases = config.phases(200)
    assert sum((phase.last - phase.first) * phase.batch_size for phase in phases) == 600


def test_phases_take_their_own_numbers_or_a_common_one():
    config = TrainConfig(size=(64, 128, 32), batch_size=(8, 4, 2), style_size=(100,), share=(1.0, 2.0, 1.0), steps=8)
    assert config.phases(10) == [
        Phase(0, 2, 64, 8, 100),
        Phase(2, 6, 128, 4, 100),
        Phase(6, 8, 32, 2, 100),
    ]


def test_defaults_follow_the_number_of_sizes():
    assert TrainConfig(size=(64,), steps=10).phases(5) == [Phase(0, 10, 64, 8, 512)]
    phases = TrainConfig(size=(32, 64, 96), steps=16).phases(5)
    assert [phase.batch_size for phase in phases] == [8, 4, 4]
    assert [phase.last for phase in phases] == [4, 10, 16]


def test_a_phase_without_a_share_is_left_out():
    config = TrainConfig(size=(64, 128, 96), batch_size=(2,), share=(1.0, 0.0, 1.0), steps=4)
    assert [phase.size for phase in config.phases(10)] == [64, 96]


shares = st.lists(
    st.one_of(st.just(0.0), st.floats(0, allow_nan=False, allow_infinity=False)), min_size=1, max_size=5
).filter(any)


@given(shares, st.data())
def test_phases_cover_all_steps_without_gaps(share, data):
    count = len(share)
    batches = tuple(data.draw(st.lists(st.integers(1, 64), min_size=count, max_size=count)))
    steps = data.draw(st.integers(0, 10**7))
    photos, world = data.draw(st.integers(1, 10**6)), data.draw(st.integers(1, 64))
    config = TrainConfig(size=(64,) * count, batch_size=batches, share=tuple(share), steps=steps)
    phases = config.phases(photos, world)
    assert phases[0].first == 0
    assert phases[-1].last == steps or not steps
    for phase, following in zip(phases, [*phases[1:], None], strict=True):
        assert phase.first < phase.last
        assert following is None or following.first == phase.last
