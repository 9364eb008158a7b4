"""What `import impasto` offers, and what it takes: see `test_imports` for what it loads."""

import inspect

import pytest

import impasto
from impasto import errors


@pytest.mark.parametrize("name", impasto.__all__)
def test_every_name_is_there(name):
    assert getattr(impasto, name) is not None
    assert name in dir(impasto)


def test_the_names_are_sorted_and_each_once():
    assert sorted(set(impasto.__all__)) == impasto.__all__


def test_a_star_import_gives_the_names():
    space = {}
    exec("from impasto import *", space)
    assert set(impasto.__all__) <= set(space)


def test_other_names_are_not_there():
    with pytest.raises(AttributeError, match=r"module 'impasto' has no attribute 'stylise'"):
        _ = impasto.stylise
    assert not hasattr(impasto, "torch")


@pytest.mark.parametrize("name", [name for name in impasto.__all__ if not name.startswith("__")])
def test_everything_public_says_what_it_does_and_is_typed(name):
    found = getattr(impasto, name)
    assert inspect.getdoc(found)
    for function in (found, *vars(found).values()) if inspect.isclass(found) else (found,):
        if inspect.isfunction(function) and not function.__name__.startswith("__"):
            missing = [
                each
                for each in inspect.signature(function).parameters
                if each not in ("self", *function.__annotations__)
            ]
            assert not missing, f"{function.__qualname__}: {missing}"


def test_the_names_come_from_where_they_are_made():
    assert (impasto.fit, impasto.like) == (impasto.fitting.fit, impasto.fitting.like)
    assert impasto.find_style is impasto.model.find_style
    assert impasto.load is impasto.api.load
    assert {"fit", "like", "find_style", "mix", "random_style", "walk"} <= set(impasto.__all__)


def test_one_small_tree_of_errors():
    for name in errors.__all__:
        assert issubclass(getattr(errors, name), impasto.ImpastoError)
        assert name in errors.__doc__
    assert impasto.ImpastoError is errors.ImpastoError


def test_a_load_of_wrong_options_is_one_of_them():
    for options in (
        {"strength": 2},
        {"size": 0},
        {"stroke": 2},
        {"color": "sepia"},
        {"feather": -1},
        {"engine": "steam"},
        {"device": "abacus"},
        {"model": "absent.onnx"},
    ):
        with pytest.raises(impasto.ImpastoError):
            impasto.load("starry-night", **options)


def test_the_package_is_marked_as_typed():
    from importlib.resources import files

    assert (files("impasto") / "py.typed").is_file()
