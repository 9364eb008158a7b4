import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import InvalidOption
from impasto.perceptual.style_losses import STYLE_LOSSES, Histogram, Nearest, style_loss

EVERY = pytest.mark.parametrize("name", STYLE_LOSSES)


def features(seed=0, channels=6, size=(9, 11), shift=0.0):
    generator = torch.Generator().manual_seed(seed)
    mixed = torch.randn(channels, channels, generator=generator)
    noise = torch.randn(channels, size[0] * size[1], generator=generator)
    return ((mixed @ noise).reshape(1, channels, *size) + shift).relu()


def of_all(map_):
    return torch.tensor(1 / (map_.shape[2] * map_.shape[3]))


def distances(name, map_, painting):
    found = []
    for loss in style_loss(name):
        target = loss.target([painting], [of_all(painting)], [1.0])
        found.append(loss.distance(loss.collect(map_, of_all(map_), target), target))
    return torch.stack(found)


@EVERY
def test_the_painting_itself_has_no_distance_and_another_has_one(name):
    painting = features(0)
    assert distances(name, painting, painting).abs().max() < 1e-4
    assert distances(name, features(1, shift=1.0), painting).min() > 0.01


@EVERY
def test_distances_are_float32_whatever_the_features_are(name):
    painting = features(0).bfloat16()
    assert distances(name, features(1).bfloat16(), painting).dtype == torch.float32


@EVERY
@given(cut=st.integers(1, 8))
def test_statistics_of_tiles_add_up_to_those_of_the_picture(name, cut):
    painting, map_ = features(0), features(1)
    for loss in style_loss(name):
        target = loss.target([painting], [of_all(painting)], [1.0])
        parts = [loss.collect(part, of_all(map_), target) for part in (map_[:, :, :cut], map_[:, :, cut:])]
        whole = loss.collect(map_, of_all(map_), target)
        torch.testing.assert_close(parts[0] + parts[1], whole, rtol=1e-4, atol=1e-5)


@EVERY
def test_positions_of_no_weight_do_not_count(name):
    painting, map_ = features(0), features(1)
    weights = torch.zeros(9, 11)
    weights[:4] = 1 / 44
    for loss in style_loss(name):
        target = loss.target([painting], [of_all(painting)], [1.0])
        alone = loss.collect(map_[:, :, :4], torch.tensor(1 / 44), target)
        torch.testing.assert_close(loss.collect(map_, weights, target), alone, rtol=1e-4, atol=1e-5)


@EVERY
def test_gradients_are_those_of_finite_differences(name):
    painting, map_ = features(0, channels=3, size=(4, 5)), features(1, channels=3, size=(4, 5)) + 0.3

    def total(values):
        return distances(name, values, painting).sum()

    leaf = map_.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(total(leaf), leaf)
    direction = torch.randn(map_.shape, generator=torch.Generator().manual_seed(5))
    step = 2e-3 * direction
    slope = (total(map_ + step) - total(map_ - step)) / 2
    assert float((gradient * step).sum()) == pytest.approx(float(slope), rel=0.1, abs=2e-5)


@pytest.mark.parametrize("name", ["gram", "mean-deviation", "wasserstein", "histogram"])
def test_a_mix_of_one_painting_twice_is_that_painting(name):
    painting = features(0)
    for loss in style_loss(name):
        alone = loss.target([painting], [of_all(painting)], [1.0])
        twice = loss.target([painting] * 2, [of_all(painting)] * 2, [0.3, 0.7])
        torch.testing.assert_close(twice, alone, rtol=1e-4, atol=1e-5)


def test_a_mix_lies_between_its_paintings():
    one, other = features(0), features(1, shift=2.0)
    (loss,) = style_loss("gram")
    mixed = loss.target([one, other], [of_all(one), of_all(other)], [0.5, 0.5])
    for painting in (one, other):
        alone = loss.target([painting], [of_all(painting)], [1.0])
        across = loss.distance(loss.target([other], [of_all(other)], [1.0]), loss.target([one], [of_all(one)], [1.0]))
        assert 0 < loss.distance(mixed, alone) < across


def test_the_wasserstein_distance_of_gaussians_that_only_moved_is_how_far():
    painting = features(0, size=(40, 40))
    (loss,) = style_loss("wasserstein")
    target = loss.target([painting], [of_all(painting)], [1.0])
    moved = loss.distance(loss.collect(painting + 0.5, of_all(painting), target), target)
    flat = painting.flatten(2)[0]
    size = flat.mean(1).square().sum() + flat.var(1, unbiased=False).sum()
    assert float(moved) == pytest.approx(float(6 * 0.25 / size), rel=1e-2)


def test_histograms_see_what_gram_matrices_do_not():
    half = torch.full((1, 1, 10, 10), 1.0)
    spread = torch.cat([torch.zeros(1, 1, 5, 10), torch.full((1, 1, 5, 10), 2**0.5)], 2)  # of the same second moment
    gram, histogram = distances("histogram", spread, half)
    assert gram < 1e-6
    assert histogram > 0.1


@pytest.mark.parametrize("loss", [Histogram(), Nearest()])
def test_a_number_for_all_positions_need_not_be_where_the_features_are(loss):
    map_ = torch.empty(1, 6, 9, 11, device="meta")
    target = loss.target([map_], [of_all(map_)], [1.0])
    assert loss.distance(loss.collect(map_, of_all(map_), target), target).device.type == "meta"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@EVERY
def test_a_gpu_finds_the_distances_that_the_cpu_does(name):
    found = distances(name, features(1).cuda(), features(0).cuda())
    assert found.is_cuda
    torch.testing.assert_close(found.cpu(), distances(name, features(1), features(0)), rtol=1e-3, atol=1e-5)
    inside = (torch.arange(99).reshape(9, 11) % 3 == 0).float() / 33
    for loss in style_loss(name):
        on_both = []
        for device in ("cuda", "cpu"):
            painting, map_, weights = (each.to(device) for each in (features(0), features(1), inside))
            target = loss.target([painting], [weights], [1.0])
            on_both.append(loss.distance(loss.collect(map_, weights, target), target).cpu())
        torch.testing.assert_close(*on_both, rtol=1e-3, atol=1e-5)


def test_a_name_that_is_none_is_refused():
    with pytest.raises(InvalidOption, match=r"a style loss is one of .*gram.*, got 'grams'"):
        style_loss("grams")
