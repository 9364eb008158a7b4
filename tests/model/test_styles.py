import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from safetensors import safe_open
from safetensors.numpy import save_file

from impasto.errors import InvalidOption, ModelError
from impasto.model import Credits, Style, mix, read_style, write_style

VAN_GOGH = Credits("Vincent van Gogh", "The Starry Night", "1889", "public domain")


def style(name="one", numbers=(1, 2, 3), network="net", **more):
    return Style(name, np.array(numbers, np.float32), network, **more)


def numbers(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def full(name="full", seed=0):
    """Return a style with all that a file can carry."""
    palette, signature = numbers((4, 3), seed), numbers((5, 256), seed)
    return style(name, numbers(30, seed), credits=VAN_GOGH, palette=palette, signature=signature)


def tensor_file(dtype, data, shape, metadata=None):
    """Return a safetensors file with one tensor called `vector`, of types that numpy may not know."""
    header = {"vector": {"dtype": dtype, "shape": shape, "data_offsets": [0, len(data)]}}
    text = json.dumps({**header, "__metadata__": metadata or {"format": "impasto-style-1"}}).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.fixture
def whole(tmp_path):
    write_style(style(credits=VAN_GOGH), tmp_path / "one.style")
    return tmp_path / "one.style"


def refused(path):
    with pytest.raises(ModelError) as caught:
        read_style(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_what_is_written_is_read_again(tmp_path):
    vector = np.random.default_rng(0).standard_normal(2400).astype(np.float32)
    write_style(Style("ünï 'code'", vector, "0123456789abcdef", VAN_GOGH), tmp_path / "a.style")
    read = read_style(tmp_path / "a.style")
    np.testing.assert_array_equal(read.vector, vector)
    assert read.vector.dtype == np.float32
    assert (read.name, read.network, read.credits) == ("ünï 'code'", "0123456789abcdef", VAN_GOGH)


def test_the_credits_are_in_the_metadata_where_any_program_finds_them(whole):
    with safe_open(whole, framework="numpy") as file:
        metadata = file.metadata()
    assert metadata["artist"] == "Vincent van Gogh"
    assert (metadata["title"], metadata["year"], metadata["licence"]) == ("The Starry Night", "1889", "public domain")


def test_credits_may_be_absent(tmp_path):
    write_style(style(), tmp_path / "plain.style")
    assert read_style(tmp_path / "plain.style").credits == Credits()


def test_palette_and_signature_are_read_again(tmp_path):
    write_style(full(), tmp_path / "full.style")
    read = read_style(tmp_path / "full.style")
    np.testing.assert_array_equal(read.palette, full().palette)
    np.testing.assert_array_equal(read.signature, full().signature)
    assert read.palette.dtype == read.signature.dtype == np.float32


def test_palette_and_signature_may_be_absent(whole):
    assert read_style(whole).palette is None
    assert read_style(whole).signature is None


@pytest.mark.parametrize("key", ["palette", "signature"])
@pytest.mark.parametrize("value", [np.zeros(12), np.zeros((4, 4)), np.zeros((5, 255)), np.float32(1), np.zeros((0, 3))])
def test_facts_of_another_shape(tmp_path, key, value):
    write_style(style(**{key: np.asarray(value)}), tmp_path / "s.style")
    assert f"its {key} is not (" in refused(tmp_path / "s.style")


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int32])
def test_facts_of_another_type(tmp_path, dtype):
    tensors = {"vector": np.zeros(3, np.float32), "palette": np.zeros((4, 3), dtype)}
    save_file(tensors, tmp_path / "s.style", {"format": "impasto-style-1"})
    assert "its palette is not (4, 3) numbers in float32" in refused(tmp_path / "s.style")


@pytest.mark.parametrize(("key", "shape"), [("palette", (4, 3)), ("signature", (5, 256))])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_facts_that_hold_no_numbers(tmp_path, key, shape, value):
    write_style(style(**{key: np.full(shape, value)}), tmp_path / "s.style")
    assert f"its {key} holds values that are not numbers" in refused(tmp_path / "s.style")


def test_tensors_that_were_added_later_are_passed_over(tmp_path):
    tensors = {"vector": np.ones(3, np.float32), "texture": np.full(2, np.nan)}
    save_file(tensors, tmp_path / "s.style", {"format": "impasto-style-1"})
    np.testing.assert_array_equal(read_style(tmp_path / "s.style").vector, [1, 1, 1])


def test_a_vector_of_any_layout_and_type_is_written(tmp_path):
    write_style(Style("s", np.arange(8.0)[::2], "n"), tmp_path / "s.style")
    np.testing.assert_array_equal(read_style(tmp_path / "s.style").vector, np.float32([0, 2, 4, 6]))


def test_a_path_may_be_text_or_a_path(whole):
    assert read_style(str(whole)).name == read_style(whole).name == "one"


def test_styles_can_be_compared_and_be_keys():
    one = style()
    assert one in (style(), one)  # a generated comparison would raise, of arrays
    assert {one: 1}[one] == 1


def test_an_absent_file_and_a_folder(tmp_path):
    assert "no such style file" in refused(tmp_path / "absent.style")
    assert "no such style file" in refused(tmp_path)
    refused(tmp_path / ("n" * 300 + ".style"))


def test_truncated_at_every_length(whole):
    data = whole.read_bytes()
    for length in [*range(0, len(data), 7), len(data) - 1]:
        whole.write_bytes(data[:length])
        refused(whole)


def test_files_of_other_programs(tmp_path, photo, save):
    save_file({"vector": np.zeros(3, np.float32)}, tmp_path / "no-metadata.style")
    save_file({"other": np.zeros(3, np.float32)}, tmp_path / "other.style", {"format": "impasto-style-1"})
    save("photo.style", photo, format="PNG")
    save("empty.style")
    save("text.style", b"a style")
    for path in tmp_path.iterdir():
        refused(path)


def test_a_format_of_the_future(tmp_path):
    save_file({"vector": np.zeros(3, np.float32)}, tmp_path / "new.style", {"format": "impasto-style-2"})
    assert "format" in refused(tmp_path / "new.style")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_vector_that_holds_no_numbers(tmp_path, value):
    write_style(style(numbers=(0, value)), tmp_path / "broken.style")
    assert "not numbers" in refused(tmp_path / "broken.style")


@pytest.mark.parametrize(
    ("dtype", "size"), [("BF16", 2), ("F16", 2), ("F8_E4M3", 1), ("F64", 8), ("I32", 4), ("C64", 8)]
)
def test_a_vector_of_another_type(save, dtype, size):
    refused(save("typed.style", tensor_file(dtype, bytes(2 * size), [2])))


def test_a_vector_of_another_shape(save):
    refused(save("square.style", tensor_file("F32", bytes(16), [2, 2])))


@given(some.binary(max_size=400))
def test_random_bytes_are_refused_by_name(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "random.style"
    path.write_bytes(data)
    refused(path)


@given(some.data())
@settings(max_examples=50)
def test_a_damaged_file_is_refused_or_gives_a_usable_style(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged.style"
    write_style(style(credits=VAN_GOGH), path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(some.integers(1, 4))):
        content[data.draw(some.integers(0, len(content) - 1))] = data.draw(some.integers(0, 255))
    path.write_bytes(content)
    try:
        read = read_style(path)
    except ModelError as error:
        assert str(path) in str(error)
    else:
        assert np.isfinite(read.vector).all()


@given(some.data())
def test_a_file_with_facts_truncated_and_damaged(tmp_path_factory, data):
    """Header and metadata are hit as often as the numbers, which are most of the file."""
    path = tmp_path_factory.getbasetemp() / "facts.style"
    write_style(full(), path)
    content = bytearray(path.read_bytes())
    header = 8 + struct.unpack("<Q", content[:8])[0]
    for _ in range(data.draw(some.integers(0, 6))):
        at = data.draw(some.integers(0, header - 1) | some.integers(0, len(content) - 1))
        content[at] ^= data.draw(some.integers(1, 255))
    length = data.draw(some.just(len(content)) | some.integers(0, len(content)))
    path.write_bytes(content[:length])
    try:
        read = read_style(path)
    except ModelError as error:
        assert str(path) in str(error)
        return
    assert read.vector.dtype == np.float32
    assert read.vector.ndim == 1
    for value, shape in ((read.palette, (4, 3)), (read.signature, (5, 256))):
        assert value is None or (value.shape == shape and value.dtype == np.float32 and np.isfinite(value).all())


def test_a_write_that_fails_leaves_the_old_style(whole, monkeypatch):
    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="space"):
        write_style(style(numbers=(7,)), whole)
    assert len(read_style(whole).vector) == 3
    assert [path.name for path in whole.parent.iterdir()] == [whole.name]


def test_a_mix_is_the_weighted_mean():
    mixed = mix([(style("a", (0, 2)), 1), (style("b", (4, 4)), 3)])
    np.testing.assert_allclose(mixed.vector, [3, 3.5])
    assert (mixed.name, mixed.network, mixed.vector.dtype) == ("a+b", "net", np.float32)
    assert mix([(style(), 1)], name="mine").name == "mine"


def test_a_mix_has_the_mean_palette_and_signature():
    one, two = full("one", 1), full("two", 2)
    mixed = mix([(one, 1), (two, 3)])
    np.testing.assert_allclose(mixed.palette, 0.25 * one.palette + 0.75 * two.palette, rtol=1e-5)
    np.testing.assert_allclose(mixed.signature, 0.25 * one.signature + 0.75 * two.signature, rtol=1e-4, atol=1e-6)
    assert mixed.palette.dtype == mixed.signature.dtype == np.float32


def test_mixing_is_kept_in_half_precision(tmp_path):
    mixing = 0.1 * numbers(50)
    write_style(style(mixing=mixing), tmp_path / "a.style")
    read = read_style(tmp_path / "a.style").mixing
    assert read.dtype == np.float32
    np.testing.assert_allclose(read, mixing, atol=2e-4)
    assert read_style(_written(tmp_path / "b.style", style())).mixing is None


def test_mixing_of_other_types_is_damage(tmp_path):
    for mixing in (np.zeros(3, np.float32), np.zeros((3, 3), np.float16), np.full(3, np.nan, np.float16)):
        tensors = {"vector": np.zeros(3, np.float32), "mixing": mixing}
        save_file(tensors, tmp_path / "a.style", {"format": "impasto-style-1"})
        assert "mixing" in refused(tmp_path / "a.style")


def test_a_mix_mixes_what_its_parts_mix():
    one, two, none = style("one", mixing=np.float32([2, 4])), style("two", mixing=np.float32([0, 8])), style("none")
    np.testing.assert_allclose(mix([(one, 1), (two, 3)]).mixing, [0.5, 7])
    np.testing.assert_allclose(mix([(one, 1), (none, 1)]).mixing, [1, 2])
    assert mix([(none, 1), (style("other"), 1)]).mixing is None


def _written(path, one):
    write_style(one, path)
    return path


def test_a_mix_has_no_palette_where_a_part_has_none():
    plain = style("plain", np.zeros(30))
    mixed = mix([(full(), 1), (plain, 1)])
    assert mixed.palette is None
    assert mixed.signature is None


@given(some.lists(some.floats(0, 1e308), min_size=1, max_size=4).filter(any), some.floats(1e-3, 1e3))
def test_only_the_proportions_of_weights_matter_and_a_mix_stays_between(weights, factor):
    parts = [(style(str(index), (index, -index)), weight) for index, weight in enumerate(weights)]
    mixed = mix(parts).vector
    assert 0 <= mixed[0] <= len(weights) - 1
    assert mixed[1] == -mixed[0]
    if max(weights) < 1e300 and min(weight for weight in weights if weight) > 1e-300:
        scaled = mix([(part, weight * factor) for part, weight in parts]).vector
        np.testing.assert_allclose(scaled, mixed, rtol=1e-5)


@pytest.mark.parametrize("weights", [(1, -0.1), (0, 0), (np.nan, 1), (np.inf, 1), ()])
def test_weights_that_mean_nothing(weights):
    with pytest.raises(InvalidOption, match="weights"):
        mix([(style(), weight) for weight in weights])


def test_styles_of_two_networks_are_not_mixed():
    with pytest.raises(ModelError, match=r"first.*second"):
        mix([(style("first"), 1), (style("second", network="other"), 1)])
    with pytest.raises(ModelError, match=r"first.*second"):
        mix([(style("first"), 1), (style("second", (1, 2)), 1)])


def test_a_style_of_a_stranger_cannot_steer_a_terminal(tmp_path):
    path = tmp_path / "a.style"
    write_style(style(name="x\x1b[2J\ny\u202e" + "z" * 900), path)
    assert read_style(path).name.startswith("x[2J yz")
    assert len(read_style(path).name) <= 200


def test_a_file_that_is_larger_than_any_style(tmp_path):
    path = tmp_path / "a.style"
    with path.open("wb") as file:
        file.truncate(1 << 27)
    assert "more than 64 MB" in refused(path)
