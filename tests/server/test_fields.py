from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.errors import InvalidOption
from impasto.options import option
from impasto.server.fields import Fields


@dataclass(frozen=True)
class Cake:
    layers: int = option(2, "how many layers", low=1, high=9)
    weight: float = option(0.5, "kilograms", low=0)
    iced: bool = option(False, "whether it has icing")
    kind: str = option("plain", "what kind", choices=("plain", "fruit"))
    guests: int | None = option(None, "how many it is for", low=1)
    sizes: tuple[int, ...] = option((20,), "widths", low=1)
    fillings: tuple[str, ...] = option((), "what is between the layers")
    secret: str = option("", "for the cook alone")


FIELDS = Fields(Cake, but=("secret",))


@settings(max_examples=40)
@given(
    layers=st.integers(1, 9),
    weight=st.floats(0, 1e6),
    iced=st.booleans(),
    kind=st.sampled_from(("plain", "fruit")),
    guests=st.integers(1, 10**9),
    sizes=st.lists(st.integers(1, 99), min_size=1),
    fillings=st.lists(st.text(), min_size=1),
)
def test_texts_become_the_values_that_they_mean(sizes, fillings, **values):
    texts = [(name, str(value)) for name, value in values.items()]
    texts += [("sizes", ",".join(map(str, sizes))), *(("fillings", each) for each in fillings)]
    expected = {**values, "sizes": tuple(sizes), "fillings": tuple(fillings)}
    assert FIELDS.values(texts) == expected
    assert FIELDS.of(Cake, {**expected, "unknown": 1}) == Cake(**expected)


@given(st.text() | st.sampled_from(list(FIELDS.fields)), st.text())
def test_whatever_comes_is_understood_or_refused(name, text):
    try:
        values = FIELDS.values([(name, text)])
    except InvalidOption as error:
        assert len(str(error)) < 400
    else:
        Cake(**values)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("layer", "1", "'layers'"),
        ("secret", "x", "no field"),
        ("layers", "0", "between 1 and 9"),
        ("layers", "1.5", "a whole number"),
        ("weight", "nan", "finite"),
        ("iced", "perhaps", "true or false"),
        ("kind", "cheese", "plain, fruit"),
        ("sizes", "1,,2", "a whole number"),
    ],
)
def test_what_does_not_fit_is_named(name, text, words):
    with pytest.raises(InvalidOption, match=words):
        FIELDS.values([(name, text)])


def test_twice_is_once_too_often_but_for_lists():
    with pytest.raises(InvalidOption, match="2 times"):
        FIELDS.values([("layers", "1"), ("layers", "2")])


def test_schemas_say_what_options_say():
    schemas = FIELDS.schemas()
    assert "secret" not in schemas
    assert schemas["layers"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 9,
        "description": "how many layers",
        "default": 2,
    }
    assert schemas["kind"]["enum"] == ["plain", "fruit"]
    assert schemas["sizes"]["items"]["type"] == "integer"
    assert "default" not in schemas["guests"]
