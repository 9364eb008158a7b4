"""Optimising from files to files; the optimisation itself is in `gatys`."""

import json
import sys

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.errors import (
    ImpastoError,
    InvalidOption,
    OptimizationError,
    UnreadablePicture,
    UnwritableOutput,
)
from impasto.image import Picture, read, read_settings, write
from impasto.model import bundled_styles
from impasto.optimizing import RegionOf, Settings, open_optimization, optimize, tune

QUICK = {"size": 96, "steps": 3, "smallest": 48, "start": "photo", "precision": "f32", "device": "cpu"}


@pytest.fixture
def face(save, photo):
    return save("face.png", photo)


@pytest.fixture
def painting(save):
    down, across = np.meshgrid(np.linspace(0, 30, 90), np.linspace(0, 40, 120), indexing="ij")
    waves = np.stack([np.sin(down), np.sin(across), np.sin(down + across)], -1)
    return save("waves.png", (127 + 100 * waves).astype(np.uint8))


@pytest.fixture
def red(painting, save):
    """Return a painting of red waves."""
    waves = read(painting).pixels
    return save("red.png", np.stack([200 + waves[..., 0] // 5, waves[..., 1] // 5, waves[..., 2] // 5], -1))


def test_a_photo_is_painted_at_the_size_that_is_asked_for(face, painting, tmp_path):
    before = face.read_bytes()
    picture = optimize(face, painting, tmp_path / "out.png", **QUICK)
    assert picture.size == (96, 73)
    np.testing.assert_array_equal(read(tmp_path / "out.png").pixels, picture.pixels)
    assert face.read_bytes() == before
    photo = read(face).size
    assert optimize(face, painting, **{**QUICK, "size": 0}).size == photo


def test_it_is_offered_by_the_package(face, painting):
    assert impasto.optimize(face, [painting], **QUICK).pixels.dtype == np.uint8


def test_settings_are_in_the_png_and_repeat_it(face, painting, tmp_path):
    mask = np.zeros((50, 40), np.uint8)
    mask[:25] = 255
    Image.fromarray(mask).save(tmp_path / "top.png")
    regions = [RegionOf(str(tmp_path / "top.png"), str(painting))]
    first = optimize(face, painting, tmp_path / "one.png", regions=regions, seed=3, **{**QUICK, "start": "noise"})
    settings = Settings.of(tmp_path / "one.png")
    assert settings.options["seed"] == 3
    assert settings.regions == tuple(regions)
    assert json.loads(read_settings(tmp_path / "one.png"))["impasto"] == impasto.__version__
    again = optimize(settings.photo, settings.paintings, regions=settings.regions, **settings.options)
    assert np.abs(first.pixels.astype(int) - again.pixels).max() <= 2


@pytest.mark.parametrize("bound", [{"budget": "1s", "steps": 0}, {"budget": "", "steps": 9}])
def test_what_was_cut_short_is_repeated_as_it_was(face, painting, tmp_path, bound):
    def stop(running, step):
        if bound["steps"] and step.number == 7:
            raise KeyboardInterrupt

    first = optimize(face, painting, tmp_path / "one.png", follow=stop, **{**QUICK, **bound})
    settings = Settings.of(tmp_path / "one.png")
    assert sum(settings.options["steps"]) == 7 if bound["steps"] else sum(settings.options["steps"]) > 1
    again = optimize(settings.photo, settings.paintings, **settings.options)
    assert np.abs(first.pixels.astype(int) - again.pixels).max() <= 2


def test_settings_of_pictures_that_changed_are_refused(face, painting, tmp_path):
    optimize(face, painting, tmp_path / "one.png", **QUICK)
    write(Picture(np.zeros((90, 120, 3), np.uint8)), painting)
    with pytest.raises(UnreadablePicture, match=r"waves\.png: is not the file any more that .*one\.png was made from"):
        Settings.of(tmp_path / "one.png")


def test_a_picture_without_settings_says_so(face, save):
    with pytest.raises(UnreadablePicture, match=r"face\.png: carries no settings of impasto optimize"):
        Settings.of(face)
    with pytest.raises(UnreadablePicture, match=r"text\.png: this is not a PNG"):
        Settings.of(save("text.png", b"text"))
    with pytest.raises(UnreadablePicture, match=r"absent\.png: there is no such file"):
        Settings.of("absent.png")


@pytest.mark.parametrize("color", ["match", "luminance"])
def test_colours_can_stay_the_photos(face, painting, color):
    photo = read(face).pixels
    own, kept = (optimize(face, painting, color=which, **QUICK).pixels for which in ("style", color))
    wanted = photo.mean((0, 1))
    assert np.abs(kept.mean((0, 1)) - wanted).sum() < np.abs(own.mean((0, 1)) - wanted).sum() + 3
    if color == "luminance":
        hue = photo.astype(float) - photo.mean(2, keepdims=True)
        hue_kept = kept.astype(float) - kept.mean(2, keepdims=True)
        assert abs(hue_kept.std() - hue.std()) < 6


@pytest.mark.parametrize(
    "source", ["grey", "transparent", "turned", "sixteen"], ids=["grey", "transparent", "turned by EXIF", "16 bits"]
)
def test_photos_and_paintings_of_every_kind(source, photo, painting, tmp_path):
    file = tmp_path / "odd.png"
    if source == "grey":
        Image.fromarray(photo[..., 0]).save(file)
    elif source == "transparent":
        Image.fromarray(np.dstack([photo, np.full(photo.shape[:2], 128, np.uint8)])).save(file)
    elif source == "sixteen":
        Image.fromarray(photo[..., 0].astype(np.uint16) * 257).save(file)
    else:
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.fromarray(photo).save(file, exif=exif)
    out = tmp_path / "out.png"
    optimize(file, painting, out, **QUICK)
    painted = read(out)
    assert painted.size == ((73, 96) if source == "turned" else (96, 73))
    assert (painted.alpha is not None) == (source == "transparent")
    optimize(painting, file, **QUICK)


def test_a_mix_has_the_weights_of_its_paintings(face, painting, red):
    given = {**QUICK, "steps": 16, "style_strength": 0.8}
    redness = []
    for share in (0.0, 0.5, 1.0):
        pixels = optimize(face, [painting, red], weights=(1 - share, share), **given).pixels.astype(float)
        redness.append((pixels[..., 0] - pixels[..., 1]).mean())
    assert redness == sorted(redness)
    assert redness[2] > redness[0] + 20


def test_a_region_has_its_own_painting(face, painting, red, save):
    mask = np.zeros((101, 77), np.uint8)
    mask[:50] = 255
    file = save("top.png", mask)
    given = {**QUICK, "steps": 16, "style_strength": 0.9}
    pixels = optimize(face, painting, regions=[RegionOf(str(file), str(red))], **given).pixels.astype(float)
    redness = pixels[..., 0] - pixels[..., 1]
    assert redness[:40].mean() > redness[-40:].mean() + 20
    only = optimize(face, [], regions=[RegionOf(str(file), str(red))], **given)
    assert only.size == (96, 73)


@pytest.mark.parametrize("kinds", ["2", "auto"])
def test_kinds_of_things_are_found(face, painting, kinds):
    assert optimize(face, painting, semantic=kinds, **QUICK).size == (96, 73)


def test_fine_strokes_may_be_of_another_painting(face, painting, save, photo):
    file = save("fine.png", np.ascontiguousarray(photo[:90]))
    assert optimize(face, painting, fine=str(file), **QUICK).size == (96, 73)


class TestStart:
    def start(self, monkeypatch, face, painting, start, distance=0.5):
        infos = bundled_styles()
        monkeypatch.setattr("impasto.optimizing.starts.like", lambda file: [(infos[0], distance)])
        return open_optimization(face, painting, **{**QUICK, "start": start}).config.start, infos[0].name

    def test_auto_is_the_photo_where_no_style_of_the_painting_is_known(self, monkeypatch, face, painting):
        assert self.start(monkeypatch, face, painting, "auto")[0] == "photo"

    def test_auto_is_a_bundled_style_of_the_same_painting(self, monkeypatch, face, painting):
        start, name = self.start(monkeypatch, face, painting, "auto", 0.01)
        assert start == name

    def test_network_takes_the_nearest_style(self, monkeypatch, face, painting):
        start, name = self.start(monkeypatch, face, painting, "network")
        assert start == name

    def test_a_style_that_was_fitted_is_known(self, monkeypatch, face, painting, tmp_path):
        kept = tmp_path / "kept.style"
        kept.write_bytes(bundled_styles()[0].path.read_bytes())
        monkeypatch.setattr("impasto.optimizing.starts.kept_fit", lambda file: kept)
        running = open_optimization(face, painting, **{**QUICK, "start": "auto"})
        assert running.config.start == str(kept)
        assert len(list(running.steps())) == 3

    def test_a_picture_or_a_style_may_be_named(self, face, painting, photo, save):
        other = save("other.png", np.ascontiguousarray(photo[::-1]))
        for start in (str(other), "starry-night", "mean", "noise"):
            running = open_optimization(face, painting, **{**QUICK, "start": start})
            assert running.config.start == start
            assert len(list(running.steps())) == 3

    def test_a_name_that_is_none_is_refused(self, face, painting):
        with pytest.raises(ImpastoError, match="starry-nigth"):
            open_optimization(face, painting, **{**QUICK, "start": "starry-nigth"})


def test_interrupted_it_keeps_the_best_so_far(face, painting, tmp_path):
    def stop(running, step):
        if step.number == 2:
            raise KeyboardInterrupt

    picture = optimize(face, painting, tmp_path / "out.png", follow=stop, **QUICK)
    assert picture.size == (96, 73)
    assert (tmp_path / "out.png").exists()


def test_interrupted_before_the_first_step_it_writes_nothing(face, painting, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr("impasto.optimizing.optimization.optimized", stop)
    with pytest.raises(KeyboardInterrupt):
        optimize(face, painting, tmp_path / "out.png", **QUICK)
    assert not (tmp_path / "out.png").exists()


def test_where_it_cannot_go_on_it_keeps_the_best_and_says_why(face, painting, tmp_path, monkeypatch):
    from impasto.gatys import loop

    real = loop.optimize

    def failing(*given):
        for step in real(*given):
            if step.number == 3:
                raise OptimizationError("the loss became nan at step 3")
            yield step

    monkeypatch.setattr("impasto.optimizing.optimization.optimized", failing)
    picture = optimize(face, painting, tmp_path / "out.png", **QUICK)
    assert "the loss became nan at step 3; this is the best until then" in picture.notices


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"weights": (1.0, 2.0, 3.0)}, "--weights has 3 numbers and there are 1 paintings"),
        ({"size": 20}, r"face\.png: would be 15 x 20 px, and VGG-19 needs 32 each way"),
        ({"steps": 5, "budget": "3s"}, "--steps and --budget both bound the work"),
        ({"budget": "soon", "steps": 0}, "--budget is a time above 0"),
        ({"max_memory": "much"}, "--max-memory is a size such as 500MB or 2GB, got 'much'"),
        ({"style_loss": "grams"}, "--style-loss is one of gram"),
        ({"preset": "gatys-2014"}, "--preset is one of gatys-2015"),
        ({"losses": "absolute"}, "--losses absolute needs --style-weight"),
        ({"strength": 1}, "there is no optimize option 'strength'; did you mean 'style_strength'"),
        ({"weights": (0.0,)}, "--weights must not be all zero"),
        ({"semantic": "1"}, "--semantic is auto or a number from 2 to 8, got '1'"),
        ({"steps": (1, 2, 3)}, "--steps has 3 numbers and there are 2 scales"),
        ({"steps": (0, 2)}, "--steps must not be 0 for the first scale"),
    ],
)
def test_bad_options_say_what_to_do(face, painting, options, words):
    with pytest.raises(InvalidOption, match=words):
        optimize(face, painting, **{**QUICK, **options})


def test_bad_pictures_are_named(face, painting, save, tmp_path):
    with pytest.raises(InvalidOption, match="there is nothing to paint like: name a painting"):
        optimize(face, [], **QUICK)
    with pytest.raises(InvalidOption, match=r"stamp\.png: this painting has only 30 x 30 px"):
        optimize(face, save("stamp.png", np.zeros((30, 30, 3), np.uint8)), **QUICK)
    with pytest.raises(UnreadablePicture, match=r"absent\.png: there is no such file"):
        optimize("absent.png", painting, **QUICK)
    with pytest.raises(UnreadablePicture, match=r"absent\.png: "):
        optimize(face, "absent.png", **QUICK)
    with pytest.raises(InvalidOption, match="would replace"):
        optimize(face, painting, face, **QUICK)
    with pytest.raises(UnwritableOutput, match="the folder does not exist"):
        optimize(face, painting, tmp_path / "none" / "out.png", **QUICK)
    with pytest.raises(InvalidOption, match=r"cannot write pictures as \.txt"):
        optimize(face, painting, tmp_path / "out.txt", **QUICK)


def test_a_sheet_of_settings(face, painting, tmp_path):
    seen = []
    given = {name: value for name, value in QUICK.items() if name not in ("size", "steps")}
    tune(
        face,
        painting,
        tmp_path / "sheet.png",
        count=4,
        follow=lambda *step: seen.append(step),
        size=64,
        steps=2,
        **given,
    )
    assert [step[1:] for step in seen] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert len({step[0] for step in seen}) == 4
    height, width = read(tmp_path / "sheet.png").size
    assert height > 2 * 64
    assert width > 2 * 49


def test_a_sheet_replaces_no_picture_and_is_refused_before_the_work(face, painting, tmp_path):
    before, begun = (face.read_bytes(), painting.read_bytes()), []
    for sheet, words in (
        (face, r"would replace .*face\.png"),
        (painting, r"would replace .*waves\.png"),
        (tmp_path / "none" / "sheet.png", "the folder does not exist"),
        (tmp_path / "sheet.txt", r"cannot write pictures as \.txt"),
    ):
        with pytest.raises((InvalidOption, UnwritableOutput), match=words):
            tune(face, painting, sheet, count=2, follow=lambda *setting: begun.append(setting), **QUICK)
    assert begun == []
    assert (face.read_bytes(), painting.read_bytes()) == before


def test_without_torch_it_says_what_to_install(face, painting, monkeypatch):
    monkeypatch.delitem(sys.modules, "impasto.optimizing.optimization", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImpastoError, match=r"optimising needs torch; pip install 'impasto\[train\]'"):
        optimize(face, painting, **QUICK)
