"""Short runs with the real VGG-19: they learn."""

import json
from pathlib import Path

import pytest

from impasto.perceptual.weights import load_vgg19
from impasto.training import run as run_module
from impasto.training.run import begin

SHALLOW = {"content_layers": ("relu2_2",), "style_layers": ("relu1_1", "relu2_1")}


@pytest.fixture(scope="module")
def vgg():
    return load_vgg19("caffe")


@pytest.fixture(autouse=True)
def _loaded_once(vgg, monkeypatch):
    monkeypatch.setattr(run_module, "load_vgg19", lambda source, pooling: vgg)


def record(config):
    return [json.loads(line) for line in (Path(config.output) / "record.jsonl").read_text().splitlines()]


def mean(lines, name):
    return sum(line[name] for line in lines) / len(lines)


def thirty_steps(make_config, **options):
    """Return what 30 steps of a small run wrote down."""
    config = make_config(steps=30, style_ramp=0.0, style_start=1.0, blank=0.0, warmup=3, **options, **SHALLOW)
    begin(config)
    lines = record(config)
    assert len(lines) == 30
    return lines


def test_thirty_steps_lower_the_loss(make_config):
    lines = thirty_steps(make_config, lr=1e-2, vector_lr=2e-2)
    for name in ("loss", "style"):
        assert mean(lines[-5:], name) < 0.8 * mean(lines[:5], name), name


def test_where_the_identity_weighs_most_it_is_learned(make_config):
    lines = thirty_steps(make_config, lr=3e-3, vector_lr=2e-2, identity_weight=500.0)
    assert mean(lines[-5:], "identity") < 0.2 * mean(lines[:5], "identity")


def test_johnsons_network_takes_a_step_on_the_papers_losses_at_all_layers(make_config):
    style = make_config().style[:1]
    config = make_config(
        network="johnson:norm=batch,channels=8", losses="absolute", style=style, tv_weight=1e-6, steps=2
    )
    made = begin(config)
    assert list(made.vectors) == ["dots"]
    assert [line["step"] for line in record(config)] == [1, 2]
    assert all(line["loss"] > 0 for line in record(config))
