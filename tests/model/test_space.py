import numpy as np
import pytest

from impasto.errors import InvalidOption, ModelError
from impasto.model import Style, bundled_styles, nearest, random_style, signature_distance, space, walk


def numbers(seed, shape):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def corners(count, **facts):
    """Return styles whose vectors are the unit vectors, so that those of mixes are their weights."""
    return [Style(f"s{index}", row, "net", **facts) for index, row in enumerate(np.eye(count, dtype=np.float32))]


def test_the_distance_is_relative_to_the_target_and_a_mean_over_layers():
    target = np.float32([[3, 4], [1, 0]])
    assert signature_distance(target, target) == 0
    assert signature_distance(0 * target, target) == 1
    assert signature_distance(np.float32([[3, 4], [1, 2]]), target) == 2
    assert signature_distance(2 * target, target) == 1
    assert signature_distance(target, 2 * target) == 0.25
    assert np.isfinite(signature_distance(target, 0 * target))


def test_the_nearest_styles_first_and_none_that_have_no_signature(bundle):
    target = numbers(0, (5, 256))
    near, far = target + 0.1 * numbers(1, target.shape), numbers(2, target.shape)
    vector = np.zeros(2, np.float32)
    own = {"far": far, "near": near, "unknown": None, "same": target}
    bundle(Style(name, vector, "net", signature=signature) for name, signature in own.items())
    found = nearest(target, bundled_styles())
    assert [style.name for style, _ in found] == ["same", "near", "far"]
    assert [distance for _, distance in found] == sorted(distance for _, distance in found)
    assert found[0][1] == 0
    assert found[1][1] == pytest.approx(0.01, rel=0.2)
    assert found[2][1] == pytest.approx(2, rel=0.2)
    assert nearest(target, []) == []


def test_a_random_style_is_the_same_for_the_same_seed(bundle):
    """The numbers are written down: they must not change with numpy, the machine or Impasto's version."""
    bundle(corners(4))
    style = random_style(7)
    assert (style.name, style.network, style.vector.dtype) == ("random-7", "net", np.float32)
    np.testing.assert_array_equal(style.vector, random_style(7).vector)
    np.testing.assert_allclose(style.vector, [0.772381, 0.006694, 0.07806, 0.601463], atol=1e-6)
    assert not np.allclose(style.vector, random_style(8).vector)


def test_first_and_last_numbers_follow_two_mixes_of_two_styles_each(bundle, monkeypatch):
    monkeypatch.setattr(space, "SPREAD", 0.0)
    count, length = 6, 3
    bundle(Style(f"s{index}", np.full(length, 10.0**index), "net") for index in range(count))
    for seed in range(20):
        for at in (0, -1):
            value = float(random_style(seed).vector[at])
            pairs = [(10.0**i, 10.0**j) for i in range(count) for j in range(count) if i != j]
            assert any(a - 0.21 * (b - a) <= value <= a + 1.21 * (b - a) for a, b in pairs if b > a)


def test_random_styles_have_the_styles_mean_and_stay_within_their_reach(bundle):
    vectors = numbers(0, (8, 50))
    bundle(Style(f"s{index}", vector, "net") for index, vector in enumerate(vectors))
    drawn = np.stack([random_style(seed).vector for seed in range(400)])
    spread = np.linalg.norm(vectors - vectors.mean(0), axis=1).mean()
    np.testing.assert_allclose(drawn.mean(0), vectors.mean(0), atol=0.25)
    distances = np.linalg.norm(drawn - vectors.mean(0), axis=1)
    assert 0.3 * spread < distances.min()
    assert distances.max() < 2.5 * spread


def test_the_palette_is_mixed_of_those_of_the_last_layers(bundle):
    palettes = numbers(1, (5, 4, 3))
    styles = corners(5, signature=np.ones((5, 256), np.float32))
    bundle(Style(s.name, s.vector, s.network, palette=p) for s, p in zip(styles, palettes, strict=True))
    for seed in range(5):
        style = random_style(seed)
        shares, *_ = np.linalg.lstsq(palettes.reshape(5, 12).T, style.palette.ravel(), rcond=None)
        assert shares.min() > -1e-5
        assert shares.sum() == pytest.approx(1, abs=1e-5)
        assert (shares > 1e-5).sum() == 2
        assert style.signature is None


def test_without_palettes_a_random_style_has_none(bundle):
    bundle(corners(3))
    assert random_style(0).palette is None


def test_one_style_is_space_enough(bundle):
    bundle(corners(1))
    np.testing.assert_allclose(random_style(3).vector, [1])


@pytest.mark.parametrize("seed", [-1, 1 << 128, pytest.param(10**5000, id="huge"), 0.5, 7.0, "7", None, True, np.nan])
def test_seeds_that_are_none(seed):
    with pytest.raises(InvalidOption, match=r"seed .* whole number"):
        random_style(seed)


@pytest.mark.parametrize("seed", [0, (1 << 128) - 1, np.int64(5)])
def test_seeds_of_any_size_and_type(seed):
    assert random_style(seed).name == f"random-{seed}"


def test_random_styles_of_the_bundled_ones_differ_and_fit_the_network():
    styles = [random_style(seed) for seed in range(4)]
    assert {style.network for style in styles} == {random_style(0).network}
    assert all(np.isfinite(style.vector).all() for style in styles)
    for index, style in enumerate(styles):
        assert all(np.linalg.norm(style.vector - other.vector) > 1 for other in styles[:index])


def test_a_walk_goes_through_all_styles_and_closes():
    styles = corners(3)
    way = list(walk(styles, 12))
    assert len(way) == 12
    assert [way[0], way[4], way[8]] == styles
    np.testing.assert_allclose(way[2].vector, [0.5, 0.5, 0])
    np.testing.assert_allclose(way[10].vector, [0.5, 0, 0.5])
    assert way[1].name == "s0-84+s1-16"
    vectors = np.stack([style.vector for style in [*way, way[0]]])
    np.testing.assert_allclose(vectors.sum(1), 1, atol=1e-6)
    assert vectors.min() >= 0


def test_a_walk_is_smooth():
    vectors = np.stack([style.vector for style in walk(corners(4), 400)])
    speeds = np.linalg.norm(np.diff(vectors, axis=0, append=vectors[:1]), axis=1)
    assert speeds.max() < 0.03
    assert np.abs(np.diff(speeds, append=speeds[:1])).max() < 0.001


def test_steps_need_not_be_a_multiple_of_the_styles():
    styles = corners(3)
    assert len(list(walk(styles, 7))) == 7
    assert list(walk(styles, 1)) == styles[:1]
    assert next(walk(styles, 2)) is styles[0]
    assert list(walk(styles[:1], 5)) == styles[:1] * 5


def test_a_walk_carries_palettes():
    way = walk(corners(2, palette=np.ones((4, 3), np.float32)), 8)
    assert all(style.palette.shape == (4, 3) for style in way)


def test_walks_that_cannot_be():
    for styles, steps in (([], 5), (corners(2), 0), (corners(2), -1)):
        with pytest.raises(InvalidOption, match="walk"):
            walk(styles, steps)
    strange = Style("strange", np.zeros(2, np.float32), "other")
    with pytest.raises(ModelError, match=r"s0 and strange"):
        list(walk([corners(2)[0], strange], 4))
