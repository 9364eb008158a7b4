import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import InvalidOption
from impasto.options import check, flag, option, seconds_of


@dataclasses.dataclass
class Soup:
    plates: int = option(2, "plates to fill", low=1, high=9)
    salt_grams: float = option(1.5, "grams of salt", low=0)
    colour: str = option("red", "its colour", choices=("red", "green"))
    hot: bool = option(True, "whether it is hot")
    spoons: tuple[int, ...] = option((1, 2), "sizes of the spoons", low=1)
    guests: tuple[str, ...] = option((), "names of the guests")
    minutes: int | None = option(None, "minutes to cook", low=1)
    depth: float = option(0.0, "depth of the plate", high=3)
    plain: object = None


def test_the_defaults_and_values_on_the_limits_are_accepted():
    check(Soup())
    check(Soup(plates=1, salt_grams=0, spoons=(1,), minutes=1, depth=3))
    check(Soup(plates=9, hot=False, guests=("a",), plain=object()))


def test_an_option_carries_its_sentence_limits_and_choices():
    fields = {field.name: field for field in dataclasses.fields(Soup)}
    assert fields["plates"].default == 2
    assert fields["plates"].metadata == {"help": "plates to fill", "low": 1, "high": 9, "choices": ()}
    assert fields["colour"].metadata["choices"] == ("red", "green")


def test_a_flag_is_the_name_with_hyphens():
    assert flag("salt_grams") == "--salt-grams"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"plates": 0}, "--plates must be between 1 and 9, got 0"),
        ({"plates": 10}, "--plates must be between 1 and 9, got 10"),
        ({"plates": True}, "--plates must be a whole number, got True"),
        ({"plates": 2.0}, "--plates must be a whole number, got 2.0"),
        ({"plates": "2"}, "--plates must be a whole number, got '2'"),
        ({"plates": None}, "--plates must be a whole number, got None"),
        ({"salt_grams": -0.1}, "--salt-grams must be at least 0, got -0.1"),
        ({"salt_grams": float("nan")}, "--salt-grams must be a finite number, got nan"),
        ({"salt_grams": float("inf")}, "--salt-grams must be a finite number, got inf"),
        ({"salt_grams": np.float32("inf")}, "--salt-grams must be a finite number, got inf"),
        ({"salt_grams": "much"}, "--salt-grams must be a number, got 'much'"),
        ({"salt_grams": False}, "--salt-grams must be a number, got False"),
        ({"colour": "blue"}, "--colour is one of red, green, got blue"),
        ({"colour": 3}, "--colour must be text, got 3"),
        ({"hot": 1}, "--hot must be true or false, got 1"),
        ({"spoons": 3}, "--spoons must be a tuple, got 3"),
        ({"spoons": ()}, "--spoons must have at least one value"),
        ({"spoons": (1, 0)}, "--spoons must be at least 1, got 0"),
        ({"spoons": (1, "2")}, "--spoons must be a whole number, got '2'"),
        ({"guests": (1,)}, "--guests must be text, got 1"),
        ({"minutes": 0}, "--minutes must be at least 1, got 0"),
        ({"depth": 3.5}, "--depth must be at most 3, got 3.5"),
    ],
)
def test_a_refusal_names_the_flag_and_what_it_takes(changes, words):
    with pytest.raises(InvalidOption) as refused:
        check(Soup(**changes))
    assert str(refused.value) == words


def test_numbers_of_numpy_are_numbers():
    check(Soup(plates=np.int64(3), salt_grams=np.float32(0.5)))


@given(st.integers())
def test_integers_are_accepted_exactly_within_the_limits(plates):
    accepted = True
    try:
        check(Soup(plates=plates))
    except InvalidOption:
        accepted = False
    assert accepted == (1 <= plates <= 9)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("3m", 180),
        ("3min", 180),
        ("3 M", 180),
        ("1.5h", 5400),
        ("1h30m", 5400),
        ("1h 30m 5s", 5405),
        (" 0.5s ", 0.5),
    ],
)
def test_times_in_seconds(text, seconds):
    assert seconds_of(text, "--budget") == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    ["", " ", "1 30", "3m2h", "0", "0s", "0h0m", "-5", "soon", "3 x", "1e3", "3,5m", "m", "inf", "nan", "9" * 40],
)
def test_what_is_no_time_is_refused_by_name(text):
    with pytest.raises(InvalidOption) as refused:
        seconds_of(text, "--budget")
    assert str(refused.value) == f"--budget is a time above 0, such as 90s, 3m or 1h, got {text!r}"


@given(st.floats(0.01, 9e6).map("{:.2f}".format))
def test_a_plain_number_is_in_seconds(text):
    assert seconds_of(text, "time") == seconds_of(f"{text}s", "time") == pytest.approx(float(text))
