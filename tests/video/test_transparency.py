"""Transparency of films and of numbered pictures."""

import numpy as np
import pytest
from PIL import Image

from impasto.video import stylize_film

from .conftest import moving, write_film


@pytest.fixture
def clear(tmp_path):
    """Return a folder of numbered pictures with an alpha that moves, and their alphas, (66, 98) uint8."""
    (tmp_path / "clear").mkdir()
    alphas = [np.zeros((66, 98), np.uint8) for _ in range(5)]
    for number, (frame, alpha) in enumerate(zip(moving(5), alphas, strict=True)):
        alpha[10:, 10 * number + 5 :] = 255
        Image.fromarray(np.dstack([frame, alpha])).save(tmp_path / "clear" / f"{number}.png")
    return tmp_path / "clear", alphas


@pytest.mark.parametrize("steady", [True, False])
def test_numbered_pictures_stay_transparent(clear, dots, tmp_path, steady):
    folder, alphas = clear
    assert stylize_film(folder, f"{tmp_path}/out/", dots, steady=steady).notices == ()
    for number, alpha in enumerate(alphas):
        with Image.open(tmp_path / "out" / f"{number}.png") as painted, Image.open(folder / f"{number}.png") as photo:
            assert np.abs(np.asarray(painted)[..., :3].astype(int) - np.asarray(photo)[..., :3]).mean() > 5
            np.testing.assert_array_equal(np.asarray(painted.getchannel("A")), alpha)


def test_their_size_changes_with_the_pictures(clear, dots, tmp_path):
    folder, alphas = clear
    with Image.open(folder / "3.png") as picture:
        picture.resize((49, 33)).save(folder / "3.png")
    (notice,) = stylize_film(folder, f"{tmp_path}/out/", dots, size=49, steady=False).notices
    assert "resized" in notice
    for number, alpha in enumerate(alphas):
        with Image.open(tmp_path / "out" / f"{number}.png") as painted:
            small = np.asarray(Image.fromarray(alpha).resize(painted.size, Image.Resampling.LANCZOS))
            assert np.abs(np.asarray(painted.getchannel("A")).astype(int) - small).mean() < 8


@pytest.mark.parametrize(("name", "codec", "pixels"), [("in.mkv", "ffv1", "yuva420p"), ("in.mov", "png", "rgba")])
def test_films_give_it_to_numbered_pictures(clear, dots, tmp_path, name, codec, pixels):
    folder, alphas = clear
    frames = [np.asarray(Image.open(folder / f"{number}.png")) for number in range(5)]
    source = write_film(tmp_path / name, frames, codec=codec, pixels=pixels)
    stylize_film(source, f"{tmp_path}/out/", dots)
    for number, alpha in enumerate(alphas, start=1):
        with Image.open(tmp_path / "out" / f"{number:06d}.png") as painted:
            np.testing.assert_allclose(np.asarray(painted.getchannel("A")), alpha, atol=1)


@pytest.mark.parametrize("name", ["out.mp4", "out.gif"])
def test_films_that_are_written_have_none_and_a_notice_says_so(clear, dots, tmp_path, name):
    (notice,) = stylize_film(clear[0], tmp_path / name, dots).notices
    assert "is transparent in places" in notice


def test_a_gif_that_is_opaque_is_no_matter(film, dots, tmp_path):
    source = film("in.gif", codec="gif", pixels="rgb8")
    assert stylize_film(source, tmp_path / "out.mp4", dots).notices == ()
    stylize_film(source, f"{tmp_path}/out/", dots)
    with Image.open(tmp_path / "out" / "000001.png") as painted:
        assert painted.mode == "RGB"
