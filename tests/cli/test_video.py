import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

from impasto.cli.video import styles_over_time
from video.conftest import look_into, moving, write_film

from .conftest import with_source


@pytest.fixture
def film(folder):
    return write_film(folder / "in.mp4", moving(), sound="aac")


def test_a_film_is_painted(impasto, film, dots, names):
    result = impasto("video", film, "-s", dots, "-o", "out.mp4")
    assert (result.code, result.out.split()[:3]) == (0, ["out.mp4", "12", "frames"])
    assert "100%" in result.err
    assert "frames/s" in result.err
    assert names() == ["in.mp4", "out.mp4"]


def test_styles_over_time_and_regions(impasto, film, dots, tiny_model):
    lines = tiny_model.style("lines")
    assert impasto("video", film, "-s", f"{dots}@0s", "-s", f"{lines}@0.3", "-o", "out.mp4", "--no-steady").code == 0
    assert impasto("video", film, "--region", f"in.mp4={lines}", "-o", "out.mp4").code == 0


def test_a_sheet_of_frames(impasto, film, dots, names):
    result = impasto("video", film, "-s", dots, "--sheet", 4, "-o", "sheet.png")
    assert (result.code, result.out) == (0, "sheet.png\n")
    with Image.open("sheet.png") as sheet:
        assert sheet.size[0] > 2 * 98
    assert names() == ["in.mp4", "sheet.png"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-s", "a", "-s", "b@1s"), "needs its time"),
        (("-s", "a@1s", "-s", "b@1s"), "the same time"),
        (("-s", "a@soon"), "what follows @"),
        (("-s", "starry-nite"), "van-gogh-starry-night"),
        ((), "nothing to paint"),
        (("-s", "udnie", "--start", "1", "--end", "0.5"), "--end must be after"),
    ],
)
def test_wrong_usage_is_one_line(impasto, film, arguments, said):
    impasto("video", film, *arguments, "-o", "out.mp4").refused(said, code=2)


@pytest.mark.parametrize(
    ("named", "meant"),
    [
        (["udnie"], "udnie"),
        (["hf:user/repo@v1/name"], "hf:user/repo@v1/name"),
        (["hf:user/repo@2/name.style"], "hf:user/repo@2/name.style"),
        (["udnie:0.3+hf:user/repo@v1/name:0.7"], "udnie:0.3+hf:user/repo@v1/name:0.7"),
        (["hf:user/repo@v1/name@3s", "udnie@1:00"], {3.0: "hf:user/repo@v1/name", 60.0: "udnie"}),
    ],
)
def test_what_follows_an_at_is_a_time_or_a_state_of_a_repository(named, meant):
    assert styles_over_time(tuple(named)) == meant


def test_errors_are_one_line(impasto, film, dots):
    impasto("video", "absent.mp4", "-s", dots, "-o", "out.mp4").refused("absent.mp4", "no such file")
    impasto("video", film, "-s", dots, "-o", film).refused("would replace")


def test_control_c_leaves_a_film_that_plays(folder, dots):
    write_film(folder / "long.mp4", moving(100) * 30, sound="aac")
    running = subprocess.Popen(
        [sys.executable, "-m", "impasto", "video", "long.mp4", "-s", str(dots), "-o", "out.mkv"],
        env=with_source(),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert "frame" in running.stderr.readline()
    time.sleep(1)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
    count = int(out.split()[1])
    assert 0 < count < 3000
    assert len(look_into(folder / "out.mkv").times) == count


def test_a_file_as_the_camera(impasto, film, dots, tiny_model, names):
    result = impasto("webcam", "-s", dots, "-s", tiny_model.style("lines"), "--camera", film, "-o", "live.mp4")
    assert result.code == 0, result.err
    assert result.out.startswith("12 frames")
    assert "ms latency" in result.out
    assert result.out.splitlines()[-1] == "live.mp4"
    assert len(look_into("live.mp4").times) == 12
    assert names() == ["in.mp4", "live.mp4"]


def test_cameras_and_networks(impasto, film, dots, tiny_johnson):
    assert impasto("webcam", "-s", tiny_johnson.network, "--camera", film, "-o", "live.mp4", "--frames", 2).code == 0
    styles = ("-s", dots, "-s", tiny_johnson.network)
    impasto("webcam", *styles, "--camera", film, "-o", "no.mp4").refused("one network", code=2)
    impasto("webcam", "-s", dots, "-s", "udnie", "--camera", film, "-o", "no.mp4").refused("one network", code=2)


def test_cameras_that_cannot_be(impasto, film, dots):
    impasto("webcam", "-s", dots, "--camera", "absent.mp4").refused("absent.mp4")
    impasto("webcam", "-s", dots, "--camera", film, "--capture", "large").refused("--capture", code=2)
