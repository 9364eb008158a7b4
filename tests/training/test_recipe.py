import pytest

from impasto.errors import InvalidOption
from impasto.training.config import TrainConfig
from impasto.training.recipe import read_recipe


@pytest.fixture
def recipe(tmp_path):
    def write(text):
        path = tmp_path / "recipe.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_a_recipe_gives_plain_values_for_a_config(recipe):
    values = read_recipe(recipe('style = "a.jpg"\nsize = [64, 128]\nlr = 1\n'))
    assert values == {"style": "a.jpg", "size": [64, 128], "lr": 1}
    config = TrainConfig.from_dict(values)
    assert (config.style, config.size, config.lr) == (("a.jpg",), (64, 128), 1.0)


def test_an_empty_recipe_changes_nothing(recipe):
    assert TrainConfig.from_dict(read_recipe(recipe(""))) == TrainConfig()


def test_values_that_only_fit_with_others_are_left_to_the_config(recipe):
    assert read_recipe(recipe("size = [64, 96, 128]")) == {"size": [64, 96, 128]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("steps = = 3", "not a TOML file"),
        (b"\xff\xfe\x00", "not a TOML file"),
        ("stepz = 3", "no training option 'stepz'; did you mean 'steps'?"),
        ("steps = 'many'", "--steps must be a whole number, got 'many'"),
        ("steps = true", "--steps must be a whole number, got True"),
        ("steps = -1", "--steps must be at least 0, got -1"),
        ("lr = nan", "--lr must be a finite number, got nan"),
        ("[steps]\nfirst = 3", "--steps must be a whole number, got {'first': 3}"),
        ("size = [64, 64.5]", "--size must be a whole number, got 64.5"),
    ],
)
def test_a_bad_recipe_is_named_with_what_is_wrong_in_it(recipe, text, words):
    path = recipe(text)
    with pytest.raises(InvalidOption) as refused:
        read_recipe(path)
    assert str(path) in str(refused.value)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_absent_recipe_is_named(tmp_path):
    with pytest.raises(InvalidOption, match=r"absent\.toml cannot be read \(No such file"):
        read_recipe(tmp_path / "absent.toml")
    with pytest.raises(InvalidOption, match="cannot be read"):
        read_recipe(tmp_path)
