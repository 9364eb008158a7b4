"""The network and the styles that come with Impasto; these tests hold for any well-trained ones."""

from itertools import pairwise

import numpy as np
import pytest
import skimage.data
import torch

import impasto
from impasto.image import resample, to_integers
from impasto.model import Style, bundled, find_style, mix, signature_distance
from impasto.runtime.canvas import paint_at
from impasto.runtime.session import Session
from impasto.runtime.stylizer import StylizeOptions, Stylizer

from .spectrum import pattern

LIMIT = 8_000_000
"""Bytes of all assets together."""
NAMES = [style.name for style in impasto.styles()]
LEVEL = 1 / 255


@pytest.fixture(scope="module")
def session():
    return Session.open(bundled.MODELS["main"], precision="f32")


@pytest.fixture(scope="module")
def astronaut():
    return np.ascontiguousarray(skimage.data.astronaut()[::2, ::2])


def weak_noise(side):
    chance = np.random.default_rng(0)
    return (0.5 + 0.02 * chance.standard_normal((side, side, 3))).astype(np.float32)


def at_strength(session, name, strength):
    return Stylizer(session, find_style(name), StylizeOptions(strength=strength))


def test_what_comes_with_impasto(session):
    assert len(NAMES) >= 24
    assert len({style.credits.artist for style in impasto.styles()}) >= 15
    assert len(session.manifest.identity) == session.manifest.style_parameters > 0
    assert find_style("starry-night").name == "van-gogh-starry-night"
    assert "great-wave" in find_style("great-wave").name


def test_it_is_small():
    assert sum(path.stat().st_size for path in bundled.ASSETS.rglob("*") if path.is_file()) <= LIMIT


@pytest.mark.parametrize("style", impasto.styles(), ids=lambda style: style.name)
def test_each_style_says_whose_it_is(style):
    assert all((style.credits.artist, style.credits.title, style.credits.year, style.credits.licence))
    assert find_style(style.name).name == style.name == style.path.stem


def test_both_files_are_one_network(session):
    twin = impasto.model.Manifest.read(bundled.MODELS["main"].with_suffix(".safetensors"))
    assert twin == session.manifest
    assert {find_style(name).network for name in NAMES} == {twin.fingerprint}


@pytest.mark.parametrize("name", NAMES)
def test_each_style_paints(session, astronaut, name):
    painting = session.paint(astronaut.astype(np.float32) / 255, find_style(name))
    assert np.isfinite(painting).all()
    assert -0.6 < painting.min() < painting.max() < 1.6
    assert ((painting < 0) | (painting > 1)).mean() < 0.03
    assert painting.std() > 0.06  # neither black nor grey
    assert float(np.abs(painting - astronaut / 255).mean()) > 12 * LEVEL  # nor the photo


def test_styles_differ_from_one_another(session, astronaut):
    paintings = [session.paint(astronaut.astype(np.float32) / 255, find_style(name)) for name in NAMES]
    for index, one in enumerate(paintings):
        for other in paintings[:index]:
            assert np.abs(one - other).mean() > 8 * LEVEL


def test_the_processors_own_precision_is_near_float32(session, astronaut):
    exact = session.paint(astronaut.astype(np.float32) / 255, find_style("starry-night"))
    native = impasto.load("starry-night").session.paint(astronaut.astype(np.float32) / 255, find_style("starry-night"))
    assert np.abs(exact - native).mean() < LEVEL


@pytest.mark.parametrize("name", NAMES)
def test_each_style_knows_its_painting(name):
    style = find_style(name)
    assert style.palette is not None
    assert style.signature is not None
    others = [(find_style(other).signature, other) for other in NAMES if other != name]
    assert min(signature_distance(signature, style.signature) for signature, _ in others) > 0.1


def test_the_identity_gives_the_photo_back_through_the_network(session, astronaut):
    planes = astronaut.astype(np.float32) / 255
    identity = Style("identity", np.array(session.manifest.identity, np.float32), session.manifest.fingerprint)
    error = np.square(session.paint(planes, identity) - planes).mean()
    assert -10 * np.log10(error) > 40  # dB


@pytest.mark.parametrize("name", ["starry-night", "great-wave", "the-scream", "grande-jatte"])
def test_more_strength_is_nearer_in_style(session, name):
    from impasto.perceptual.criterion import PerceptualCriterion
    from impasto.perceptual.signature import signature
    from impasto.perceptual.weights import load_vgg19

    criterion, style = PerceptualCriterion(load_vgg19()), find_style(name)
    photo = np.ascontiguousarray(skimage.data.chelsea()[:256, :320])
    painters = [at_strength(session, name, step) for step in (0, 0.2, 0.4, 0.6, 0.8, 1)]
    paintings = [torch.from_numpy(paint(photo)).permute(2, 0, 1)[None] / 255 for paint in painters]
    distances = [
        signature_distance(signature(criterion.style_target(painting)), style.signature) for painting in paintings
    ]
    assert all(later < 1.03 * earlier for earlier, later in pairwise(distances))  # near the end it may stand still
    assert distances[-1] < 0.5 * distances[0]
    assert all(later < earlier for earlier, later in pairwise(distances[:4]))


@pytest.mark.parametrize("name", ["starry-night", "great-wave"])
def test_little_strength_is_nearly_the_photo(session, astronaut, name):
    """The learned identity nearly is one, so that nothing jumps between strength 0 and a little more."""
    painting = at_strength(session, name, 0.02)(astronaut)
    off = float(np.abs(painting.astype(float) - astronaut).mean())
    assert off < 12  # of 255


@pytest.mark.parametrize("name", ["starry-night", "great-wave"])
def test_more_strength_is_nearer_to_the_painting(session, astronaut, name):
    steps = (0.02, 0.25, 0.5, 0.75, 1)
    paintings = [at_strength(session, name, step)(astronaut).astype(float) for step in steps]
    away = [float(np.abs(painting - paintings[-1]).mean()) for painting in paintings]
    assert all(later < 1.05 * earlier for earlier, later in pairwise(away))


def test_a_mix_of_two_styles_lies_between_them(session, astronaut):
    planes = astronaut.astype(np.float32) / 255
    one, other = find_style("starry-night"), find_style("great-wave")
    first, last = (session.paint(planes, style) for style in (one, other))
    mixed = session.paint(planes, mix([(one, 0.5), (other, 0.5)]))
    assert np.isfinite(mixed).all()
    assert max(np.abs(mixed - first).mean(), np.abs(mixed - last).mean()) < 1.2 * np.abs(first - last).mean()


def painted_at(session, photo, style):
    strips = paint_at(0.5, to_integers(photo), lambda picture: session.strips(picture, style, lambda: 1 << 40))
    return np.concatenate(list(strips))


@pytest.mark.parametrize("name", ["starry-night", "great-wave"])
@pytest.mark.parametrize("sides", [(256, 512), pytest.param((420, 1680), marks=pytest.mark.slow)])
def test_a_preview_is_the_final_painting_scaled_down(session, name, sides):
    """Nearer than what the network alone, whose strokes have a size in pixels, paints of both."""
    style = find_style(name)
    small, large = (
        resample(skimage.data.astronaut().astype(np.float32) / 255, (side, side)).clip(0, 1) for side in sides
    )

    def alike(paint):
        preview, final = paint(small), paint(large)
        return psnr(resample(final, small.shape[:2]), preview)

    alone = alike(lambda photo: session.paint(photo, style))
    ours = alike(lambda photo: painted_at(session, photo, style))
    assert ours > max(19, alone + 2)


def psnr(one, other):
    return -10 * np.log10(np.square(one - other).mean())


@pytest.mark.parametrize("name", NAMES)
def test_no_grid(session, name):
    """No pattern of 2 or 4 px, where space to depth and upsampling would leave one.

    On pure noise, which the norms blow up to texture; transposed convolutions with random weights come to 77 to 360.
    """
    painting = session.paint(weak_noise(512), find_style(name))
    assert pattern(painting[16:-16, 16:-16]) < 12


@pytest.mark.parametrize("name", NAMES)
def test_no_frame(session, name):
    """The border is not of another colour than the inside, on weak noise blown up to texture and on a blank picture."""
    for picture, most in ((weak_noise(512), 56 * LEVEL), (np.full((128, 160, 3), 0.5, np.float32), LEVEL)):
        painting = session.paint(picture, find_style(name))
        inside = painting[32:-32, 32:-32].mean((0, 1))
        for band in (painting[:2], painting[-2:], painting[:, :2], painting[:, -2:]):
            assert np.abs(band.mean((0, 1)) - inside).max() < most


@pytest.mark.parametrize("name", NAMES)
def test_blank_pictures_stay_blank(session, name):
    """Instance norm divides by a deviation of nearly nothing there: blobs, if a network was not taught better."""
    for value in (0, 0.5, 1):
        painting = session.paint(np.full((131, 97, 3), value, np.float32), find_style(name))
        assert np.isfinite(painting).all()
        assert painting.std((0, 1)).max() < 2 * LEVEL


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_flat_pictures_are_alike_in_every_precision(session, value):
    """Black ones have no variance at all: moments that are rounded to bfloat16 once made noise of them."""
    picture, style = np.full((40, 56, 3), value, np.float32), find_style("great-wave")
    native = Session.open(bundled.MODELS["main"]).paint(picture, style)
    np.testing.assert_allclose(native, session.paint(picture, style), atol=0.03)
