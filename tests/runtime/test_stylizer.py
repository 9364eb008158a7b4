import io

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.errors import InvalidOption, ModelError, PictureTooLarge, UnreadablePicture
from impasto.image import read, write
from impasto.model import read_style
from impasto.runtime.stylizer import StylizeOptions, Stylizer


@pytest.fixture
def paint(sessions, tiny_model):
    """Return a function that gives a stylizer with these options."""

    def make(**options):
        return Stylizer(sessions["onnxruntime"], read_style(tiny_model.style("dots")), StylizeOptions(**options))

    return make


@pytest.fixture
def blend_paint(johnson_sessions):
    """Return a function that gives a stylizer whose network has no identity."""

    def make(**options):
        session = johnson_sessions["onnxruntime"]
        style = impasto.Style("only", np.zeros(0, np.float32), session.manifest.fingerprint)
        return Stylizer(session, style, StylizeOptions(**options))

    return make


def difference(one, other):
    return np.abs(one.astype(float) - other).mean()


def test_all_kinds_of_sources_give_the_same_painting(paint, photo, save):
    path, stylizer = save("photo.png", photo), paint()
    expected = stylizer(photo)
    assert isinstance(expected, np.ndarray)
    with path.open("rb") as stream, Image.open(path) as image:
        for source in (path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes()), stream, image):
            painted = stylizer(source)
            assert isinstance(painted, Image.Image)
            assert (painted.mode, painted.size) == ("RGB", (77, 101))
            np.testing.assert_array_equal(np.asarray(painted), expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_arrays_give_arrays_of_their_kind(paint, photo, grey, dtype):
    scale = dtype(np.iinfo(dtype).max // 255)
    deep, deep_grey = photo.astype(dtype) * scale, grey.astype(dtype) * scale
    with_alpha = np.dstack([deep, deep_grey])
    expected = paint()(photo)
    for source, shape in ((deep, (101, 77, 3)), (deep_grey, (101, 77, 3)), (with_alpha, (101, 77, 4))):
        painted = paint()(source)
        assert (painted.shape, painted.dtype) == (shape, dtype)
    np.testing.assert_array_equal(paint()(with_alpha)[..., 3], deep_grey)
    assert difference(paint()(deep) / scale, expected) < 1


def test_sixteen_bit_arrays_keep_their_depth(paint, photo):
    painted = paint()(photo.astype(np.uint16) * 257)
    assert len(np.unique(painted % 257)) > 50


def test_a_sixteen_bit_file_gives_an_eight_bit_image(paint, save, grey):
    painted = paint()(save("deep.png", grey.astype(np.uint16) * 257))
    assert (painted.mode, painted.size) == ("RGB", (77, 101))


def test_a_picture_with_alpha_gives_one_with_alpha(paint, photo, grey, save):
    painted = paint()(save("alpha.png", np.dstack([photo, grey])))
    assert painted.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(painted)[..., 3], grey)


def test_sources_are_not_changed(paint, photo):
    before = photo.copy()
    for strength in (0, 0.5, 1):
        paint(strength=strength)(photo)
    np.testing.assert_array_equal(photo, before)


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (3, 2), (18, 17)])
def test_any_size_comes_back(paint, size):
    assert paint()(np.full((*size, 3), 128, np.uint8)).shape == (*size, 3)


def test_strength_0_is_the_photo_exactly(paint, blend_paint, photo):
    for make in (paint, blend_paint):
        for pixels in (photo, photo.astype(np.uint16) * 199):
            np.testing.assert_array_equal(make(strength=0)(pixels), pixels)


def test_strength_1_is_the_style_and_between_is_between(paint, photo):
    full, half, little = (paint(strength=strength)(photo) for strength in (1, 0.5, 0.1))
    np.testing.assert_array_equal(full, paint()(photo))
    assert 0 < difference(half, full) < difference(little, full)


def test_without_an_identity_strength_mixes_pixels(blend_paint, photo):
    full = blend_paint()(photo)
    for strength in (0.25, 0.5, 1):
        expected = photo + strength * (full.astype(float) - photo)
        assert np.abs(blend_paint(strength=strength)(photo) - expected).max() <= 0.51


@pytest.mark.parametrize(("size", "shape"), [(50, (50, 38)), (101, (101, 77)), (202, (202, 154)), (1, (1, 1))])
def test_size_is_the_long_side_of_the_result(paint, photo, grey, size, shape):
    for strength in (0, 1):
        stylizer = paint(size=size, strength=strength)
        assert stylizer(photo).shape == (*shape, 3)
        assert stylizer(np.dstack([photo, grey])).shape == (*shape, 4)


def test_what_comes_along_is_kept(paint, photo, grey, save, tmp_path):
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "An astronaut", 6  # description; turned to the right
    path = save("photo.png", np.dstack([photo, grey]), exif=exif, dpi=(300, 300))
    write(paint().paint(read(path)), tmp_path / "painted.png")
    with Image.open(tmp_path / "painted.png") as painted:
        assert painted.size == (101, 77)  # upright now
        assert painted.getexif()[0x010E] == "An astronaut"
        assert painted.getexif().get(0x0112, 1) == 1
        assert painted.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        np.testing.assert_array_equal(np.asarray(painted)[..., 3], np.rot90(grey, -1))


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan"), float("inf")])
def test_strengths_that_cannot_be(strength):
    with pytest.raises(InvalidOption, match="--strength"):
        StylizeOptions(strength=strength)


@pytest.mark.parametrize("options", [{"size": 0}, {"size": -5}, {"max_pixels": 0}])
def test_sizes_that_cannot_be(options):
    with pytest.raises(InvalidOption, match=r"--size|--max-pixels"):
        StylizeOptions(**options)


def test_a_photo_over_the_limit_is_refused_by_name(paint, photo, save):
    path = save("large.png", photo)
    with pytest.raises(PictureTooLarge, match=r"large\.png.*--max-pixels 7777"):
        paint(max_pixels=7776)(path)
    paint(max_pixels=7777)(path)


def test_a_result_over_the_limit_is_refused_before_it_is_made(paint, photo):
    with pytest.raises(PictureTooLarge, match=r"holiday: --size.*1000000"):
        paint(size=1_000_000).paint(read(photo), "holiday")
    paint(max_pixels=10)(photo)  # arrays are the caller's own


def test_too_little_memory_names_the_photo_and_the_way_out(paint, photo, monkeypatch):
    stylizer = paint()

    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(stylizer.session, "paint", fail)
    with pytest.raises(PictureTooLarge, match=r"holiday: .*memory.*77 x 101.*--size"):
        stylizer.paint(read(photo), "holiday")


def test_unreadable_sources(paint, save):
    with pytest.raises(UnreadablePicture, match=r"empty\.jpg"):
        paint()(save("empty.jpg"))
    with pytest.raises(InvalidOption, match="float32"):
        paint()(np.zeros((4, 4, 3), np.float32))


def test_a_style_of_another_network_is_refused_at_once(sessions, tiny_model):
    with pytest.raises(ModelError, match="starry-night"):
        Stylizer(sessions["torch"], read_style(impasto.styles()[-1].path))


def test_load_takes_a_name_a_file_a_style_and_a_network(tiny_model, tiny_johnson, photo):
    path = tiny_model.style("dots")
    by_file = impasto.load(path, precision="f32")(photo)
    for style, network in (
        (str(path), None),
        (read_style(path), tiny_model.network),
        (path, str(tiny_model.network)),
    ):
        np.testing.assert_array_equal(impasto.load(style, network=network, precision="f32")(photo), by_file)
    own = impasto.load(tiny_johnson.network, strength=0.5)
    assert own.style.name == "network"
    assert own(photo).shape == photo.shape
    assert impasto.load("starry-night").style.name == "van-gogh-starry-night"


def test_load_refuses_what_does_not_fit(tiny_model, tiny_johnson):
    with pytest.raises(ModelError, match="many styles"):
        impasto.load(tiny_model.network)
    with pytest.raises(ModelError, match="dots"):
        impasto.load(tiny_model.style("dots"), network=tiny_johnson.network)
    with pytest.raises(ModelError, match="dots"):
        impasto.load(read_style(tiny_model.style("dots")))
    with pytest.raises(ModelError, match=r"absent\.onnx"):
        impasto.load("absent.onnx")
    with pytest.raises(TypeError, match="stregth"):
        impasto.load("starry-night", stregth=0.5)


def test_stylize_is_load_and_one_call(tiny_model, photo):
    style = tiny_model.style("lines")
    np.testing.assert_array_equal(
        impasto.stylize(photo, style, strength=0.5, precision="f32"),
        impasto.load(style, strength=0.5, precision="f32")(photo),
    )
