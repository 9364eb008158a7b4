import math

import pytest
from hypothesis import given
from hypothesis import strategies as some

from impasto.errors import InvalidOption
from impasto.model import file_name, is_painting, mix_name, parse_mix


def refused(text):
    with pytest.raises(InvalidOption) as caught:
        parse_mix(text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("starry-night", [("starry-night", 1)]),
        ("starry-night:0.7+great-wave:0.3", [("starry-night", 0.7), ("great-wave", 0.3)]),
        (" Starry Night : .7 + great_wave:3e-1 ", [("Starry Night", 0.7), ("great_wave", 0.3)]),
        ("a+b:2+c", [("a", 1), ("b", 2), ("c", 1)]),
        ("a:0+b", [("a", 0), ("b", 1)]),
        ("a+a", [("a", 1), ("a", 1)]),
        ("random:7", [("random:7", 1)]),
        ("random:7:0.5", [("random:7", 0.5)]),
        ("RANDOM:7:0.5+random:8", [("RANDOM:7", 0.5), ("random:8", 1)]),
        ("random:seed", [("random:seed", 1)]),
        ("styles/my.style:0.5", [("styles/my.style", 0.5)]),
        (r"C:\x\my.style", [(r"C:\x\my.style", 1)]),
        (r"C:\x\my.style:0.5+c:/y/p.png:2", [(r"C:\x\my.style", 0.5), ("c:/y/p.png", 2)]),
        ("c:my.style+d:p.JPG", [("c:my.style", 1), ("d:p.JPG", 1)]),
        ("https://host/a", [("https://host/a", 1)]),
        ("0.5", [("0.5", 1)]),
        ("\0", [("\0", 1)]),
    ],
)
def test_parts_and_weights(text, parts):
    assert parse_mix(text) == parts


@pytest.mark.parametrize("text", ["", "  ", "+", "a+", "+a", "a++b", "a:1+ +b"])
def test_an_empty_part(text):
    assert refused(text).startswith(f"the style {text!r} has an empty part")


@pytest.mark.parametrize("text", [":0.5", "a+ :1"])
def test_a_weight_of_nothing(text):
    assert "no name" in refused(text)


@pytest.mark.parametrize("weight", ["abc", "", "0,7", "50%", "0x1", "one"])
def test_a_weight_that_is_no_number(weight):
    assert f"the weight {weight!r} is not a number" in refused(f"a:1+starry-night:{weight}")


@pytest.mark.parametrize(
    "text", ["a:-1", "a:1+b:-0.1", "a:nan", "a:1+b:inf", "a:1e999", "a:0", "a:0+b:0", "random:7:-1"]
)
def test_weights_that_mean_nothing(text):
    assert "weights of a mix" in refused(text)


def test_an_existing_file_is_a_name_whatever_is_in_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a+b.style", "red:2", "x:1+y:2"):
        (tmp_path / name).touch()
        assert parse_mix(name) == [(name, 1)]
    assert parse_mix("red:2+blue:2") == [("red:2", 1), ("blue", 2)]
    assert parse_mix("red:2:3+blue:2") == [("red:2", 3), ("blue", 2)]
    (tmp_path / "folder:3").mkdir()
    assert parse_mix("folder:3") == [("folder", 3)]


words = some.text(some.characters(exclude_characters="+:/\\", exclude_categories=("Cs",)), min_size=1, max_size=12)
names = words.map(str.strip).filter(lambda word: word and word.lower() != "random")
names |= some.integers(0, 1 << 128).map("random:{}".format)
names |= names.map(r"C:\pictures\{}.jpg".format) | names.map("styles/{}.style".format).filter(lambda n: ":" not in n)
weights = some.floats(0, 1e6)


@given(some.lists(some.tuples(names, weights), min_size=1, max_size=6).filter(lambda parts: any(w for _, w in parts)))
def test_what_is_joined_is_parsed(parts):
    assert parse_mix("+".join(f"{name}:{weight!r}" for name, weight in parts)) == parts


@given(some.lists(names, min_size=1, max_size=6))
def test_a_weight_is_one_where_it_is_not_given(wanted):
    assert parse_mix(" + ".join(wanted)) == [(name, 1) for name in wanted]


@given(some.text(max_size=40) | some.text("ab:+.0\\/-", max_size=40))
def test_any_text_gives_parts_or_is_refused(text):
    try:
        parts = parse_mix(text)
    except InvalidOption:
        return
    assert all(name and math.isfinite(weight) and weight >= 0 for name, weight in parts)


@pytest.mark.parametrize(
    "name", ["a.jpg", "a b.JPEG", r"C:\x.y\a.tif", "x/a.webp", "a.bmp", "a.png", "a.gif", "a.tiff"]
)
def test_paintings_are_known_by_their_ending(name):
    assert is_painting(name)


@pytest.mark.parametrize("name", ["a.style", "jpg", ".jpg", "a.jpg.style", "a.txt", "", "x.jpg/a", "random:7"])
def test_what_is_no_painting(name):
    assert not is_painting(name)


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        ([("a", 1), ("b", 1)], "a+b"),
        ([("a", 0.7), ("b", 0.3)], "a-70+b-30"),
        ([("a", 1e308), ("b", 1e308), ("c", 0)], "a-50+b-50+c-0"),
        ([("a/../b c", 2), ("ünï: 'x'", 2)], "a-..-b-c+ünï-x"),
        ([("x" * 300, 1), ("y" * 300, 2), ("z", 1)], "y" * 60 + "-50+2-others"),
        ([("only", 3)], "only"),
    ],
)
def test_a_mix_is_called_by_its_parts(parts, name):
    assert mix_name(parts) == name


@given(some.lists(some.tuples(some.text(max_size=80), weights.filter(bool)), min_size=1, max_size=30))
def test_a_mix_s_name_is_fit_for_files(parts):
    name = mix_name(parts)
    assert 0 < len(name) <= 100
    assert not set(name) & set('/\\:*?"<>|\0\n ')
    assert not name.startswith((".", "-"))


def test_names_of_files():
    assert file_name("van-gogh-starry-night") == "van-gogh-starry-night"
    assert file_name("../../etc/passwd") == "etc-passwd"
    assert file_name("...") == file_name("") == "style"
