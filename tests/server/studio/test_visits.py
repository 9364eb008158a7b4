"""How much a visitor may have."""

import numpy as np
import pytest

from impasto.model import Style
from impasto.server.studio import room, visits
from impasto.server.studio.errors import Full, TooMuch
from impasto.server.studio.pictures import Shown
from impasto.server.studio.room import Room
from impasto.server.studio.visits import MOST_FILES, Visits
from impasto.server.studio.works import Work


@pytest.fixture
def all_visits(tmp_path):
    known = Visits(keep=3600, parent=str(tmp_path))
    yield known
    known.close()


@pytest.fixture
def visit(all_visits):
    return all_visits.new()[1]


def bring(visit, example):
    file = visit.place(example.name)
    file.write_bytes(example.read_bytes())
    return visit.put(file, Shown.read(file, 10**6))


def test_the_oldest_pictures_go_but_none_while_a_work_may_look_at_it(visit, example):
    names = [bring(visit, example) for _ in range(MOST_FILES + 2)]
    assert [*visit.shown] == names[2:]
    assert {path.name for path in visit.folder.iterdir()} == {*names[2:]}
    work = Work(60)
    visit.add(work)
    with pytest.raises(TooMuch, match="wait for your works"):
        bring(visit, example)
    work.state = "done"
    names.append(bring(visit, example))
    assert [*visit.shown] == names[3:]


def test_the_oldest_styles_go(visit):
    for number in range(MOST_FILES + 3):
        visit.put_style(str(number), Style(str(number), np.zeros(3, np.float32), "network"))
    assert [*visit.styles] == [str(number) for number in range(3, MOST_FILES + 3)]


def test_there_are_so_many_visitors_at_most(all_visits, monkeypatch):
    monkeypatch.setattr(visits, "MOST_VISITS", 2)
    all_visits.new()
    secret, _ = all_visits.new()
    with pytest.raises(TooMuch, match="too many visitors"):
        all_visits.new()
    assert all_visits.of(secret) is not None
    all_visits.keep = -1.0
    assert all_visits.of(secret) is None
    all_visits.new()


def test_room_is_what_files_leave_of_it(tmp_path, monkeypatch):
    space = Room(lambda: tmp_path, 100_000)
    space.take(60_000)  # not yet written, but counted
    with pytest.raises(Full, match="0 MB"):
        space.take(60_000)
    monkeypatch.setattr(room, "BETWEEN", 0.0)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/file").write_bytes(bytes(50_000))
    with pytest.raises(Full):
        space.take(60_000)
    space.take(40_000)
    (tmp_path / "folder/file").unlink()
    space.take(90_000)
