"""Who may come in, with what, and how fast."""

import asyncio
import base64

import pytest

from impasto.server import ServerSettings, guard
from impasto.server.guard import Guard
from impasto.server.metrics import Metrics

from .conftest import refused, serving

KEY = "open sesame"


def basic(text):
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@pytest.fixture(scope="module")
def locked():
    with serving(host="0.0.0.0", key=KEY) as client:
        yield client


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": KEY},
        {"authorization": "Bearer"},
        {"authorization": "Bearer open"},
        {"authorization": f"Token {KEY}"},
        {"authorization": "Basic !"},
        {"authorization": "Basic /w=="},
        basic("user:wrong"),
        basic(KEY),
    ],
)
def test_without_the_key_nothing_is_answered(locked, headers):
    for method, path in (
        ("GET", "/health"),
        ("GET", "/"),
        ("POST", "/v1/stylize"),
        ("GET", "/v1/jobs/x"),
        ("GET", "/x"),
    ):
        response = locked.request(method, path, headers=headers)
        refused(response, 401, "NoKey", "Bearer")
        assert response.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize("headers", [{"authorization": f"Bearer {KEY}"}, basic(f"anybody:{KEY}"), basic(f":{KEY}")])
def test_with_the_key_it_is_whatever_the_host_is_called(locked, headers):
    assert locked.get("/health", headers={**headers, "host": "paint.example.org"}).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8000", "[::1]:80", "LOCALHOST"])
def test_this_machine_by_its_names(client, host):
    assert client.get("/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", ""])
def test_other_names_that_lead_here_are_refused(client, host):
    refused(client.get("/health", headers={"host": host}), 421, "WrongHost", "localhost")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1"},
    ],
)
def test_pages_of_other_sites_may_not_post(client, png, headers):
    response = client.post("/v1/stylize", params={"style": "udnie"}, files={"photo": png}, headers=headers)
    refused(response, 403, "OtherOrigin")
    refused(client.delete("/v1/jobs/x", headers=headers), 403, "OtherOrigin")
    assert "access-control-allow-origin" not in response.headers


def test_own_pages_may_post(client):
    headers = {"origin": "http://127.0.0.1", "sec-fetch-site": "same-origin"}
    refused(client.delete("/v1/jobs/x", headers=headers), 404, "UnknownJob")


def test_no_answer_is_guessed_at_by_browsers(client):
    for path in ("/health", "/v1/styles", "/nothing"):
        assert client.get(path).headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("length", ["-1", "1e3", "x", "٣"])
def test_lengths_that_are_none(client, length):
    headers = {"content-length": length.encode()}
    refused(client.post("/v1/stylize", headers=headers, content=b""), 400, "BadLength")


def called(receive, *, limit="1MB", read_all=True):
    """Return the messages that Guard answers with, of an application that reads a body."""
    sent = []

    async def application(scope, receive, send):
        more = read_all
        while more:
            more = (await receive()).get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/stylize", "headers": [(b"host", b"localhost")]}
    guarded = Guard(application, ServerSettings(max_bytes=limit), Metrics())
    asyncio.run(guarded(scope, receive, send))
    return sent


def chunks(*pieces, pause=0.0):
    left = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    left.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive():
        await asyncio.sleep(pause)
        return left.pop(0) if left else {"type": "http.disconnect"}

    return receive


def test_a_slow_body_is_refused_and_a_steady_one_is_not(monkeypatch):
    monkeypatch.setattr(guard, "PATIENCE", 0.2)
    monkeypatch.setattr(guard, "LINGER", 0.2)
    assert called(chunks(*[b"x"] * 30, pause=0.02))[0]["status"] == 408
    assert called(chunks(*[b"x" * 32768] * 30, pause=0.02))[0]["status"] == 200


def test_an_answer_before_the_end_of_the_body_lasts_until_it():
    start, body, end = called(chunks(b"x" * 1000, b"y" * 1000), read_all=False)
    assert (start["status"], body["body"], body["more_body"]) == (200, b"done", True)
    assert (end["body"], end["more_body"]) == (b"", False)


def test_an_endless_body_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(guard, "LINGER", 0.3)

    async def receive():
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"x" * 65536, "more_body": True}

    assert called(receive, limit="1MB")[0]["status"] == 413
