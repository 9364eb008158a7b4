"""One line on stderr that names the culprit, exit code 2 for usage and 1 for the rest, and nothing written."""

from pathlib import Path
from tempfile import gettempdir

import numpy as np
import pytest
from PIL import Image

STYLE = "starry-night"


@pytest.fixture
def untouched(folder, names):
    """Check that a test leaves in the current folder just what it found or itself put there."""
    written = {}

    def remember():
        written.update({name: (folder / name).read_bytes() for name in names()})

    yield remember
    assert {name: (folder / name).read_bytes() for name in names()} == written


@pytest.mark.parametrize(
    ("style", "words"),
    [
        ("starry-nite", ["'starry-nite'", "did you mean van-gogh-starry-night"]),
        ("great-wav", ["hokusai-great-wave"]),
        ("zzzzzz", ["'zzzzzz'", "impasto styles"]),
        ("", ["--style"]),
        ("  ", ["empty part"]),
    ],
)
def test_unknown_styles(impasto, astronaut, untouched, style, words):
    untouched()
    impasto("stylize", astronaut, "-s", style).refused(*words, code=2)


@pytest.mark.parametrize(
    "name", ["absent.style", "absent.onnx", "text.style", "text.onnx", "empty.style", "empty.onnx"]
)
def test_style_and_network_files(impasto, astronaut, folder, untouched, name):
    (folder / "text.style").write_text("a style")
    (folder / "text.onnx").write_text("a network")
    (folder / "empty.style").touch()
    (folder / "empty.onnx").touch()
    untouched()
    impasto("stylize", astronaut, "-s", name).refused(name)
    if name.endswith(".onnx"):
        impasto("stylize", astronaut, "-s", STYLE, "--model", name).refused(name)


def test_a_style_of_another_network(impasto, astronaut, tiny_model, tiny_johnson, untouched):
    untouched()
    impasto("stylize", astronaut, "-s", tiny_model.style("dots"), "--model", tiny_johnson.network).refused(
        "dots", "network.onnx"
    )
    impasto("stylize", astronaut, "-s", tiny_model.network).refused("network.onnx", ".style")


def test_a_mix_over_two_networks(impasto, astronaut, dots, untouched):
    untouched()
    impasto("stylize", astronaut, "-s", f"{dots}+starry-night").refused("starry-night", "network.onnx", code=2)
    impasto("stylize", astronaut, "-s", f"{dots}+starry-night", "--model", "main").refused("dots", "different networks")
    impasto("stylize", astronaut, "-s", "starry-night", "--region", f"alpha={dots}", "--model", "main").refused(
        "dots", "network.onnx"
    )


@pytest.mark.parametrize(
    ("style", "words"),
    [
        ("starry-night:-1+great-wave:2", ["-1"]),
        ("starry-night:0+great-wave:0", ["not all 0"]),
        ("starry-night:0", ["not all 0"]),
        ("starry-night:much+great-wave", ["'much'", "not a number"]),
        ("starry-night:nan", ["nan"]),
        ("starry-night:inf+great-wave", ["inf"]),
        ("starry-night++great-wave", ["empty part"]),
        (":0.5", ["no name"]),
        ("random:x", ["random:x"]),
        ("random:-1", ["seed"]),
        ("random:1.5", ["random:1.5"]),
    ],
)
def test_weights_and_seeds_that_cannot_be(impasto, astronaut, untouched, style, words):
    untouched()
    impasto("stylize", astronaut, "-s", style).refused(*words, code=2)
    impasto("stylize", astronaut, "--region", f"mask.png={style}").refused(*words, code=2)


@pytest.mark.parametrize("region", ["starry-night", "=starry-night", "sky.png=", "=", ""])
def test_regions_that_are_no_pair(impasto, astronaut, untouched, region):
    untouched()
    impasto("stylize", astronaut, "--region", region).refused("--region is MASK=STYLE", repr(region), code=2)


def test_empty_masks_and_masks_that_are_no_pictures(impasto, astronaut, folder, dots, untouched):
    Image.fromarray(np.zeros((101, 77), np.uint8)).save("night.png")
    (folder / "text.png").write_text("white")
    untouched()
    for mask, words, code in (
        ("night.png", ["night.png", "empty"], 2),
        ("text.png", ["text.png", "not a picture"], 1),
        ("absent.png", ["absent.png"], 1),
        ("alpha", ["astronaut.jpg", "no alpha"], 1),
    ):
        impasto("stylize", astronaut, "-s", dots, "--mask", mask).refused(*words, code=code)
        impasto("stylize", astronaut, "--region", f"{mask}={dots}", "-o", "x.png").refused(*words, code=code)
        impasto("stylize", astronaut, "-s", dots, "--mask", mask, "-o", "-").refused(*words, code=code)


def test_a_photo_in_which_no_subject_stands_out(impasto, folder, dots, untouched):
    pytest.importorskip("cv2")
    Image.fromarray(np.full((64, 64, 3), 99, np.uint8)).save("wall.png")
    untouched()
    impasto("stylize", "wall.png", "--subject", dots).refused("wall.png", "no subject", "--mask")


def test_a_palette_that_the_style_does_not_have(impasto, astronaut, dots, untouched):
    untouched()
    impasto("stylize", astronaut, "-s", dots, "--color", "palette").refused("--color palette", "dots", code=2)


def test_a_network_with_its_style_in_its_weights_takes_no_regions(impasto, astronaut, tiny_johnson, untouched):
    untouched()
    arguments = ("-s", tiny_johnson.network, "--subject", STYLE)
    impasto("stylize", astronaut, *arguments).refused("network.onnx", "one style", code=2)


def test_paintings_that_cannot_be_a_style(impasto, astronaut, folder, untouched, small_eyes):
    Image.fromarray(np.zeros((63, 400, 3), np.uint8)).save("scroll.png")
    (folder / "text.jpg").write_text("a painting")
    untouched()
    for style, words, code in (
        ("absent.png", ["absent.png", "no such file"], 1),
        ("text.jpg", ["text.jpg"], 1),
        ("scroll.png", ["scroll.png", "400 x 63", "64"], 2),
        ("starry-night+scroll.png", ["scroll.png", "64"], 2),
    ):
        impasto("stylize", astronaut, "-s", style).refused(*words, code=code)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty"), (b"Dear diary,\n", "not a picture"), (b"\xff\xd8\xff\xe0 and no more", "damaged")],
)
def test_files_that_are_no_photos(impasto, folder, dots, untouched, content, reason):
    (folder / "holiday.jpg").write_bytes(content)
    untouched()
    for output in ((), ("-o", "x.png"), ("-o", "new/"), ("-o", "-")):
        impasto("stylize", "holiday.jpg", "-s", dots, *output).refused("holiday.jpg", reason)


def test_photos_that_are_not_there(impasto, folder, untouched):
    untouched()
    for name in ("absent.jpg", "absent/a.jpg", "n" * 300 + ".jpg"):
        impasto("stylize", name, "-s", STYLE).refused(name)
        impasto("stylize", name, "-s", STYLE, "-o", "-").refused(name)
    impasto("stylize", "*.jpg", "-s", STYLE).refused("*.jpg", code=2)


def test_a_folder_without_pictures(impasto, folder, untouched):
    (folder / "texts").mkdir()
    (folder / "texts" / "a.txt").touch()
    untouched()
    impasto("stylize", "texts", "-s", STYLE).refused("texts", "no pictures", code=2)
    impasto("stylize", "texts", "-s", STYLE, "-o", "-").refused("texts: this is a folder")


def test_outputs_that_cannot_be_written(impasto, astronaut, folder, untouched):
    (folder / "taken.jpg").mkdir()
    (folder / "taken.jpg" / "astronaut.jpg").mkdir()
    untouched()
    for output, reason in (
        ("absent/x.jpg", "the folder does not exist"),
        ("astronaut.jpg/x.jpg", "the folder does not exist"),
        ("astronaut.jpg/", "folder cannot be made"),
        ("taken.jpg", "this is a folder"),
    ):
        impasto("stylize", astronaut, "-s", STYLE, "--size", 16, "-o", output).refused(output.rstrip("/"), reason)


@pytest.mark.parametrize("output", ["x.txt", "x.gif", "x", ""])
def test_outputs_that_cannot_be_meant(impasto, astronaut, untouched, output):
    untouched()
    impasto("stylize", astronaut, "-s", STYLE, "-o", output).refused(output or "--output", code=2)


def test_an_output_for_stdin_that_cannot_be_written(impasto, astronaut, dots, monkeypatch, untouched):
    untouched()
    for output, code in (("absent/x.jpg", 1), ("x.txt", 2), ("absent/", 2)):
        with astronaut.open("rb") as stream:
            monkeypatch.setattr("sys.stdin", type("Stdin", (), {"buffer": stream}))
            impasto("stylize", "-", "-s", dots, "-o", output).refused(output.rstrip("/"), code=code)


def test_a_folder_that_is_locked(impasto, astronaut, unprivileged):
    locked = Path(gettempdir()) / f"impasto-locked-{astronaut.stat().st_ino}"  # pytest's own is closed to others
    locked.mkdir(mode=0o555)
    (locked / "photo.png").write_bytes(astronaut.read_bytes())
    try:
        impasto("stylize", locked / "photo.png", "-s", STYLE, "-o", "warm.png")  # so that all is imported
        with unprivileged():
            result = impasto("stylize", locked / "photo.png", "-s", STYLE)
        result.refused(f"photo-{STYLE}.png", "permission denied")
        assert [path.name for path in locked.iterdir()] == ["photo.png"]
    finally:
        locked.chmod(0o755)
        (locked / "photo.png").unlink()
        locked.rmdir()


def test_an_output_that_is_the_photo(impasto, astronaut, folder, untouched):
    (folder / "link.jpg").symlink_to("astronaut.jpg")
    (folder / "here").symlink_to(".")
    untouched()
    for output in ("astronaut.jpg", "./astronaut.jpg", "link.jpg", "here/astronaut.jpg", astronaut, ".", "here/"):
        impasto("stylize", "astronaut.jpg", "-s", STYLE, "-o", output).refused(Path(output).name, "replace a photo")


def test_two_photos_for_one_output(impasto, astronaut, folder, untouched):
    (folder / "sub").mkdir()
    (folder / "sub" / "astronaut.jpg").write_bytes(astronaut.read_bytes())
    untouched()
    photos = ("astronaut.jpg", "sub/astronaut.jpg")
    impasto("stylize", *photos, "-s", STYLE, "-o", "out/").refused(*photos, code=2)
    impasto("stylize", *photos, "-s", STYLE, "-o", "x.jpg").refused("x.jpg", code=2)
    impasto("stylize", *photos, "-s", STYLE, "-o", "-").refused("one photo", code=2)
    impasto("stylize", "-", photos[0], "-s", STYLE).refused("stdin", code=2)


@pytest.mark.parametrize("flag", ["--json", "--skip-existing"])
def test_what_is_for_files_alone(impasto, astronaut, flag, untouched):
    untouched()
    for ends in (("-",), ("-", "-o", "x.png"), (astronaut, "-o", "-")):
        impasto("stylize", *ends, "-s", STYLE, flag).refused(flag, "stdin", code=2)


@pytest.mark.parametrize(
    "wrong",
    [
        ("--size", "0"),
        ("--size", "-1"),
        ("--size", "large"),
        ("--size", "1.5"),
        ("--strength", "2"),
        ("--strength", "-0.1"),
        ("--strength", "nan"),
        ("--strength", "half"),
        ("--stroke", "1.5"),
        ("--stroke", "nan"),
        ("--color", "sepia"),
        ("--feather", "-1"),
        ("--max-pixels", "0"),
        ("--quality", "0"),
        ("--quality", "101"),
        ("--engine", "steam"),
        ("--precision", "f64"),
    ],
)
def test_values_that_cannot_be(impasto, astronaut, untouched, wrong):
    untouched()
    impasto("stylize", astronaut, "-s", STYLE, *wrong).refused(*wrong, code=2)


def test_devices_and_precisions_that_are_not_here(impasto, astronaut, untouched):
    untouched()
    impasto("stylize", astronaut, "-s", STYLE, "--device", "abacus").refused("abacus")
    impasto("stylize", astronaut, "-s", STYLE, "--engine", "onnxruntime", "--precision", "bf16").refused("bf16")


def test_photos_and_results_over_the_limit(impasto, astronaut, untouched):
    untouched()
    impasto("stylize", astronaut, "-s", STYLE, "--max-pixels", 99).refused("astronaut.jpg", "--max-pixels 7777")
    impasto("stylize", astronaut, "-s", STYLE, "--size", 10**6).refused("astronaut.jpg", "--size")


def test_a_result_that_its_format_cannot_hold(impasto, folder, dots, untouched):
    Image.fromarray(np.zeros((1, 17000, 3), np.uint8)).save("wide.png")
    untouched()
    impasto("stylize", "wide.png", "-s", dots, "-o", "wide.webp").refused("wide.webp", "16383")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["paint"], ["paint"]),
        (["--colour"], ["--colour"]),
        (["stylize", "a.jpg"], ["--style"]),
        (["stylize", "-s", "starry-night"], ["PHOTO"]),
        (["stylize", "a.jpg", "-s", "x", "--colour"], ["--colour"]),
        (["stylize", "a.jpg", "-s", "x", "--debug"], ["--debug"]),
        (["styles", "extra"], ["extra"]),
        (["styles", "-o", "x.png"], ["--sheet"]),
        (["styles", "--sheet", "a.jpg", "--size", "3"], ["--size"]),
        (["styles", "--sheet", "a.jpg", "--like", "b.jpg"], ["--sheet", "--like"]),
        (["styles", "--like", "b.jpg", "-o", "x.png"], ["--sheet"]),
        (["stylize", "a.jpg", "--mask", "subject"], ["nothing to paint", "--style"]),
        (["fit"], ["PAINTING"]),
        (["fit", "a.jpg", "b.jpg"], ["b.jpg"]),
        (["fit", "a.jpg", "--style", "x"], ["--style"]),
    ],
)
def test_wrong_usage(impasto, folder, untouched, arguments, words):
    untouched()
    impasto(*arguments).refused(*words, code=2)
