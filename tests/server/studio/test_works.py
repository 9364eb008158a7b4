"""Works in their queue, and the sentences that they fail with."""

import threading
from pathlib import Path

import pytest

from impasto.errors import InvalidOption, PictureTooLarge, UnreadablePicture
from impasto.runtime.stylizer import StylizeOptions
from impasto.server import ServerSettings
from impasto.server.engines import Sessions
from impasto.server.studio.painter import Painter
from impasto.server.studio.pictures import Shown
from impasto.server.studio.sentences import sentence
from impasto.server.studio.tasks import Look, to_paint
from impasto.server.studio.visits import Visit
from impasto.server.studio.works import Work, Works


@pytest.fixture
def works():
    queue = Works("test", lambda: Path("/scratch"))
    yield queue
    queue.close()


def begun(works, task, seconds=60.0):
    """Begin a work; returns it and an event that its end sets."""
    work, ended = Work(seconds), threading.Event()

    def watched(work):
        try:
            task(work)
        finally:
            ended.set()

    works.begin(work, watched)
    return work, ended


def wait(works):
    works.pool.shutdown()


def test_works_run_in_their_order_and_say_who_is_before_them(works):
    let_go, order = threading.Event(), []

    def first(work):
        assert let_go.wait(10)
        order.append("first")
        work.tell(1.0, "is done")

    one, _ = begun(works, first)
    two, _ = begun(works, lambda work: order.append("second"))
    three, _ = begun(works, lambda work: order.append("third"))
    assert (two.line, three.line) == ("waits for 1 other", "waits for 2 others")
    let_go.set()
    wait(works)
    assert order == ["first", "second", "third"]
    assert (one.state, one.over, one.facts()["line"]) == ("done", 1, "is done")


def test_a_work_that_is_stopped_while_it_waits_is_not_begun(works):
    let_go = threading.Event()
    begun(works, lambda work: let_go.wait(10))
    two, ended = begun(works, lambda work: None)
    two.stop.set()
    let_go.set()
    wait(works)
    assert two.state == "stopped"
    assert not ended.is_set()


def test_a_painting_that_is_stopped_ends_between_its_pieces(works, example, tmp_path):
    painter, shown, visit = Painter(Sessions(ServerSettings())), Shown.read(example, 10**6), Visit(tmp_path, 0.0)
    paint = to_paint(painter, visit, shown, Look(painter.styles["klimt-the-kiss"], StylizeOptions()), "")

    def stopped_at_once(work):
        work.stop.set()
        paint(work)

    work, _ = begun(works, stopped_at_once)
    wait(works)
    assert (work.state, work.error, work.result) == ("stopped", "", None)
    assert not [*tmp_path.iterdir()]


def test_a_work_is_told_to_end_after_its_time(works):
    work, _ = begun(works, lambda work: work.tell(0.5 if work.is_to_end else 1.0, "looked"), seconds=0.0)
    wait(works)
    assert (work.state, work.over) == ("stopped", 0.5)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (UnreadablePicture("/scratch/ab/c-d_/photo.jpg", "the file is empty"), "photo.jpg: the file is empty"),
        (MemoryError(), "the memory does not suffice for this; make it smaller"),
        (RuntimeError("/etc/secret"), "the server could not do this; its log says why"),
    ],
)
def test_a_work_that_fails_says_why_in_one_sentence(works, error, said):
    def fail(work):
        raise error

    work, _ = begun(works, fail)
    wait(works)
    assert (work.state, work.error) == ("failed", said)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InvalidOption("--strength must be between 0 and 1, got 7"), "strength must be between 0 and 1, got 7"),
        (PictureTooLarge("a.png", "is too large; --max-pixels 9 would allow it"), "a.png: is too large"),
        (InvalidOption("two\nlines; give one"), "two lines; give one"),
    ],
)
def test_sentences_are_for_people_at_a_browser(error, said):
    assert sentence(error) == said
