"""Where a painting lies: masks, regions with styles of their own, the photo's alpha and its subject.

The painter here paints everything in one colour, which a style's vector is, so each pixel is known beforehand.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import skimage.data
from PIL import Image

from impasto.errors import InvalidOption, PictureError, UnreadablePicture
from impasto.image import Picture, read, resize
from impasto.model import Style
from impasto.runtime.regions import Places, Region
from impasto.runtime.stylizer import StylizeOptions, Stylizer

RED, BLUE, WHITE = (
    Style(name, np.float32(rgb), "flat")
    for name, rgb in (("red", (1, 0, 0)), ("blue", (0, 0, 1)), ("white", (1, 1, 1)))
)
SIZE = (60, 80)


class Flat:
    """A session whose styles are colours; counts its paintings."""

    manifest = SimpleNamespace(identity=())

    def __init__(self):
        self.paintings = 0

    def check(self, style):
        assert style.network == "flat"

    def strips(self, pixels, style, room):
        self.paintings += 1
        yield np.broadcast_to(style.vector, pixels.shape).astype(np.float32)


@pytest.fixture
def flat():
    return Flat()


@pytest.fixture
def paint(flat):
    """Return a function that gives a stylizer for whole pictures and regions, [(mask, style)]; edges are hard."""

    def make(style=None, regions=(), mask=None, feather=0.0, **options):
        parts = [Region(*part) for part in regions]
        return Stylizer(flat, style, StylizeOptions(feather=feather, **options), mask=mask, regions=parts)

    return make


@pytest.fixture
def scene():
    """Return noise, (60, 80, 3) uint8."""
    return np.random.default_rng(0).integers(0, 256, (*SIZE, 3), np.uint8)


def levels(style, dtype=np.uint8):
    return (style.vector * np.iinfo(dtype).max).astype(dtype)


def half(value=1.0):
    """Return a mask of the left half."""
    mask = np.zeros(SIZE, np.float32)
    mask[:, :40] = value
    return mask


def over(below, style, weights):
    return below + weights[..., None] * (255 * style.vector.astype(float) - below)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_white_is_painted_and_black_is_the_photo_exactly(paint, scene, dtype):
    deep = scene.astype(dtype) * dtype(np.iinfo(dtype).max // 255)
    for stylizer in (paint(RED, mask=half()), paint(regions=[(half(), RED)])):
        painted = stylizer(deep)
        np.testing.assert_array_equal(painted[:, 40:], deep[:, 40:])
        assert (painted[:, :40] == levels(RED, dtype)).all()


def test_a_white_mask_changes_nothing(paint, scene):
    np.testing.assert_array_equal(paint(RED, mask=np.ones(SIZE, bool))(scene), paint(RED)(scene))


def test_grey_paints_partly(paint, scene):
    weights = np.linspace(0.1, 1, 80, dtype=np.float32)[None].repeat(60, 0)
    expected = over(scene.astype(float), RED, weights)
    for stylizer in (paint(RED, mask=weights), paint(regions=[(weights, RED)])):
        assert np.abs(stylizer(scene) - expected).max() <= 0.51


def test_regions_lie_on_those_before_them(paint, scene):
    top = np.zeros(SIZE, np.float32)
    top[:30] = 0.5
    parts = [(half(), BLUE), (top, WHITE), (half(0.25)[:, ::-1], RED)]
    left, expected = np.ones((*SIZE, 1)), np.zeros((*SIZE, 3))
    for mask, style in [*reversed(parts), (np.ones(SIZE), RED)]:
        share = np.minimum(mask[..., None], left)
        left = left - share
        expected += share * levels(style)
    assert np.abs(paint(RED, parts)(scene) - expected).max() <= 0.6
    reversed_ = paint(RED, parts[::-1])(scene)
    assert np.abs(reversed_ - expected).max() > 50


def test_nothing_shines_through_where_two_soft_regions_meet(paint, scene):
    across = np.broadcast_to(np.linspace(0, 1, SIZE[1], dtype=np.float32), SIZE)
    painted = paint(regions=[(1 - across, BLUE), (across, BLUE)], feather=0)(scene)
    assert np.abs(painted.astype(float) - levels(BLUE)).max() <= 1


def test_the_mask_holds_for_all_regions(paint, scene):
    painted = paint(RED, [(np.ones(SIZE, np.float32), BLUE)], mask=half())(scene)
    assert (painted[:, :40] == levels(BLUE)).all()
    np.testing.assert_array_equal(painted[:, 40:], scene[:, 40:])


def test_without_a_style_the_rest_is_the_photo(paint, flat, scene):
    corner = np.zeros(SIZE, np.float32)
    corner[:10, :10] = 1
    painted = paint(regions=[(half(), RED), (corner, BLUE)])(scene)
    assert (painted[:10, :10] == levels(BLUE)).all()
    assert (painted[10:, :40] == levels(RED)).all()
    np.testing.assert_array_equal(painted[:, 40:], scene[:, 40:])
    assert flat.paintings == 2  # and no more than the regions


def test_strength_and_regions(paint, scene):
    np.testing.assert_array_equal(paint(RED, [(half(), BLUE)], strength=0)(scene), scene)
    painted = paint(regions=[(half(), BLUE)], strength=0.5)(scene)
    assert np.abs(painted - over(scene.astype(float), BLUE, half(0.5))).max() <= 0.51


def test_a_mask_of_another_size_is_resized_with_a_notice(paint, scene):
    small = np.zeros((30, 40), np.float32)
    small[:, :20] = 1
    for stylizer in (paint(RED, mask=small), paint(regions=[(small, RED)])):
        painted = stylizer.paint(read(scene))
        (notice,) = painted.notices
        assert "40 x 30" in notice
        assert "80 x 60" in notice
        assert (painted.pixels[:, :38] == levels(RED)).all()
        np.testing.assert_array_equal(painted.pixels[:, 42:], scene[:, 42:])


@pytest.mark.parametrize("size", [40, 160])
def test_a_mask_that_fits_the_photo_needs_no_notice_where_the_painting_is_of_another_size(paint, scene, size):
    painted = paint(RED, mask=half(), size=size).paint(read(scene))
    assert painted.notices == ()
    assert painted.pixels.shape == (size * 3 // 4, size, 3)
    assert (painted.pixels[:, : size // 2 - 3] == levels(RED)).all()
    np.testing.assert_array_equal(
        painted.pixels[:, size // 2 + 3 :], resize(scene, (size * 3 // 4, size))[:, size // 2 + 3 :]
    )


def test_an_empty_mask_is_refused_before_anything_is_painted(paint, flat, scene, save):
    empty = save("sky.png", np.zeros(SIZE, np.uint8))
    for stylizer in (paint(RED, mask=empty), paint(RED, [(half(), BLUE), (empty, RED)])):
        with pytest.raises(InvalidOption, match=r"sky\.png is empty") as refused:
            stylizer(scene)
        assert "\n" not in str(refused.value)
    assert flat.paintings == 0


def test_masks_that_are_no_pictures_are_named(paint, flat, scene, save):
    for mask in ("absent.png", save("text.png", b"white")):
        with pytest.raises(UnreadablePicture, match=r"absent\.png|text\.png"):
            paint(RED, mask=mask)(scene)
    with pytest.raises(InvalidOption, match="floats outside 0 to 1"):
        paint(RED, mask=half(255))(scene)
    assert flat.paintings == 0


def test_masks_are_files_images_and_arrays(paint, scene, save):
    expected = paint(RED, mask=half())(scene)
    grey = np.uint8(half(255))
    path = save("mask.png", grey)
    for mask in (path, str(path), path.read_bytes(), Image.fromarray(grey), grey, grey > 0):
        np.testing.assert_array_equal(paint(RED, mask=mask)(scene), expected)


@pytest.mark.parametrize("name", ["alpha", "Alpha"])
def test_the_photos_alpha_as_the_mask(paint, scene, name):
    alpha = np.uint8(half(255))
    alpha[:, 30:40] = 128
    painted = paint(RED, mask=name)(np.dstack([scene, alpha]))
    np.testing.assert_array_equal(painted[..., 3], alpha)
    assert np.abs(painted[..., :3] - over(scene.astype(float), RED, alpha / 255)).max() <= 0.51
    by_region = paint(regions=[(name, RED)])(np.dstack([scene, alpha]))
    np.testing.assert_array_equal(by_region, painted)


def test_a_photo_without_alpha_is_named(paint, flat, scene):
    with pytest.raises(PictureError, match=r"holiday: has no alpha"):
        paint(RED, mask="alpha").paint(read(scene), "holiday")
    assert flat.paintings == 0


def test_feathered_edges_make_no_seam_and_hard_ones_stay_hard(paint):
    black = np.zeros((100, 200, 3), np.uint8)
    mask = np.zeros((100, 200), np.float32)
    mask[:, :100] = 1
    hard, soft, softer = (
        paint(WHITE, mask=mask, feather=feather)(black)[50, :, 0].astype(int) for feather in (0, 0.05, 0.2)
    )
    assert np.abs(np.diff(hard)).max() == 255
    for row, most in ((soft, 40), (softer, 12)):
        assert np.abs(np.diff(row)).max() < most
        assert (np.diff(row) <= 0).all()
        assert (row[0], row[-1]) == (255, 0)


def test_the_default_feather_is_a_part_of_the_long_side():
    def steepest(side):
        mask = np.zeros((4, side), np.float32)
        mask[:, : side // 2] = 1
        painted = Stylizer(Flat(), WHITE, mask=mask)(np.zeros((4, side, 3), np.uint8))
        return np.abs(np.diff(painted[0, :, 0].astype(int))).max()

    assert steepest(1000) < 90
    assert steepest(4000) < 0.4 * steepest(1000)


def test_a_feather_is_at_most_half_the_long_side():
    with pytest.raises(InvalidOption, match="--feather"):
        StylizeOptions(feather=0.6)


@pytest.fixture(scope="module")
def cup():
    """Return a cup on a table, (101, 151, 3) uint8."""
    return resize(skimage.data.coffee(), (101, 151))


class TestSubject:
    @pytest.fixture(autouse=True)
    def _opencv(self):
        pytest.importorskip("cv2")

    def test_subject_and_background_add_up_to_1(self, cup):
        places = Places(Picture(cup), cup, 3.0, "cup")
        subject, background = places.weights("subject"), places.weights("Background")
        np.testing.assert_allclose(subject + background, 1, atol=1e-6)
        assert subject.shape == background.shape == (101, 151)
        assert 0.05 < subject.mean() < 0.9

    def test_each_has_its_own_style(self, paint, cup):
        painted = paint(regions=[("background", BLUE), ("subject", RED)])(cup)
        assert (painted[45, 70] == levels(RED)).all()  # the cup
        assert (painted[2:-2, 2] == levels(BLUE)).all()  # the table

    def test_where_there_is_none_the_photo_is_named(self, paint, flat):
        with pytest.raises(PictureError, match=r"wall: no subject stands out .*--mask") as refused:
            paint(RED, mask="subject").paint(Picture(np.full((64, 64, 3), 99, np.uint8)), "wall")
        assert "\n" not in str(refused.value)
        assert flat.paintings == 0
