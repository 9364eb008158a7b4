"""The command as a process: pipes, signals and names that a terminal cannot show."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from .conftest import with_source


def test_from_stdin_to_stdout(process, astronaut, dots, names):
    result = process("stylize", "-", "-s", dots, "-o", "-", stdin=astronaut.read_bytes())
    assert (result.code, result.err) == (0, "")
    with Image.open(io.BytesIO(result.out)) as painting:
        assert (painting.format, painting.size) == ("PNG", (77, 101))
    assert names() == ["astronaut.jpg"]


def test_bad_bytes_on_stdin(process, dots):
    for data, reason in ((b"", "empty"), (b"Dear diary,", "not a picture")):
        process("stylize", "-", "-s", dots, stdin=data).refused("<stdin>", reason)


def test_an_error_in_a_process_has_no_trace(process, astronaut):
    process("stylize", astronaut, "-s", "starry-nite").refused("starry-nite", "van-gogh-starry-night", code=2)


def test_names_that_are_no_text(process, astronaut, dots, folder):
    name = b"caf\xe9.jpg"
    os.link(os.fsencode(astronaut), os.path.join(os.fsencode(folder), name))  # noqa: PTH118
    result = process("stylize", os.fsdecode(name), "-s", dots, "--size", 16)
    assert (result.code, result.err) == (0, "")
    assert os.path.exists(os.path.join(os.fsencode(folder), b"caf\xe9-dots.jpg"))  # noqa: PTH110, PTH118
    (line,) = process("stylize", os.fsdecode(name), "-s", dots, "--size", 16, "--json").out.splitlines()
    assert os.fsencode(json.loads(line)["photo"]) == name


def test_names_that_the_terminal_cannot_show(process, astronaut, dots, folder):
    (folder / "café.jpg").write_bytes(astronaut.read_bytes())
    result = process("stylize", "café.jpg", "-s", dots, "--size", 16, PYTHONIOENCODING="ascii")
    assert (result.code, result.err) == (0, "")
    assert (folder / "café-dots.jpg").exists()


def test_a_reader_that_goes_away_is_no_trace(folder):
    command = [sys.executable, "-m", "impasto", "styles"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, env=with_source(), timeout=60, check=False)
    os.close(writing)
    assert done.returncode != 0
    assert b"Traceback" not in done.stderr


def test_ctrl_c_is_130_and_leaves_no_half_files(folder, dots, photo, names):
    os.mkfifo("slow.png")
    command = [sys.executable, "-m", "impasto", "stylize", "slow.png", "-s", str(dots), "-o", "x.png"]
    with subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        env=with_source(),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as running:
        with open("slow.png", "wb") as pipe:  # noqa: PTH123 - waits until the command reads
            pipe.write(b"\x89PNG")
            pipe.flush()
            while running.poll() is None:  # a signal just before the read begins does not end it
                time.sleep(1)
                running.send_signal(signal.SIGINT)
        err = running.stderr.read()
    assert running.returncode == 130
    assert err.decode().strip() == "impasto: interrupted"
    assert names() == ["slow.png"]


def test_a_painting_in_a_process_is_the_apis(process, astronaut, dots):
    import impasto

    process("stylize", astronaut, "-s", dots, "-o", "x.png", "--precision", "f32")
    expected = impasto.stylize(astronaut, dots, precision="f32")
    np.testing.assert_array_equal(np.asarray(Image.open("x.png")), np.asarray(expected))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_what_was_painted_and_cannot_be_said_is_no_success(astronaut, dots):
    command = [sys.executable, "-m", "impasto", "stylize", str(astronaut), "-s", str(dots), "--json"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, env=with_source(), timeout=60, check=False)
    assert done.returncode != 0
    assert b"No space left" in done.stderr


def test_a_process_without_an_output_paints(astronaut, dots, folder):
    paint = f"{sys.executable} -m impasto stylize {astronaut} -s {dots} -o out.png >&- 2>&-"
    done = subprocess.run(["/bin/sh", "-c", paint], env=with_source(), cwd=folder, timeout=60, check=False)
    assert done.returncode == 0
    assert (folder / "out.png").exists()


@pytest.mark.parametrize(("left", "orderly"), [("", False), ("import multiprocessing", True)])
def test_a_process_ends_at_once_unless_something_else_is_left_to_do(astronaut, dots, left, orderly):
    program = f"import atexit; {left}\natexit.register(print, 'in order')\nfrom impasto.cli import main; main()"
    command = [sys.executable, "-c", program, "stylize", str(astronaut), "-s", str(dots), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=with_source(), timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[0])["photo"] == str(astronaut)
    assert ("in order" in done.stdout) == orderly
