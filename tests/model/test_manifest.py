import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from impasto.errors import ModelError
from impasto.model import Manifest
from impasto.model.network import FORMAT, METADATA_KEY

MANIFEST = Manifest(
    network="impasto:channels=8",
    fingerprint="0123456789abcdef",
    stride=4,
    reach=51,
    style_parameters=3,
    identity=(0.5, -1.0, 0.25),
    training={"steps": 4, "config": {"lr": 0.002, "style": ["a.jpg"]}},
)


def refused(text):
    with pytest.raises(ModelError, match=r"^some\.onnx: ") as caught:
        Manifest.from_metadata({METADATA_KEY: text}, "some.onnx")
    return str(caught.value)


def changed(**facts):
    return json.dumps({**json.loads(MANIFEST.to_json()), **facts})


def test_round_trip_through_json():
    assert Manifest.from_metadata({METADATA_KEY: MANIFEST.to_json()}, "f") == MANIFEST
    assert "\n" not in MANIFEST.to_json()


def test_round_trip_through_a_file(tmp_path):
    save_file({"w": np.zeros(2, np.float32)}, tmp_path / "n.safetensors", {METADATA_KEY: MANIFEST.to_json()})
    assert Manifest.read(tmp_path / "n.safetensors") == MANIFEST


def test_an_identity_need_not_be_learned():
    assert Manifest.from_metadata({METADATA_KEY: changed(identity=[])}, "f").identity == ()


def test_facts_that_were_added_later_are_passed_over():
    assert Manifest.from_metadata({METADATA_KEY: changed(colour="blue")}, "f") == MANIFEST


def test_networks_of_before_there_was_mixing_mix_nothing():
    facts = {key: value for key, value in json.loads(MANIFEST.to_json()).items() if key != "mixing_parameters"}
    assert Manifest.from_metadata({METADATA_KEY: json.dumps({**facts, "format": 1})}, "f").mixing_parameters == 0


def test_a_newer_format_says_what_to_do():
    assert "upgrade Impasto" in refused(changed(format=FORMAT + 1, identity="of a kind unknown today"))


@pytest.mark.parametrize("text", ["", "{", "[]", "1", "null", '"text"', "{}", "[" * 100_000, '{"format": 1}'])
def test_damaged_json(text):
    assert "damaged" in refused(text)


@pytest.mark.parametrize(
    "facts",
    [
        {"format": "1"},
        {"format": None},
        {"network": 7},
        {"fingerprint": None},
        {"stride": 0},
        {"stride": "4"},
        {"style_parameters": None},
        {"style_parameters": 4},
        {"mixing_parameters": "none"},
        {"identity": None},
        {"identity": ["a", "b", "c"]},
        {"identity": [1.0]},
        {"identity": [1.0, float("nan"), 1.0]},
    ],
)
def test_facts_that_painting_cannot_rely_on(facts):
    assert "damaged" in refused(changed(**facts))


def test_metadata_of_another_program():
    with pytest.raises(ModelError, match=r"some\.onnx: is not a network of Impasto"):
        Manifest.from_metadata({"producer": "another"}, "some.onnx")


def test_files_that_are_no_networks(tmp_path, save):
    save_file({"w": np.zeros(2, np.float32)}, tmp_path / "other.safetensors")
    save("text.safetensors", b"a network")
    save("empty.safetensors")
    for path in [*tmp_path.iterdir(), tmp_path, tmp_path / "absent.safetensors"]:
        with pytest.raises(ModelError) as caught:
            Manifest.read(path)
        assert str(path) in str(caught.value)
