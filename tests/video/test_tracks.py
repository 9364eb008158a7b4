"""The sound of films: which channels a container's codec can have."""

import av
import pytest

from impasto.errors import InvalidOption
from impasto.video import stylize_film, tracks

from .conftest import look_into


@pytest.mark.parametrize(("own", "kept"), [("5.1(side)", "5.1"), ("5.1", "5.1"), ("quad(side)", "quad"), ("2.1", None)])
def test_sound_that_is_coded_anew_keeps_the_channels_that_it_can(film, dots, tmp_path, own, kept):
    source = film("around.mkv", sound="ac3", layout=own)
    painted = stylize_film(source, tmp_path / "out.webm", dots)
    with av.open(str(tmp_path / "out.webm")) as container:
        assert container.streams.audio[0].layout.name == (kept or "stereo")
    said = "cannot have the channels 2.1, so it is stereo"
    assert [said in notice for notice in painted.notices] == ([] if kept else [True])
    assert look_into(tmp_path / "out.webm").sound_seconds == pytest.approx(0.48, abs=0.1)


def test_sound_that_an_encoder_refuses_is_what_the_sentence_names(film, dots, tmp_path, monkeypatch):
    monkeypatch.setattr(tracks, "_takes", lambda codec, rate, layout: True)
    with pytest.raises(InvalidOption, match=r"--output .*out.webm: cannot hold the film's sound"):
        stylize_film(film("around.mkv", sound="ac3", layout="2.1"), tmp_path / "out.webm", dots)
    assert not (tmp_path / "out.webm").exists()
