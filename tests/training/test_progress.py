import io
import re
from types import SimpleNamespace

from impasto.training.progress import Progress

REPORT = {"loss": 1.23456, "content": 0.5, "style": 0.25, "tv": 9.0}


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run(progress, first, last):
    for step in range(first, last + 1):
        progress.after_step(SimpleNamespace(step=step), REPORT, 4)
    progress.close()


def test_a_pipe_gets_plain_lines_the_first_the_last_and_those_that_are_due():
    stream = io.StringIO()
    run(Progress(0, 7, stream), 1, 7)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    pattern = r"step 1 of 7, loss 1\.235, content 0\.500, style 0\.250, [\d.]+ images/s, \d+:\d\d:\d\d left"
    assert re.fullmatch(pattern, lines[0])
    assert lines[1].startswith("step 7 of 7, ")
    assert lines[1].endswith(", 0:00:00 left")
    assert "\r" not in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_lines_come_as_often_as_asked():
    stream = io.StringIO()
    run(Progress(3, 7, stream, between_lines=0), 4, 7)
    assert [line.split(",")[0] for line in stream.getvalue().splitlines()] == [f"step {n} of 7" for n in (4, 5, 6, 7)]


def test_speed_and_time_left_are_those_of_the_last_fifty_steps(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("impasto.training.progress.time.perf_counter", lambda: now[0])
    stream = io.StringIO()
    progress = Progress(0, 1000, stream, between_lines=0)
    for step in range(1, 101):
        now[0] += 10 if step <= 50 else 0.5
        progress.after_step(SimpleNamespace(step=step), REPORT, 4)
    lines = stream.getvalue().splitlines()
    assert lines[0].endswith("0.4 images/s, 2:46:30 left")
    assert lines[-1].endswith("8.0 images/s, 0:07:30 left")


def test_a_terminal_gets_a_bar_with_losses_speed_and_the_time_left():
    stream = Terminal()
    run(Progress(2, 7, stream), 3, 7)
    shown = stream.getvalue()
    assert "\r" in shown
    assert "7/7" in shown
    assert "loss=1.235, content=0.500, style=0.250, images/s=" in shown
    assert re.search(r"\d\d:\d\d<\d\d:\d\d", shown)


def test_a_report_without_the_usual_terms_is_no_error():
    stream = io.StringIO()
    progress = Progress(0, 1, stream)
    progress.after_step(SimpleNamespace(step=1), {"loss": 2.0}, 1)
    assert "loss 2.000, " in stream.getvalue()
    assert "content" not in stream.getvalue()
