"""The live loop, with a file as the camera."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from impasto.errors import EngineUnavailable, FilmError
from impasto.video.camera import Camera
from impasto.video.live import Controls, perform
from impasto.video.screens import Blind, Recorder, VirtualCamera, Window

from .conftest import look_into, moving


class Keyboard:
    """Presses keys, one at each frame."""

    def __init__(self, keys):
        self.keys, self.seen = list(keys), []

    def show(self, live):
        self.seen.append(live)
        return self.keys.pop(0) if self.keys else ""


@pytest.fixture
def camera(film):
    opened = []

    def made(**options):
        opened.append(Camera(str(film(frames=moving(24))), every=True, **options))
        return opened[-1]

    yield made
    for each in opened:
        each.close()


@pytest.fixture
def controls(stylizer, lines):
    import impasto

    return Controls(stylizer, [stylizer.style, impasto.load(lines).style])


def test_all_frames_of_a_file_are_painted(camera, controls):
    source, screen = camera(), Keyboard("")
    assert source.rate == 25
    frames = list(perform(source.shots(), controls, screen))
    assert len(frames) == 24
    assert frames == screen.seen
    assert {live.pixels.shape for live in frames} == {(66, 98, 3)}
    assert all(live.latency > 0 for live in frames)
    assert frames[-1].rate > 0


def test_only_the_newest_frame_of_a_camera_counts(film, controls):
    source = Camera(str(film(frames=moving(24))))
    shots = source.shots()
    first = next(shots)
    source._thread.join()
    rest = list(shots)
    assert len(rest) <= 1
    assert all(shot.number > first.number for shot in rest)
    source.close()


def test_keys_change_what_is_painted(camera, controls):
    captions = [live.caption for live in perform(camera().shots(), controls, Keyboard(["n", "-", "]", "p", "?"]))]
    assert captions[0].startswith("dots  strength 1.0  stroke 0.5")
    assert captions[1].startswith("lines")
    assert "strength 0.9" in captions[2]
    assert "stroke 0.6" in captions[3]
    assert captions[4].startswith("dots  strength 0.9  stroke 0.6")


def test_q_ends_and_m_mirrors(camera, controls):
    controls.press("-")
    for _ in range(12):
        controls.press("-")  # to the photo itself, and no further
    frames = list(perform(camera().shots(), controls, Keyboard(["m", "q"])))
    assert len(frames) == 2
    assert "strength 0.0" in frames[0].caption
    mirrored = frames[1].pixels[:, ::-1].astype(int)
    assert (
        np.abs(mirrored[:, :-2] - frames[0].pixels[:, 2:]).mean()
        < np.abs(frames[1].pixels.astype(int) - frames[0].pixels).mean()
    )


def test_painted_small_and_shown_large(camera, controls):
    frames = list(perform(camera().shots(), controls, Keyboard(["q"]), size=48))
    assert frames[0].pixels.shape == (66, 98, 3)


def test_recording_goes_on_and_off(camera, controls, tmp_path):
    recorder = Recorder(tmp_path / "live.mp4", 25.0)
    list(perform(camera().shots(), controls, Keyboard(["r", "", "", "r"]), record=recorder))
    recorder.close()
    assert recorder.frames == 3
    after = look_into(tmp_path / "live.mp4")
    assert (len(after.times), after.size) == (3, (66, 98))


def test_cameras_that_are_not_there(tmp_path):
    with pytest.raises(FilmError, match="cameras are numbers"):
        Camera(str(tmp_path / "absent.mp4"))
    (tmp_path / "text.mp4").write_bytes(b"Dear diary")
    for source in (str(tmp_path / "text.mp4"), "77"):
        with pytest.raises(FilmError, match="cannot be opened"):
            Camera(source)


def test_an_opencv_without_windows_is_said():
    import cv2

    if "NONE" in next(line for line in cv2.getBuildInformation().splitlines() if "GUI:" in line):
        with pytest.raises(EngineUnavailable, match="no windows"):
            Window()


def test_a_virtual_camera_gets_the_frames(camera, controls, monkeypatch):
    sent, closed = [], []
    fake = SimpleNamespace(
        Camera=lambda **options: SimpleNamespace(
            send=lambda pixels: sent.append((options, pixels.shape)), close=lambda: closed.append(True)
        )
    )
    monkeypatch.setitem(sys.modules, "pyvirtualcam", fake)
    screen = VirtualCamera(25.0)
    list(perform(camera().shots(), controls, screen))
    screen.close()
    assert sent[0] == ({"width": 98, "height": 66, "fps": 25.0}, (66, 98, 3))
    assert (len(sent), closed) == (24, [True])
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    with pytest.raises(EngineUnavailable, match="pip install pyvirtualcam"):
        VirtualCamera(25.0)


def test_blind_presses_nothing():
    assert Blind().show(None) == ""
