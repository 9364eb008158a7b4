"""Learning one more style for a finished network; eyes are a stand-in for VGG-19, which `test_fitting` uses."""

import dataclasses
import time
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from impasto.errors import DataError, InvalidOption, ModelError, TrainingError, UnreadablePicture
from impasto.export.write import fingerprint
from impasto.image import palette_of
from impasto.model import Manifest, Style, read_style, signature_distance, write_style
from impasto.model.network import METADATA_KEY
from impasto.nets import registry
from impasto.training import fit as fit_module
from impasto.training.config import FitConfig
from impasto.training.fit import StyleFit, signature_of
from training.samples import TINY, SmallEyes


@pytest.fixture(autouse=True)
def _small_eyes(monkeypatch):
    monkeypatch.setattr(fit_module, "load_vgg19", lambda source="caffe": SmallEyes())


def saved_network(path, name=TINY):
    """Write a network as training leaves it, and return it."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = registry.build(name).eval()
    manifest = Manifest(
        registry.describe(net),
        fingerprint(net),
        net.stride,
        net.reach,
        net.style_parameters,
        (),
        {},
        net.mixing_parameters,
    )
    weights = {key: value.contiguous() for key, value in net.state_dict().items()}
    save_file(weights, path, {METADATA_KEY: manifest.to_json()})
    return net


@pytest.fixture(scope="session")
def network(tmp_path_factory):
    """Return the path of a very small network; there is no graph beside it, which learning does not need."""
    path = tmp_path_factory.mktemp("network") / "network.safetensors"
    saved_network(path)
    return path.with_suffix(".onnx")


@pytest.fixture
def make_fit(pictures, network):
    """Return a function that gives a fit of dots.png, with options of it changed."""

    def make(known=(), painting="dots", **changes):
        options = {
            "photos": (str(pictures / "photos"),),
            "steps": 6,
            "size": (32,),
            "batch_size": (2,),
            "style_size": 96,
            "precision": "f32",
            "device": "cpu",
        }
        config = FitConfig(**{**options, **changes})
        return StyleFit(pictures / "paintings" / f"{painting}.png", network, known, config)

    return make


def random_styles(network, count):
    """Return styles of the network, around the one that learning starts from without any."""
    net = registry.build(TINY)
    start, chance = net.new_style().numpy(), np.random.default_rng(0)
    own = Manifest.read(network.with_suffix(".safetensors")).fingerprint
    return [
        Style(f"style-{index}", start + 0.3 * chance.standard_normal(len(start)).astype(np.float32), own)
        for index in range(count)
    ]


def judged(running, style):
    return running._judge(fit_module._Learned.of(style, running.net, running.device))


def test_the_distance_to_the_painting_falls(make_fit):
    running = make_fit(steps=40, lr=5e-2)
    before = running.best_loss
    reports = list(running.steps())
    first, last = (np.mean([report.style for report in part]) for part in (reports[:6], reports[-6:]))
    assert last < 0.8 * first
    assert running.best_loss < 0.8 * before
    assert judged(running, running.best) == pytest.approx(running.best_loss, rel=1e-3)


def test_what_was_learned_is_a_style_of_the_network(make_fit, network, pictures, tmp_path):
    running = make_fit()
    list(running.steps())
    style, manifest = running.best, Manifest.read(network.with_suffix(".safetensors"))
    assert (style.name, style.network) == ("dots", manifest.fingerprint)
    assert style.vector.shape == (manifest.style_parameters,)
    assert style.vector.dtype == np.float32
    assert np.isfinite(style.vector).all()
    assert style.mixing.shape == (manifest.mixing_parameters,)
    assert np.isfinite(style.mixing).all()
    assert np.abs(style.mixing).max() > 1e-4
    np.testing.assert_allclose(
        style.palette, palette_of(np.asarray(Image.open(pictures / "paintings/dots.png"))), atol=2e-3
    )
    path = tmp_path / "dots.style"
    write_style(style, path)
    again = read_style(path)
    for field in ("vector", "mixing", "palette", "signature"):
        np.testing.assert_array_equal(getattr(again, field), getattr(style, field))


def test_another_painting_gives_another_style(make_fit):
    dots, waves = make_fit(steps=20), make_fit(painting="waves", steps=20)
    for running in (dots, waves):
        list(running.steps())
    assert np.abs(dots.best.vector - waves.best.vector).max() > 0.01
    assert np.abs(dots.best.palette - waves.best.palette).max() > 0.01
    assert signature_distance(waves.best.signature, dots.best.signature) > 0.01


def test_the_network_learns_nothing(make_fit):
    running = make_fit()
    before = {key: value.clone() for key, value in running.net.state_dict().items()}
    list(running.steps())
    assert all(torch.equal(value, before[key]) for key, value in running.net.state_dict().items())
    assert all(parameter.grad is None for parameter in running.net.parameters())


def test_the_same_seed_gives_the_same_style(make_fit):
    fits = [make_fit(seed=seed) for seed in (3, 3, 4)]
    for running in fits:
        list(running.steps())
    first, again, other = (torch.cat([running.learned.vector, running.learned.mixing], 1).detach() for running in fits)
    torch.testing.assert_close(first, again, rtol=0, atol=1e-5)
    assert (first - other).abs().max() > 1e-4


def test_reports_count_the_steps_and_say_when_the_average_was_judged(make_fit):
    reports = list(make_fit(steps=30).steps())
    assert [report.step for report in reports] == list(range(1, 31))
    assert [report.over for report in reports] == pytest.approx([step / 30 for step in range(1, 31)])
    assert all(later.seconds >= earlier.seconds for earlier, later in pairwise(reports))
    assert sum(report.judged for report in reports) == fit_module.JUDGEMENTS
    assert reports[-1].judged


def test_the_best_is_never_worse_than_the_start(make_fit, network):
    known = random_styles(network, 1)
    running = make_fit(known, lr=1e3)  # whose steps lead nowhere
    with suppress(TrainingError):
        list(running.steps())
    assert np.abs(running.learned.vector.detach().numpy() - known[0].vector).max() > 10
    np.testing.assert_array_equal(running.best.vector, known[0].vector)


def test_phases_of_equal_length_have_their_own_crops(make_fit, monkeypatch):
    shapes = []
    step = StyleFit._step
    monkeypatch.setattr(
        StyleFit, "_step", lambda self, opt, batch: shapes.append(batch.photos.shape) or step(self, opt, batch)
    )
    list(make_fit(steps=5, size=(32, 48), batch_size=(3, 1)).steps())
    assert shapes == [(3, 3, 32, 32)] * 3 + [(1, 3, 48, 48)] * 2


def test_the_time_ends_it_where_steps_are_not_counted(make_fit):
    began = time.perf_counter()
    reports = list(make_fit(steps=0, budget="2s").steps())
    assert 1.9 < time.perf_counter() - began < 6  # the last step and a busy machine come to it
    assert len(reports) > 3
    assert reports[-1].over == pytest.approx(1, abs=0.3)
    assert all(later.over >= earlier.over for earlier, later in pairwise(reports))


def test_without_a_learning_rate_nothing_is_mixed(make_fit):
    running = make_fit(mixing_lr=0.0)
    list(running.steps())
    assert not running.best.mixing.any()


def test_a_start_with_mixing_is_gone_on_from(make_fit, network):
    running = make_fit(steps=20)
    list(running.steps())
    again = make_fit([running.best], steps=1)
    assert again.best_loss == pytest.approx(running.best_loss, rel=1e-3)
    np.testing.assert_array_equal(again.best.mixing, running.best.mixing)


def test_batches_come_round_and_one_of_each_round_is_new(make_fit, monkeypatch):
    monkeypatch.setattr(fit_module, "BATCHES", 3)
    batches = [batch for batch, _ in zip(make_fit()._photos(32, 1, 0), range(9), strict=False)]
    seen = list(map(id, batches))  # of objects that are kept
    assert len(set(seen[:3])) == 3
    assert seen[4:6] == seen[1:3]
    assert seen[3] not in seen[:3]
    assert seen[6] == seen[3]
    assert seen[7] not in seen[:7]


def test_no_time_for_a_step_leaves_the_start(make_fit, network):
    known = random_styles(network, 1)
    running = make_fit(known, steps=0, budget="0.001s")
    assert list(running.steps()) == []
    np.testing.assert_array_equal(running.best.vector, known[0].vector)


def test_the_start_is_the_best_of_the_known_styles_of_this_network(make_fit, network):
    known = random_styles(network, 4)
    foreign = [replace(style, network="feedfeedfeedfeed") for style in random_styles(network, 6)[4:]]
    running = make_fit([*foreign, *known])
    losses = [judged(running, style) for style in known]
    np.testing.assert_array_equal(running.best.vector, known[int(np.argmin(losses))].vector)
    assert max(losses) > min(losses)


def test_only_styles_of_like_paintings_are_tried_as_a_start(make_fit, network, monkeypatch):
    own = make_fit().best.signature
    known = [
        replace(style, signature=own * np.float32(1 + index))
        for index, style in enumerate(random_styles(network, fit_module.CANDIDATES + 3))
    ]
    tried = []
    judge = StyleFit._judge
    monkeypatch.setattr(StyleFit, "_judge", lambda self, one: tried.append(one.vector[0].numpy()) or judge(self, one))
    make_fit(known[::-1])
    for index, style in enumerate(known):
        assert any(np.array_equal(style.vector, vector) for vector in tried) is (index < fit_module.CANDIDATES)


def test_interrupted_it_keeps_the_best_so_far(make_fit):
    running = make_fit(steps=100)
    steps = running.steps()
    for _ in range(30):
        next(steps)
    steps.close()
    loss = judged(running, running.best)
    assert loss == pytest.approx(running.best_loss, rel=1e-3)
    assert loss < judged(running, Style("new", running.net.new_style().numpy(), ""))


def test_a_loss_that_is_no_number_ends_it_and_the_best_stays(make_fit, monkeypatch):
    running = make_fit()
    before = running.best.vector
    loss = StyleFit._loss

    def broken(self, learned, photos):
        return loss(self, replace(learned, vector=learned.vector * float("nan")), photos)

    monkeypatch.setattr(StyleFit, "_loss", broken)
    with pytest.raises(TrainingError, match="the loss became nan at step 1; lower --lr or --style-weight"):
        list(running.steps())
    np.testing.assert_array_equal(running.best.vector, before)


def test_the_photos_that_come_with_impasto_will_do(make_fit):
    running = make_fit(photos=(), steps=1)
    assert len(list(running.steps())) == 1
    assert len(list(fit_module.PHOTOS.glob("*.jpg"))) >= 3


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (
            np.zeros((63, 300, 3), np.uint8),
            InvalidOption,
            r"small\.png: this painting has only 300 x 63 px.*at least 64",
        ),
        (b"", UnreadablePicture, r"small\.png.*empty"),
        (b"no picture", UnreadablePicture, r"small\.png"),
    ],
)
def test_paintings_that_cannot_be_learned(network, save, content, error, words):
    with pytest.raises(error, match=words):
        StyleFit(save("small.png", content), network)


def test_networks_that_cannot_learn(pictures, tmp_path):
    saved_network(tmp_path / "johnson.safetensors", "johnson:channels=4")
    (tmp_path / "text.safetensors").write_text("a network")
    painting = pictures / "paintings/dots.png"
    with pytest.raises(InvalidOption, match=r"johnson\.onnx: has its one style in its weights.*impasto train"):
        StyleFit(painting, tmp_path / "johnson.onnx")
    for name in ("absent.onnx", "text.onnx"):
        with pytest.raises(ModelError, match=name.replace(".onnx", r"\.safetensors")):
            StyleFit(painting, tmp_path / name)


def test_photos_that_are_not_there(make_fit, tmp_path):
    with pytest.raises(DataError, match="nowhere"):
        make_fit(photos=(str(tmp_path / "nowhere"),))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"budget": "soon"}, "--budget is a time above 0, such as 90s, 3m or 1h, got 'soon'"),
        ({"budget": "0"}, "--budget is a time above 0"),
        ({"budget": 90}, "--budget must be text, got 90"),
        ({"steps": -1}, "--steps must be at least 0, got -1"),
        ({"size": (16,), "batch_size": (1,)}, "--size must be at least 32, got 16"),
        ({"size": (64, 96), "batch_size": (1, 2, 3)}, "--batch-size has 3 numbers, --size has 2"),
        ({"style_size": 32}, "--style-size must be at least 64, got 32"),
        ({"lr": float("nan")}, "--lr must be a finite number"),
        ({"ema": 1.0}, "--ema must be between 0 and 0.9999"),
    ],
)
def test_options_that_cannot_be(options, words):
    with pytest.raises(InvalidOption) as refused:
        FitConfig(**options)
    assert str(refused.value).startswith(words)


def test_a_config_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        FitConfig().steps = 3  # type: ignore[misc]


def test_signatures_tell_paintings_apart(pictures, monkeypatch):
    dots, again, waves = (signature_of(pictures / "paintings" / f"{name}.png") for name in ("dots", "dots", "waves"))
    assert signature_distance(dots, again) == 0
    assert signature_distance(waves, dots) > 0.01
    with pytest.raises(UnreadablePicture, match="absent"):
        signature_of(pictures / "absent.png")
