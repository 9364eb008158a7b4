"""Learning a style from a painting and what is kept of it; the learning itself is in `training/test_fit`."""

import sys
from functools import partial

import numpy as np
import pytest
import skimage.data
from PIL import Image

import impasto
from impasto import fitting
from impasto.errors import (
    EngineUnavailable,
    ImpastoError,
    InvalidOption,
    ModelError,
    UnreadablePicture,
    UnwritableOutput,
)
from impasto.image import palette_of
from impasto.model import Credits, Style, StyleInfo, read_style, write_style
from training.samples import SmallEyes

QUICK = {"steps": 3, "size": (32,), "batch_size": (2,), "style_size": 64, "precision": "f32", "device": "cpu"}


@pytest.fixture
def small_eyes(monkeypatch):
    """See by a stand-in for VGG-19."""
    monkeypatch.setattr("impasto.training.fit.load_vgg19", lambda source="caffe": SmallEyes())


@pytest.fixture
def painting(save):
    """Return a painting's path: a cat, 90 x 135 px."""
    return save("paintings/chelsea.png", np.ascontiguousarray(skimage.data.chelsea()[::3, ::3][:90, :135]))


@pytest.fixture
def quick(monkeypatch):
    """Let `fitted`, which has no options, learn for few steps."""
    monkeypatch.setattr(fitting, "open_fit", partial(fitting.open_fit, **QUICK))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Return a cache's folder of this test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "impasto" / "styles"


class Steps:
    """Counts the steps of fits, and interrupts after some of them."""

    def __init__(self, interrupt_after=None):
        self.reports, self.interrupt_after = [], interrupt_after

    def __call__(self, running, report):
        self.reports.append(report)
        if len(self.reports) == self.interrupt_after:
            raise KeyboardInterrupt


@pytest.mark.usefixtures("small_eyes")
class TestFit:
    def test_it_returns_the_style_and_writes_it(self, tiny_model, painting, tmp_path, photo):
        output, steps = tmp_path / "cat.style", Steps()
        style = impasto.fit(painting, output, model=tiny_model.network, follow=steps, **QUICK)
        assert [report.step for report in steps.reports] == [1, 2, 3]
        written = read_style(output)
        np.testing.assert_array_equal(written.vector, style.vector)
        np.testing.assert_array_equal(written.signature, style.signature)
        np.testing.assert_allclose(written.palette, palette_of(np.asarray(Image.open(painting))), atol=0.02)
        assert written.name == style.name == "chelsea"
        painted = impasto.load(output, model=tiny_model.network)(photo)
        assert np.abs(painted.astype(float) - photo).mean() > 5

    def test_without_an_output_nothing_is_written(self, tiny_model, painting, tmp_path):
        before = sorted(tmp_path.rglob("*"))
        assert isinstance(impasto.fit(str(painting), model=str(tiny_model.network), **QUICK), impasto.Style)
        assert sorted(tmp_path.rglob("*")) == before

    def test_it_starts_from_the_styles_beside_the_network(self, tiny_model, painting):
        running = fitting.open_fit(painting, model=tiny_model.network, **{**QUICK, "steps": 1})
        known = [read_style(tiny_model.style(name)).vector for name in ("dots", "lines")]
        assert any(np.array_equal(running.best.vector, vector) for vector in known)

    def test_interrupted_it_writes_the_best_so_far(self, tiny_model, painting, tmp_path):
        output, steps = tmp_path / "cat.style", Steps(interrupt_after=2)
        style = impasto.fit(painting, output, model=tiny_model.network, follow=steps, **QUICK)
        assert len(steps.reports) == 2
        np.testing.assert_array_equal(read_style(output).vector, style.vector)
        assert read_style(output).network == read_style(tiny_model.style("dots")).network

    def test_the_bundled_network_is_the_default(self, painting):
        style = impasto.fit(painting, **QUICK)
        assert style.network == impasto.find_style("starry-night").network

    @pytest.mark.parametrize(
        ("output", "error", "words"),
        [
            ("cat.png", InvalidOption, r"cat\.png must end in \.style"),
            ("cat", InvalidOption, r"must end in \.style"),
            ("absent/cat.style", UnwritableOutput, r"absent/cat\.style: the folder does not exist"),
        ],
    )
    def test_a_wrong_output_is_refused_before_any_work(self, painting, tmp_path, monkeypatch, output, error, words):
        monkeypatch.setattr(fitting, "open_fit", lambda *_, **__: pytest.fail("this is work"))
        with pytest.raises(error, match=words):
            impasto.fit(painting, tmp_path / output)

    def test_errors_leave_nothing_behind(self, tiny_model, tiny_johnson, painting, save, tmp_path):
        stamp = save("stamp.png", np.zeros((40, 400, 3), np.uint8))
        before = sorted(tmp_path.rglob("*"))
        output = tmp_path / "x.style"
        for changes, error, words in (
            ({"painting": stamp}, InvalidOption, r"stamp\.png.*400 x 40 px.*at least 64"),
            ({"painting": tmp_path / "absent.png"}, UnreadablePicture, r"absent\.png"),
            ({"model": tiny_johnson.network}, InvalidOption, r"network\.onnx: has its one style in its weights"),
            ({"model": tmp_path / "absent.onnx"}, ModelError, r"absent\.onnx: is no network; name main or fast"),
            ({"photos": (str(tmp_path / "nowhere"),)}, ImpastoError, "nowhere"),
            ({"budget": "soon"}, InvalidOption, "--budget"),
            ({"device": "abacus"}, ImpastoError, "abacus"),
        ):
            arguments = {"painting": painting, "output": output, "model": tiny_model.network, **QUICK, **changes}
            with pytest.raises(error, match=words) as refused:
                impasto.fit(**arguments)
            assert "\n" not in str(refused.value)
        assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.usefixtures("small_eyes", "quick")
class TestFitted:
    def test_a_painting_is_learned_once(self, tiny_model, painting, cache):
        first, second = Steps(), Steps()
        learned = fitting.fitted(painting, tiny_model.network, first)
        assert len(first.reports) == 3
        (kept,) = cache.iterdir()
        assert kept.suffix == ".style"
        again = fitting.fitted(painting, tiny_model.network, second)
        assert second.reports == []
        np.testing.assert_array_equal(again.vector, learned.vector)
        np.testing.assert_array_equal(again.palette, learned.palette)
        assert (again.name, again.network) == (learned.name, learned.network)

    def test_contents_count_and_not_places(self, tiny_model, painting, cache, tmp_path):
        fitting.fitted(painting, tiny_model.network)
        (tmp_path / "moved").mkdir()
        moved, steps = painting.rename(tmp_path / "moved" / "cat.png"), Steps()
        assert fitting.fitted(moved, tiny_model.network, steps).name == "cat"
        assert steps.reports == []
        Image.fromarray(np.asarray(Image.open(moved))[::-1]).save(moved)
        fitting.fitted(moved, tiny_model.network, steps)
        assert len(steps.reports) == 3
        assert len(list(cache.iterdir())) == 2

    def test_each_network_has_its_own(self, tiny_model, painting, cache):
        one, other = (fitting.fitted(painting, network) for network in (tiny_model.network, "main"))
        assert one.network != other.network
        assert len(list(cache.iterdir())) == 2

    def test_interrupted_it_keeps_nothing(self, tiny_model, painting, cache):
        with pytest.raises(KeyboardInterrupt):
            fitting.fitted(painting, tiny_model.network, Steps(interrupt_after=2))
        assert not cache.exists() or not list(cache.iterdir())

    def test_a_damaged_file_is_made_anew(self, tiny_model, painting, cache):
        fitting.fitted(painting, tiny_model.network)
        (kept,) = cache.iterdir()
        kept.write_bytes(b"damaged")
        steps = Steps()
        fitting.fitted(painting, tiny_model.network, steps)
        assert len(steps.reports) == 3
        assert read_style(kept).name == "chelsea"

    def test_a_cache_that_cannot_be_written_is_no_error(self, tiny_model, painting, tmp_path, monkeypatch):
        (tmp_path / "file").touch()
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
        assert fitting.fitted(painting, tiny_model.network).name == "chelsea"

    def test_long_names_are_cut(self, tiny_model, painting, cache):
        long = painting.rename(painting.with_name("n" * 250 + ".png"))
        fitting.fitted(long, tiny_model.network)
        assert len(list(cache.iterdir())) == 1

    def test_what_cannot_be_learned_is_named_and_not_kept(self, tiny_model, save, tmp_path, cache):
        with pytest.raises(UnreadablePicture, match=r"absent\.png: no such file"):
            fitting.fitted(tmp_path / "absent.png", tiny_model.network)
        with pytest.raises(InvalidOption, match=r"stamp\.png"):
            fitting.fitted(save("stamp.png", np.zeros((40, 40, 3), np.uint8)), tiny_model.network)
        assert not cache.exists()

    def test_load_learns_paintings_with_it(self, tiny_model, painting, cache, photo):
        for expected in (3, 0):
            steps = Steps()
            loaded = impasto.load(f"{painting}+{tiny_model.style('dots')}", model=tiny_model.network, follow=steps)
            assert len(steps.reports) == expected
        assert loaded.style.name == "chelsea+dots"
        assert loaded(photo).shape == photo.shape


@pytest.mark.usefixtures("small_eyes")
def test_like_lists_the_nearest_first(painting, save, tmp_path, monkeypatch):
    from impasto.training.fit import signature_of

    waves = 127 + 127 * np.sin(np.mgrid[:72, :96].sum(0)[..., None] / (2, 3, 5))
    paintings = {
        "waves": save("waves.png", waves.astype(np.uint8)),
        "chelsea": painting,
        "brighter": save("brighter.png", np.asarray(Image.open(painting)) // 2 + 90),
    }
    known = []
    for name, path in paintings.items():
        file = tmp_path / f"{name}.style"
        write_style(Style(name, np.zeros(4, np.float32), "net", signature=signature_of(path)), file)
        known.append(StyleInfo(name, Credits(), file))
    monkeypatch.setattr(fitting, "bundled_styles", lambda model: known)
    found = impasto.like(painting)
    assert found[0] == (known[1], 0)
    distances = [distance for _, distance in found]
    assert distances == sorted(distances)
    assert 0 < distances[1] < distances[2]
    with pytest.raises(UnreadablePicture, match="absent"):
        impasto.like("absent.png")
    with pytest.raises(InvalidOption, match=r"stamp\.png.*64"):
        impasto.like(save("stamp.png", np.zeros((40, 40, 3), np.uint8)))


def test_what_is_needed_for_learning_is_named(painting, monkeypatch):
    import impasto.training

    monkeypatch.delattr(impasto.training, "fit", raising=False)
    monkeypatch.delitem(sys.modules, "impasto.training.fit", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    for learn in (impasto.fit, impasto.like):
        with pytest.raises(EngineUnavailable, match=r"needs torch; pip install 'impasto\[train\]'"):
            learn(painting)


def test_with_vgg_19_the_distance_to_a_painting_falls(tiny_model, painting):
    """The one test here with the real eyes."""
    steps = Steps()
    running = fitting.open_fit(painting, model=tiny_model.network, **{**QUICK, "steps": 16, "lr": 0.1})
    before = running.best_loss
    fitting._run(running, steps)
    assert running.best_loss < 0.97 * before
    assert steps.reports[-1].style < steps.reports[0].style
    assert running.best.signature.any()
