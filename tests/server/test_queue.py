"""Many clients: places, deadlines, and clients that leave."""

import asyncio
import threading
import time

import pytest

from impasto.server import ServerSettings, painting
from impasto.server.clients import while_there
from impasto.server.metrics import Metrics
from impasto.server.painting import Painters
from impasto.server.refusals import Busy, Gone, Refused

from .conftest import decoded, refused, serving


@pytest.fixture
def slow(monkeypatch):
    """Let paintings wait until the event that this returns is set; and count those that began."""
    gate, began = threading.Event(), []

    class Slow(painting.Stylizer):
        def paint(self, photo, name="the picture", *, layers=None):
            began.append(name)
            assert gate.wait(100)
            return super().paint(photo, name, layers=layers)

    monkeypatch.setattr(painting, "Stylizer", Slow)
    gate.began = began
    yield gate
    gate.set()


def in_threads(work, count):
    """Begin some work in threads, and return a function that waits for what each gave."""
    given = []
    threads = [threading.Thread(target=lambda: given.append(work())) for _ in range(count)]
    for thread in threads:
        thread.start()

    def all_given():
        for thread in threads:
            thread.join(100)
        return given

    return all_given


def until(condition):
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it never came to that")


def test_a_full_queue_sends_away_and_says_when_to_come_again(png, slow):
    with serving(queue=3) as client:

        def paint():
            return client.post("/v1/stylize", params={"style": "udnie", "model": "fast"}, content=png)

        painted = in_threads(paint, 3)
        until(lambda: client.get("/health").json()["places_taken"] == 3)
        response = paint()
        refused(response, 429, "Busy", "3 pictures", "come again")
        assert int(response.headers["retry-after"]) >= 1
        slow.set()
        assert [response.status_code for response in painted()] == [200] * 3
        assert paint().status_code == 200
        assert client.get("/health").json()["places_taken"] == 0


def test_what_is_not_done_in_time_is_said_so_and_gives_its_place_back(png, slow):
    with serving(queue=1, deadline="0.5s") as client:
        refused(client.post("/v1/stylize", params={"style": "udnie"}, content=png), 504, "TooLate", "0.5 s")
        assert client.get("/health").json()["places_taken"] == 0
        slow.set()


def test_at_most_so_many_pictures_are_decoded_at_once(png, slow, monkeypatch):
    read, reading = painting.read, []
    monkeypatch.setattr(painting, "read", lambda *given, **options: reading.append(1) or read(*given, **options))
    with serving() as client:
        painted = in_threads(lambda: client.post("/v1/stylize", params={"style": "udnie"}, content=png), 10)
        until(lambda: client.get("/health").json()["places_taken"] == 10)
        time.sleep(0.2)
        assert len(reading) == painting.OPEN
        assert len(slow.began) == painting.PAINTERS
        slow.set()
        assert {response.status_code for response in painted()} == {200}


def test_many_clients_with_many_wishes_each_get_their_own(client, png):
    wishes = [{"style": style, "model": model, "size": size} for style in ("udnie", "great-wave", "random:3")
              for model in ("main", "fast") for size in (40, 60)]  # fmt: skip
    alone = [decoded(client.post("/v1/stylize", params=wish, content=png))[0] for wish in wishes]
    given = {}

    def paint(number):
        given[number] = decoded(client.post("/v1/stylize", params=wishes[number], content=png))[0]

    threads = [threading.Thread(target=paint, args=(number,)) for number in range(len(wishes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    for number, expected in enumerate(alone):
        assert given[number].shape == expected.shape
        # A network's forms for any size and for one differ by rounding, in bfloat16 by some levels.
        assert abs(given[number].astype(int) - expected).max() <= 8


class Client:
    """A request of a client that leaves after some seconds."""

    def __init__(self, seconds):
        self.seconds = seconds

    async def receive(self):
        await asyncio.sleep(self.seconds)
        return {"type": "http.disconnect"}


def test_work_ends_when_its_client_leaves_or_time_is_up():
    ended = []

    async def work(seconds):
        try:
            await asyncio.sleep(seconds)
        finally:
            ended.append(seconds)
        return "done"

    async def course():
        assert await while_there(Client(5), work(0.01), 5) == "done"
        with pytest.raises(Gone):
            await while_there(Client(0.01), work(5), 5)
        with pytest.raises(Refused, match=r"within 0\.05 s"):
            await while_there(Client(5), work(6), 0.05)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(course())
    assert ended == [0.01, 5, 6]


def test_places_come_back_whatever_happens(tmp_path):
    painters = Painters(ServerSettings(queue=2), None, Metrics())
    painters.seconds_each = 3.0
    with painters.place(), painters.place():
        with pytest.raises(Busy) as caught, painters.place():
            pass
        assert caught.value.headers == {"Retry-After": "6"}
    with pytest.raises(KeyError), painters.place():
        raise KeyError
    assert painters.places == 0
    painters.close()
