import json
import re
import shutil
from functools import partial

import numpy as np
import pytest
from PIL import Image

from impasto import api, fitting
from impasto.cli.stylize import region
from impasto.runtime.stylizer import Stylizer


def test_a_painting_lies_beside_its_photo_and_has_its_size(impasto, astronaut, dots, names):
    result = impasto("stylize", "astronaut.jpg", "-s", dots)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("astronaut-dots.jpg  77x101  ")
    assert names() == ["astronaut-dots.jpg", "astronaut.jpg"]
    with Image.open("astronaut-dots.jpg") as painting:
        assert (painting.format, painting.size) == ("JPEG", (77, 101))


def test_a_bundled_style_by_its_tail(impasto, astronaut):
    assert impasto("stylize", astronaut, "-s", "starry-night", "-o", "x.png", "--size", 40).code == 0
    with Image.open("x.png") as painting:
        assert painting.size == (30, 40)
        assert np.asarray(painting).std() > 10


def test_a_network_with_its_style_in_its_weights(impasto, astronaut, tiny_johnson):
    result = impasto("stylize", astronaut, "-s", tiny_johnson.network, "--strength", 0.5)
    assert result.code == 0
    assert "astronaut-network.jpg" in result.out


def test_options_reach_the_painting(impasto, astronaut, dots, tiny_model):
    impasto("stylize", astronaut, "-s", dots, "-o", "full.png", "--precision", "f32")
    impasto("stylize", astronaut, "-s", dots, "-o", "none.png", "--strength", 0)
    impasto("stylize", astronaut, "-s", dots, "-o", "other.png", "--engine", "onnxruntime", "--device", "cpu")
    network = ("--model", tiny_model.network)
    impasto("stylize", astronaut, "-s", shutil.copy(dots, "."), *network, "-o", "moved.png", "--precision", "f32")
    full, none, other, moved = (
        np.asarray(Image.open(f"{name}.png"), float) for name in ("full", "none", "other", "moved")
    )
    np.testing.assert_array_equal(none, np.asarray(Image.open(astronaut)))
    np.testing.assert_array_equal(moved, full)
    assert np.abs(full - other).max() <= 1
    assert np.abs(full - none).mean() > 5


def test_quality(impasto, astronaut, dots, folder):
    for quality in (5, 95):
        impasto("stylize", astronaut, "-s", dots, "-o", f"{quality}.jpg", "--quality", quality)
    assert (folder / "5.jpg").stat().st_size < (folder / "95.jpg").stat().st_size / 2


def test_a_folder_with_a_bad_file_is_painted_but_for_that(impasto, astronaut, dots, folder, names):
    for name in ("in/a.jpg", "in/sub/z.jpg"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(astronaut, folder / name)
    (folder / "in/bad.jpg").write_bytes(astronaut.read_bytes()[:900])
    (folder / "in/empty.png").touch()
    result = impasto("stylize", "in", "-s", dots, "-o", "out")
    assert result.code == 1
    assert [line.split()[0] for line in result.out.splitlines()] == ["out/a.jpg", "out/sub/z.jpg"]
    lines = result.err.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("impasto: in/bad.jpg: ")
    assert lines[1].startswith("impasto: in/empty.png: the file is empty")
    assert lines[2] == "impasto: 2 of 4 photos painted, 2 could not be"
    assert [name for name in names() if name.startswith("out")] == ["out/a.jpg", "out/sub/z.jpg"]


def test_json_is_one_object_a_line(impasto, astronaut, dots, folder):
    shutil.copy(astronaut, folder / "b.jpg")
    (folder / "c.jpg").write_bytes(b"text")
    result = impasto("stylize", ".", "-s", dots, "-o", "out/", "--json")
    lines = [json.loads(line) for line in result.out.splitlines()]
    assert [line["photo"] for line in lines] == ["astronaut.jpg", "b.jpg", "c.jpg"]
    assert lines[0] == {**lines[0], "output": "out/astronaut.jpg", "width": 77, "height": 101}
    assert lines[0]["seconds"] >= 0
    assert lines[2].keys() == {"photo", "error"}
    assert "c.jpg" in lines[2]["error"]
    assert result.code == 1


def test_what_was_ignored_in_a_file_is_said_once(impasto, dots, photo, folder):
    frames = [Image.fromarray(photo), Image.fromarray(photo[::-1])]
    frames[0].save("moving.gif", save_all=True, append_images=frames[1:])
    for arguments in (("moving.gif",), ("moving.gif", "-o", "x.png")):
        result = impasto("stylize", *arguments, "-s", dots)
        assert result.code == 0
        assert result.err == "impasto: moving.gif is animated; its first frame is used\n"


def test_a_terminal_gets_a_progress_bar(impasto, astronaut, dots, folder, monkeypatch):
    shutil.copy(astronaut, folder / "b.jpg")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert "photo/s" in impasto("stylize", "astronaut.jpg", "b.jpg", "-s", dots).err
    assert not impasto("stylize", "astronaut.jpg", "-s", dots).err


def test_an_interruption_is_130_and_leaves_no_half_files(impasto, astronaut, dots, names, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Stylizer, "paint", interrupt)
    result = impasto("stylize", astronaut, "-s", dots)
    assert result.code == 130
    assert result.err.strip() == "impasto: interrupted"
    assert names() == ["astronaut.jpg"]


@pytest.mark.parametrize("kind", ["photo", "stdin"])
def test_debug_shows_the_trace_of_an_error(impasto, folder, dots, kind, monkeypatch):
    (folder / "a.jpg").touch()
    result = impasto("--debug", "stylize", "a.jpg", "-s", dots)
    assert result.code == 1
    assert "Traceback" in result.err
    assert "UnreadablePicture: a.jpg: the file is empty" in result.err


def test_debug_shows_the_trace_of_wrong_usage_too(astronaut):
    from impasto.cli import main
    from impasto.errors import UnknownStyle

    with pytest.raises(UnknownStyle):
        main(["--debug", "stylize", str(astronaut), "-s", "nothing"])


@pytest.fixture
def left(folder, photo):
    """Return the path of a mask, left.png in the current folder, whose left 40 px are white."""
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[:, :40] = 255
    Image.fromarray(mask).save("left.png")
    return folder / "left.png"


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("sky.png=starry-night", ("sky.png", "starry-night")),
        ("sky=1.png=starry-night", ("sky=1.png", "starry-night")),
        ("alpha=a.style:0.7+b.style:0.3", ("alpha", "a.style:0.7+b.style:0.3")),
        ("dir/sky.png=random:7", ("dir/sky.png", "random:7")),
    ],
)
def test_a_region_is_a_mask_and_a_style(text, pair):
    assert region(text) == pair


def test_a_mask_and_regions(impasto, astronaut, dots, tiny_model, left):
    exact = ("--precision", "f32", "--feather", 0)
    whole = ("stylize", astronaut, "-s", dots, *exact)
    impasto(*whole, "-o", "dots.png")
    impasto("stylize", astronaut, "-s", tiny_model.style("lines"), *exact, "-o", "lines.png")
    impasto(*whole, "--mask", "left.png", "-o", "mask.png")
    impasto("stylize", astronaut, "--region", f"left.png={dots}", *exact, "-o", "region.png")
    result = impasto(*whole, "--region", f"left.png={tiny_model.style('lines')}", "-o", "both.png")
    assert (result.code, result.err) == (0, "")
    dotted, lined, masked, region, both = (
        np.asarray(Image.open(f"{name}.png")) for name in ("dots", "lines", "mask", "region", "both")
    )
    inside = np.arange(77)[None, :, None] < 40
    np.testing.assert_array_equal(masked, np.where(inside, dotted, np.asarray(Image.open(astronaut))))
    np.testing.assert_array_equal(region, masked)
    np.testing.assert_array_equal(both, np.where(inside, lined, dotted))


def test_a_mask_of_another_size_is_said_and_works(impasto, astronaut, dots, left):
    Image.open(left).resize((154, 202)).save("large.png")
    for arguments in (("--mask", "large.png", "-s", dots), ("--region", f"large.png={dots}")):
        result = impasto("stylize", astronaut, *arguments, "-o", "x.png", "--feather", 0)
        assert result.code == 0
        assert result.err == "impasto: the mask large.png has 154 x 202 pixels, the photo 77 x 101; it was resized\n"
        painted = np.asarray(Image.open("x.png"))
        np.testing.assert_array_equal(painted[:, 45:], np.asarray(Image.open(astronaut))[:, 45:])
        assert np.abs(painted.astype(float) - np.asarray(Image.open(astronaut)))[:, :35].mean() > 5
    assert impasto("stylize", astronaut, "-s", dots, "--mask", "left.png", "--size", 50).err == ""


def test_one_photo_without_alpha_does_not_stop_the_rest(impasto, astronaut, dots, photo, grey, folder):
    Image.fromarray(np.dstack([photo, grey])).save("clear.png")
    result = impasto("stylize", "astronaut.jpg", "clear.png", "-s", dots, "--mask", "alpha", "-o", "out/")
    assert result.code == 1
    assert [line.split()[0] for line in result.out.splitlines()] == ["out/clear.png"]
    assert result.err.splitlines()[0].startswith("impasto: astronaut.jpg: has no alpha channel")


@pytest.mark.parametrize(
    ("weights", "name"),
    [((":0.7", ":0.3"), "dots-70+lines-30"), (("", ""), "dots+lines"), ((":1", ":1"), "dots+lines")],
)
def test_mixes_name_their_paintings(impasto, astronaut, dots, tiny_model, names, weights, name):
    mixed = f"{dots}{weights[0]}+{tiny_model.style('lines')}{weights[1]}"
    assert impasto("stylize", "astronaut.jpg", "-s", mixed, "--size", 32).code == 0
    assert names() == [f"astronaut-{name}.jpg", "astronaut.jpg"]


def test_without_a_style_the_first_region_names_the_painting(impasto, astronaut, dots, tiny_model, left, names):
    lines = tiny_model.style("lines")
    result = impasto("stylize", "astronaut.jpg", "--region", f"left.png={lines}", "--region", f"left.png={dots}")
    assert result.code == 0
    assert names() == ["astronaut-lines.jpg", "astronaut.jpg", "left.png"]


def test_random_styles(impasto, astronaut, names):
    assert impasto("stylize", "astronaut.jpg", "-s", "random:7", "--size", 32).code == 0
    assert names() == ["astronaut-random-7.jpg", "astronaut.jpg"]


def test_the_new_options_reach_the_painting(impasto, astronaut, dots, monkeypatch):
    given = []
    monkeypatch.setattr(api, "load", lambda style, **options: given.append((style, options)) or pytest.fail("enough"))
    with pytest.raises(pytest.fail.Exception):
        impasto(
            *("stylize", astronaut, "--stroke", 0.8, "--color", "keep", "--feather", 0.1, "--mask", "alpha"),
            *("--subject", "a", "--background", "b", "--region", "m.png=c", "--region", "n.png=d"),
        )
    ((style, options),) = given
    assert style is None
    expected = {"stroke": 0.8, "color": "keep", "feather": 0.1, "mask": "alpha", "subject": "a", "background": "b"}
    assert expected.items() <= options.items()
    assert options["regions"] == [("m.png", "c"), ("n.png", "d")]
    assert "strength" not in options  # so that the default stands in one place


def test_a_painting_is_learned_at_its_first_use(impasto, astronaut, wave, small_eyes, monkeypatch, tmp_path, names):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    quick = {"steps": 2, "size": (32,), "batch_size": (2,), "style_size": 64}
    monkeypatch.setattr(fitting, "open_fit", partial(fitting.open_fit, **quick))
    first, second = (impasto("stylize", "astronaut.jpg", "-s", "wave.png", "--size", 32) for _ in range(2))
    assert (first.code, second.code) == (0, 0)
    assert first.err.startswith("step 1, 50%, ")  # so that nobody thinks that it hangs
    assert second.err == ""
    assert names() == ["astronaut-wave.jpg", "astronaut.jpg", "wave.png"]


@pytest.fixture
def disc(folder):
    """Write disc.png: a bright disc on dark noise, which anyone would call the subject."""
    down, across = np.mgrid[:120, :160]
    inside = (down - 60) ** 2 + (across - 80) ** 2 < 35**2
    pixels = np.random.default_rng(0).integers(20, 40, (120, 160, 3), np.uint8)
    pixels[inside] = (250, 180, 40)
    Image.fromarray(pixels).save("disc.png")
    return inside


def test_the_background_alone_is_painted(impasto, disc, dots):
    result = impasto("stylize", "disc.png", "--background", dots, "-o", "x.png")
    assert (result.code, result.err) == (0, "")
    before, after = (np.asarray(Image.open(name)).astype(float) for name in ("disc.png", "x.png"))
    changed = np.abs(after - before).mean(2)
    assert changed[disc].mean() < 0.1 * changed[~disc].mean()


def test_the_subjects_mask_can_be_kept(impasto, disc, dots, names):
    result = impasto("stylize", "disc.png", "--subject", dots, "-o", "x.png", "--save-mask", "mask.png")
    assert result.code == 0
    assert names() == ["disc.png", "mask.png", "x.png"]
    mask = np.asarray(Image.open("mask.png").convert("L")) > 127
    assert (mask & disc).sum() / (mask | disc).sum() > 0.9


def test_a_mask_is_kept_of_one_photo_and_never_over_it(impasto, disc, dots, names):
    shutil.copy("disc.png", "other.png")
    for photos, mask in ((["disc.png"], "disc.png"), (["disc.png"], "x.png"), (["disc.png", "other.png"], "m.png")):
        result = impasto(
            "stylize", *photos, "-s", dots, "--save-mask", mask, "-o", "x.png" if len(photos) == 1 else "x"
        )
        assert result.code != 0
        assert len(result.err.splitlines()) == 1
        assert names() == ["disc.png", "other.png"]


def test_what_is_painted_already_is_left_out(impasto, astronaut, dots, tmp_path):
    for name in ("a.jpg", "b.jpg"):
        shutil.copy(astronaut, name)
    (tmp_path / "out").mkdir(exist_ok=True)
    first = impasto("stylize", "a.jpg", "-s", dots, "-o", f"{tmp_path}/out/")
    assert first.code == 0
    before = (tmp_path / "out" / "a.jpg").stat().st_mtime_ns
    both = impasto("stylize", "a.jpg", "b.jpg", "-s", dots, "-o", f"{tmp_path}/out/", "--skip-existing")
    assert both.code == 0
    assert "1 of 2 photos are painted already" in both.err
    assert "b.jpg" in both.out
    assert (tmp_path / "out" / "a.jpg").stat().st_mtime_ns == before
    none = impasto("stylize", "a.jpg", "b.jpg", "-s", dots, "-o", f"{tmp_path}/out/", "--skip-existing")
    assert (none.code, none.out) == (0, "")


def test_memory_that_does_not_suffice_is_said(impasto, astronaut, dots):
    result = impasto("stylize", astronaut, "-s", dots, "-o", "x.png", "--max-memory", "10MB")
    assert result.code == 1
    assert "astronaut.jpg" in result.err
    enough = re.search(r"--max-memory (\d+MB) would do", result.err)[1]
    assert impasto("stylize", astronaut, "-s", dots, "-o", "x.png", "--max-memory", enough).code == 0
    assert impasto("stylize", astronaut, "-s", dots, "--max-memory", "much").code == 2
