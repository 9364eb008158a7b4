import io
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.errors import InvalidOption, ModelError, PictureTooLarge, UnknownStyle, UnreadablePicture
from impasto.image import keep_colors, match_palette, palette_of, read, write
from impasto.model import Style, mix, random_style, read_style, write_style
from impasto.runtime.regions import Region
from impasto.runtime.stylizer import COLORS, StylizeOptions, Stylizer


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


@pytest.fixture
def coloured(sessions, tiny_model):
    """Return a function that gives a stylizer whose style has a palette, of a violet painting."""
    violet = np.random.default_rng(0).normal((130, 60, 170), (25, 15, 30), (64, 64, 3))
    palette = palette_of(np.clip(violet, 0, 255).astype(np.uint8))
    style = replace(read_style(tiny_model.style("dots")), palette=palette)

    def make(**options):
        return Stylizer(sessions["onnxruntime"], style, StylizeOptions(**options))

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


@pytest.mark.parametrize("color", COLORS)
def test_strength_is_exact_at_0_and_rises_in_all_colours(coloured, photo, color):
    for pixels in (photo, photo.astype(np.uint16) * 199):
        np.testing.assert_array_equal(coloured(strength=0, color=color)(pixels), pixels)
    steps = [coloured(strength=strength, color=color)(photo) for strength in (0, 0.3, 0.6, 1)]
    away = [difference(step, photo) for step in steps]
    assert all(later > earlier + 0.5 for earlier, later in pairwise(away))


def test_color_keep_has_the_photos_colours_and_the_paintings_strokes(coloured, photo):
    kept, painted = coloured(color="keep")(photo), coloured()(photo)
    np.testing.assert_array_equal(kept, keep_colors(photo, painted))
    own, other = palette_of(photo)[0], palette_of(painted)[0]
    found = palette_of(kept)[0]
    assert np.abs(found[1:] - own[1:]).max() < 0.3 * np.abs(other[1:] - own[1:]).max()  # a and b
    assert difference(kept, photo) > 5


def test_a_grey_photo_that_keeps_its_colours_is_painted_grey(coloured, grey):
    painted = coloured(color="keep")(grey)
    assert np.ptp(painted.astype(int), axis=2).max() == 0
    assert np.ptp(coloured()(grey).astype(int), axis=2).max() > 10


def test_color_palette_has_the_paintings_colours_and_no_strokes(coloured, photo, monkeypatch):
    stylizer = coloured(color="palette")

    def paint(*_):
        pytest.fail("there are no strokes to paint")

    monkeypatch.setattr(stylizer.session, "paint", paint)
    recoloured = stylizer(photo)
    np.testing.assert_array_equal(recoloured, match_palette(photo, stylizer.style.palette))
    before, after = (np.abs(palette_of(pixels)[0] - stylizer.style.palette[0]).max() for pixels in (photo, recoloured))
    assert after < 0.25 * before
    half = coloured(color="palette", strength=0.5)(photo)
    assert np.abs(half - (photo.astype(float) + recoloured) / 2).max() <= 0.51


def test_color_palette_needs_a_palette_in_every_style(sessions, tiny_model, coloured, photo):
    plain = replace(read_style(tiny_model.style("lines")), palette=None)
    with pytest.raises(InvalidOption, match=r"--color palette: .*lines.* does not say what its colours are") as refused:
        Stylizer(sessions["torch"], plain, StylizeOptions(color="palette"))
    assert "\n" not in str(refused.value)
    regions = [Region(np.ones((101, 77), bool), plain)]
    with pytest.raises(InvalidOption, match="lines"):
        Stylizer(sessions["torch"], coloured().style, StylizeOptions(color="palette"), regions=regions)


@pytest.mark.parametrize("color", COLORS)
def test_colours_of_sixteen_bits_with_alpha_and_of_any_size(coloured, photo, grey, color):
    stylizer = coloured(color=color)
    deep = stylizer(np.dstack([photo, grey]).astype(np.uint16) * 257)
    assert (deep.shape, deep.dtype) == ((101, 77, 4), np.uint16)
    np.testing.assert_array_equal(deep[..., 3], grey * np.uint16(257))
    assert difference(deep[..., :3] / 257, stylizer(photo)) < 1
    assert len(np.unique(deep[..., :3] % 257)) > 50
    for size in ((1, 1), (1, 50), (3, 2)):
        assert stylizer(np.full((*size, 3), (200, 120, 10), np.uint8)).shape == (*size, 3)


@pytest.mark.parametrize("options", [{"color": "sepia"}, {"stroke": -0.1}, {"stroke": 1.1}, {"stroke": float("nan")}])
def test_colours_and_strokes_that_cannot_be(options):
    with pytest.raises(InvalidOption, match=rf"--{next(iter(options))} "):
        StylizeOptions(**options)


def test_strokes_are_another_painting_of_the_same_photo(paint, photo):
    fine, coarse = (paint(stroke=stroke, size=400)(photo) for stroke in (0.3, 1))
    assert fine.shape == coarse.shape
    assert difference(fine, coarse) > 2


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
    style = impasto.find_style("starry-night")
    with pytest.raises(ModelError, match=style.name):
        Stylizer(sessions["torch"], style)


def test_load_takes_a_name_a_file_a_style_and_a_network(tiny_model, tiny_johnson, photo):
    path = tiny_model.style("dots")
    by_file = impasto.load(path, precision="f32")(photo)
    for style, network in (
        (str(path), None),
        (read_style(path), tiny_model.network),
        (path, str(tiny_model.network)),
    ):
        np.testing.assert_array_equal(impasto.load(style, model=network, precision="f32")(photo), by_file)
    own = impasto.load(tiny_johnson.network, strength=0.5)
    assert own.style.name == "network"
    assert own(photo).shape == photo.shape
    assert impasto.load("starry-night").style.name == "van-gogh-starry-night"


def test_load_refuses_what_does_not_fit(tiny_model, tiny_johnson):
    with pytest.raises(ModelError, match="many styles"):
        impasto.load(tiny_model.network)
    with pytest.raises(ModelError, match="dots"):
        impasto.load(tiny_model.style("dots"), model=tiny_johnson.network)
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


def test_load_takes_mixes_as_text_and_as_styles(tiny_model, tmp_path, photo):
    dots, lines = (tiny_model.style(name) for name in ("dots", "lines"))
    mixed = mix([(read_style(dots), 0.75), (read_style(lines), 0.25)])
    expected = impasto.load(mixed, model=tiny_model.network, precision="f32")(photo)
    write_style(mixed, tmp_path / "mixed.style")
    for style, network in (
        (f"{dots}:3+{lines}", None),
        (f"{lines}:0.25 + {dots}:0.75", None),
        (tmp_path / "mixed.style", tiny_model.network),
    ):
        assert difference(impasto.load(style, model=network, precision="f32")(photo), expected) < 0.1
    assert impasto.load(f"{dots}:3+{lines}").style.name == "dots-75+lines-25"
    assert difference(impasto.load(dots, precision="f32")(photo), expected) > 1


def test_load_takes_random_styles():
    first = impasto.load("random:7").style
    assert first.name == "random-7"
    np.testing.assert_array_equal(first.vector, random_style(7).vector)
    assert np.abs(impasto.load("random:8").style.vector - first.vector).max() > 0.01
    half = impasto.load("random:7:0.5+starry-night:0.5").style
    np.testing.assert_allclose(half.vector, (first.vector + impasto.find_style("starry-night").vector) / 2, atol=1e-5)


@pytest.mark.parametrize("style", ["random:x", "random:-1", "random:", "starry-night:-1", "starry-night:0"])
def test_load_refuses_seeds_and_weights_that_cannot_be(style):
    with pytest.raises(InvalidOption) as refused:
        impasto.load(style)
    assert "\n" not in str(refused.value)


def test_a_mix_over_two_networks_is_refused_naming_both(tiny_model):
    other = impasto.find_style("starry-night")
    with pytest.raises(ModelError, match=r"dots.*different networks|different networks.*dots"):
        impasto.mix([(other, 1), (impasto.read_style(tiny_model.style("dots")), 1)])
    with pytest.raises(UnknownStyle, match=r"no style beside the network .*network\.onnx is called 'starry-night'"):
        impasto.load(f"starry-night+{tiny_model.style('dots')}")


def test_names_and_random_styles_are_those_of_a_style_files_network(tiny_model):
    file = tiny_model.style("dots")
    loaded = impasto.load(f"{file}:3+lines").style
    dots, lines = (read_style(tiny_model.style(name)).vector for name in ("dots", "lines"))
    np.testing.assert_allclose(loaded.vector, 0.75 * dots + 0.25 * lines, atol=1e-5)
    assert impasto.load(f"{file}+random:7").style.network == read_style(file).network
    assert impasto.load("lines", model=tiny_model.network).style.name == "lines"


def test_regions_of_another_network_are_refused_naming_it(tiny_model, photo):
    for options in (
        {"style": "starry-night", "regions": [("mask.png", tiny_model.style("dots"))]},
        {"style": tiny_model.style("dots"), "subject": "starry-night"},
    ):
        with pytest.raises(UnknownStyle, match=r"no style beside the network .* is called 'starry-night'"):
            impasto.load(**options)
    with pytest.raises(ModelError, match=r"dots.* belongs to the network"):
        impasto.load("starry-night", regions=[("mask.png", tiny_model.style("dots"))], model="main")


def test_load_takes_regions(tiny_model, photo):
    dots, lines = (tiny_model.style(name) for name in ("dots", "lines"))
    mask = np.zeros(photo.shape[:2], bool)
    mask[:, :40] = True
    options = {"precision": "f32", "feather": 0.0}
    whole, other = (impasto.load(style, **options)(photo) for style in (dots, lines))
    painted = impasto.load(dots, regions=iter([(mask, lines)]), **options)(photo)
    np.testing.assert_array_equal(painted, np.where(mask[..., None], other, whole))
    alone = impasto.stylize(photo, regions=[(mask, str(lines))], **options)
    np.testing.assert_array_equal(alone, np.where(mask[..., None], other, photo))
    within = impasto.stylize(photo, dots, mask=mask, **options)
    np.testing.assert_array_equal(within, np.where(mask[..., None], whole, photo))


def test_load_takes_subject_and_background(tiny_model, photo):
    dots, lines = (tiny_model.style(name) for name in ("dots", "lines"))
    loaded = impasto.load(regions=[("alpha", dots)], subject=dots, background=lines)
    assert loaded.style is None
    assert [(region.mask, region.style.name) for region in loaded.regions] == [
        ("background", "lines"),
        ("subject", "dots"),
        ("alpha", "dots"),
    ]


def test_load_wants_something_to_paint(tiny_johnson):
    with pytest.raises(InvalidOption, match="nothing to paint"):
        impasto.load()
    with pytest.raises(InvalidOption, match="nothing to paint"):
        impasto.load(mask="subject")
    with pytest.raises(InvalidOption, match="one style in its weights"):
        impasto.load(tiny_johnson.network, regions=[("alpha", "starry-night")])
    with pytest.raises(UnknownStyle):
        impasto.load("starry-night", regions=[("alpha", "stary-nite")])


def test_find_style_refuses_paintings_and_load_learns_them(tiny_model, save, photo, monkeypatch):
    painting = save("wave.png", photo)
    with pytest.raises(InvalidOption, match=r"wave\.png: is a picture"):
        impasto.find_style(str(painting))
    asked = []

    def fitted(path, network, follow):
        asked.append((path, network, follow))
        return read_style(tiny_model.style("dots"))

    monkeypatch.setattr("impasto.api.fitted", fitted)
    follow = object()
    loaded = impasto.load(f"{painting}:0.5+{tiny_model.style('lines')}", model=tiny_model.network, follow=follow)
    assert asked == [(painting, tiny_model.network, follow)]
    assert isinstance(loaded.style, Style)
    assert loaded.style.name == "dots-33+lines-67"
