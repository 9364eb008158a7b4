"""Servers that listen: requests cut off, slow ones, large ones, and the end."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from impasto.server import guard, run

from .conftest import SOURCE
from .studio.serving import files_below

GET = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def connected(port):
    return socket.create_connection(("127.0.0.1", port), timeout=120)


def head(length, kind="image/png", path="/v1/stylize?style=udnie&model=fast"):
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n".encode()
    )


def answered(sock):
    """Return the status and the body of an answer."""
    response = http.client.HTTPResponse(sock)
    response.begin()
    return response.status, response.read()


def asked(port, request):
    with connected(port) as sock:
        sock.sendall(request)
        return answered(sock)


def health(port):
    status, body = asked(port, GET)
    assert status == 200
    return json.loads(body)


def painted(port, png):
    status, body = asked(port, head(len(png)) + png)
    return status == 200 and body.startswith(b"\x89PNG")


def until(condition, seconds=120.0):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it never came to that"
        time.sleep(0.05)


def test_requests_that_are_cut_anywhere_take_no_place(listening, png):
    port = listening()
    request = head(len(png)) + png
    form = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="x.png"\r\n\r\n' + png + b"\r\n--x--\r\n"
    requests = [request, head(len(form), "multipart/form-data; boundary=x") + form]
    for whole in requests:
        for part in (0.001, 0.01, 0.5, 0.999):
            with connected(port) as sock:
                sock.sendall(whole[: int(part * len(whole))])
    with connected(port) as sock:  # one that is painted, but not waited for
        sock.sendall(request)
    until(lambda: health(port)["places_taken"] == 0)
    assert painted(port, png)


def test_slow_uploads_are_sent_away(listening, monkeypatch, png):
    monkeypatch.setattr(guard, "PATIENCE", 0.5)
    monkeypatch.setattr(guard, "LINGER", 0.2)
    port = listening(queue=1)
    with connected(port) as sock:
        sock.sendall(head(len(png)) + png[:100])
        status, body = answered(sock)
    assert (status, json.loads(body)["error"]["type"]) == (408, "TooSlow")
    until(lambda: health(port)["places_taken"] == 0)
    assert painted(port, png)


def test_connections_without_a_request_are_closed(listening, monkeypatch):
    monkeypatch.setattr(run, "HEAD_TIME", 0.3)
    port = listening()
    with connected(port) as silent, connected(port) as slow:
        slow.sendall(b"GET /health HT")
        assert silent.recv(10) == slow.recv(10) == b""
    assert health(port)["status"] == "ok"


def test_a_later_request_has_no_more_time_than_the_first(listening, monkeypatch):
    monkeypatch.setattr(run, "HEAD_TIME", 1.0)
    port = listening()
    with connected(port) as sock:
        for _ in range(2):
            sock.sendall(GET.replace(b"Connection: close\r\n", b""))
            assert answered(sock)[0] == 200
        began = time.monotonic()
        with pytest.raises(OSError):
            for byte in b"GET /health HTTP/1.1\r\nA: " + b"b" * 1000:
                sock.sendall(bytes([byte]))
                time.sleep(0.1)
        assert time.monotonic() - began < 30
    assert health(port)["status"] == "ok"


def test_a_request_may_last_longer_than_its_head(listening, monkeypatch, png):
    monkeypatch.setattr(run, "HEAD_TIME", 0.5)
    port = listening()
    with connected(port) as sock:
        for _ in range(2):
            sock.sendall(head(len(png)) + png[:50])
            time.sleep(1)
            sock.sendall(png[50:])
            assert answered(sock)[0] == 200


def test_a_hundred_megabytes_are_refused_and_the_client_gets_to_read_it(listening, png):
    port, body = listening(), b"\0" * (100 << 20)
    with connected(port) as sock:  # it says beforehand how much will come, and then sends it without looking
        sock.sendall(head(len(body)))
        sock.sendall(body)
        assert answered(sock)[0] == 413
    with connected(port) as sock:  # it does not say
        sock.sendall(head(1).replace(b"Content-Length: 1", b"Transfer-Encoding: chunked"))
        for _ in range(100):
            sock.sendall(b"100000\r\n" + body[: 1 << 20] + b"\r\n")
        sock.sendall(b"0\r\n\r\n")
        assert answered(sock)[0] == 413
    assert painted(port, png)


@pytest.mark.parametrize("request_", [b"\0" * 1000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"x" * 200_000])
def test_what_is_no_http_is_answered_or_closed(listening, request_):
    port = listening()
    with connected(port) as sock:
        sock.sendall(request_)
        assert sock.recv(20) in (b"", b"HTTP/1.1 400 Bad Req", b"HTTP/1.1 421 Misdire")
    assert health(port)["status"] == "ok"


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_what_it_does_and_leaves_nothing(process, png, tmp_path, signal_):
    served, port = process()
    assert painted(port, png)
    frames = _film(tmp_path / "film.mp4")
    status, body = asked(port, head(len(frames), "video/mp4", "/v1/video?style=udnie") + frames)
    assert status == 202
    name = json.loads(body)["id"]
    request = f"GET /v1/jobs/{name} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    until(lambda: json.loads(asked(port, request)[1])["state"] == "running")
    until(lambda: files_below(tmp_path / "work", "job.json"))
    with connected(port) as waiting:
        waiting.sendall(head(len(png)) + png[:50])  # this one never ends
        until(lambda: health(port)["places_taken"] == 1)
        served.send_signal(signal_)
        assert served.wait(120) == 0
        assert answered(waiting)[0] == 503
    assert served.stderr.read().count("\n") <= 1
    assert list((tmp_path / "work").iterdir()) == []
    until(lambda: not _workers(tmp_path))


def test_a_worker_ends_with_a_server_that_is_killed(process, tmp_path):
    served, port = process()
    frames = _film(tmp_path / "film.mp4")
    assert asked(port, head(len(frames), "video/mp4", "/v1/video?style=udnie") + frames)[0] == 202
    until(lambda: _workers(tmp_path))
    served.kill()
    until(lambda: not _workers(tmp_path))


def _film(path):
    """Return a film that takes a while to paint."""
    import av
    import numpy as np

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height = 320, 240
        for number in range(500):
            pixels = np.full((240, 320, 3), number % 256, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels)))
        container.mux(stream.encode())
    return path.read_bytes()


def _workers(folder):
    """Return the processes that work in a folder."""
    import psutil

    found = []
    for running in psutil.process_iter(["cmdline", "status"]):
        words = running.info["cmdline"] or []
        if "impasto.server.worker" in words and words[-1].startswith(str(folder)):
            found += [running.pid] if running.info["status"] != psutil.STATUS_ZOMBIE else []
    return found


def refused(*arguments, code, words, **environment):
    """Check that `impasto serve` ends at once with one line that holds these words."""
    done = subprocess.run(
        [sys.executable, "-m", "impasto", "serve", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(SOURCE), **environment},
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1), done.stderr
    assert words in done.stderr


def test_what_is_wrong_is_one_line():
    refused("--host", "0.0.0.0", code=2, words="--key")
    refused("--port", "70000", code=2, words="--port")
    refused("--engine", "steam", "--no-studio", "--port", "0", code=2, words="--engine is one of")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused("--port", str(taken.getsockname()[1]), "--no-studio", code=2, words="cannot be listened at")


def test_without_its_libraries_it_says_what_to_install(tmp_path):
    for module in ("fastapi", "uvicorn", "prometheus_client"):
        (tmp_path / f"{module}.py").write_text(f"raise ModuleNotFoundError('gone', name='{module}')")
        path = f"{tmp_path}{os.pathsep}{SOURCE}"
        refused("--no-studio", code=1, words="pip install 'impasto[serve]'", PYTHONPATH=path)
        (tmp_path / f"{module}.py").unlink()


def test_the_key_may_come_from_the_environment(process):
    _, port = process("--host", "0.0.0.0", IMPASTO_KEY="sesame")
    assert asked(port, GET)[0] == 401
    assert asked(port, GET.replace(b"\r\n\r\n", b"\r\nAuthorization: Bearer sesame\r\n\r\n"))[0] == 200
