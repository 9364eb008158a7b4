import pytest
import torch

from impasto.gatys.config import OptimizeConfig
from impasto.gatys.features import Eye
from impasto.gatys.objective import Objective, Weights
from impasto.gatys.targets import Guide, Painting, Targets
from impasto.perceptual.criterion import PerceptualCriterion

WEIGHTS = Weights(content=1.0, style=10.0, tv=0.5, edges=2.0)


def objective(vgg, photo, paintings, *, side=4096, guides=None, weights=WEIGHTS, **options):
    config = OptimizeConfig.of(**options)
    eye = Eye(vgg, dict.fromkeys((*config.content_layers, *config.style_layers)), side)
    guides = guides or [Guide(None, (1.0,) * len(paintings), [None] * len(paintings))]
    targets = Targets.of(eye, photo, [Painting(painting) for painting in paintings], guides, config)
    return Objective(eye, targets, weights)


def mixed(photo):
    noise = torch.rand(photo.shape, generator=torch.Generator().manual_seed(1))
    return 0.7 * photo + 0.3 * noise


def test_the_distances_are_the_criterions(vgg, astronaut, waves):
    found = objective(vgg, astronaut, [waves], weights=Weights(1.0, 10.0))(mixed(astronaut))
    criterion = PerceptualCriterion(vgg)
    with torch.no_grad():
        expected = criterion(mixed(astronaut), criterion.content_target(astronaut), criterion.style_target(waves))
    assert found.content == pytest.approx(float(expected.content), rel=1e-4)
    assert found.style == pytest.approx(float(expected.style), rel=1e-4)
    assert found.loss == pytest.approx(found.content + 10 * found.style, rel=1e-5)


@pytest.mark.parametrize("style_loss", ["gram", "wasserstein", "histogram", "nearest"])
def test_gradients_of_tiles_are_those_of_the_whole(vgg, astronaut, waves, style_loss):
    whole = objective(vgg, astronaut, [waves], style_loss=style_loss)(mixed(astronaut))
    tiled = objective(vgg, astronaut, [waves], style_loss=style_loss, side=48)(mixed(astronaut))
    assert tiled.loss == pytest.approx(whole.loss, rel=1e-4)
    assert (tiled.gradient - whole.gradient).norm() < 1e-3 * whole.gradient.norm()


def test_gradients_of_tiles_with_regions_are_those_of_the_whole(vgg, astronaut, waves):
    left = torch.zeros(astronaut.shape[2:])
    left[:, :40] = 1
    top = torch.zeros(waves.shape[2:])
    top[:50] = 1
    guides = [Guide(left, (1.0, 0.0), [top, None]), Guide(1 - left, (0.0, 1.0), [None, None])]
    paintings = [waves, waves.flip(1)]
    whole, tiled = (
        objective(vgg, astronaut, paintings, guides=guides, side=side)(mixed(astronaut)) for side in (4096, 32)
    )
    assert (tiled.gradient - whole.gradient).norm() < 1e-3 * whole.gradient.norm()


def test_the_gradient_points_uphill(vgg, astronaut, waves):
    evaluate = objective(vgg, astronaut, [waves])
    picture = mixed(astronaut)
    here = evaluate(picture)
    step = 0.3 * here.gradient / here.gradient.norm()
    rise = evaluate(picture + step / 2).loss - evaluate(picture - step / 2).loss
    assert rise == pytest.approx(float((here.gradient * step).sum()), rel=0.1)


def test_a_region_is_painted_like_its_own_painting_only(vgg, astronaut, waves):
    left = torch.zeros(astronaut.shape[2:])
    left[:, :30] = 1
    evaluate = objective(vgg, astronaut, [waves], guides=[Guide(left, (1.0,), [None])], weights=Weights(0.0, 1.0))
    gradient = evaluate(mixed(astronaut)).gradient.abs().sum((0, 1, 2))
    assert gradient[:30].mean() > 0
    assert gradient[-1] < 0.05 * gradient[:30].mean()


def test_the_photo_keeps_its_own_edges(vgg, astronaut, waves):
    edges = objective(vgg, astronaut, [waves], weights=Weights(0.0, 0.0, edges=1.0))
    assert edges(astronaut).loss == pytest.approx(0, abs=1e-9)
    assert edges(torch.full_like(astronaut, 0.5)).loss == pytest.approx(1, rel=1e-3)
