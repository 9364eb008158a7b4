"""Films, new styles and optimisations: what becomes of jobs."""

import io
import json
import time

import av
import numpy as np
import pytest
from PIL import Image

from impasto.model import find_style, read_style
from impasto.server import jobs as jobs_module
from impasto.server import tasks
from impasto.server.library import Library

from .conftest import encoded, ended, refused, serving
from .studio.serving import files_below
from .test_stylize import bomb


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Return a client of a server that takes jobs, and the folder of its work."""
    folder = tmp_path_factory.mktemp("work")
    with serving(folder=str(folder), max_seconds=2.0, jobs=3) as client:
        client.work = folder
        yield client


@pytest.fixture(scope="module")
def wave():
    """Return a painting as a PNG's bytes."""
    pixels = 127 + 127 * np.sin(np.mgrid[:72, :96].sum(0)[..., None] / (2, 3, 5))
    return encoded(pixels.astype(np.uint8), "PNG")


def film(frames, size=(64, 48), rate=10, kind="mp4", **options):
    """Return a film of a moving wave as a file's bytes; options: the container's."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format={"mkv": "matroska"}.get(kind, kind), options=options) as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height = size
        rows, columns = np.mgrid[: size[1], : size[0]]
        for number in range(frames):
            pixels = 127 + 120 * np.sin((rows + columns + 3 * number)[..., None] / (5, 7, 9))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels.astype(np.uint8))))
        container.mux(stream.encode())
    return buffer.getvalue()


def send_film(client, content, kind="video/mp4", **query):
    return client.post("/v1/video", params={"style": "udnie", **query}, content=content, headers={"content-type": kind})


def done(client, job):
    facts = ended(client, job)
    assert facts["state"] == "done", facts
    assert facts["over"] == 1
    preview = client.get(facts["preview"])
    assert preview.headers["content-type"] == "image/jpeg"
    Image.open(io.BytesIO(preview.content)).load()
    return facts, client.get(facts["result"])


def test_a_film_is_painted(server):
    facts, result = done(server, send_film(server, film(8), model="fast", strength=0.8))
    assert (result.headers["content-type"], facts["kind"], facts["error"]) == ("video/mp4", "video", None)
    with av.open(io.BytesIO(result.content)) as painted:
        frames = [frame.to_ndarray(format="rgb24") for frame in painted.decode(video=0)]
    assert len(frames) == 8
    assert frames[0].shape == (48, 64, 3)
    assert server.delete(f"/v1/jobs/{facts['id']}").status_code == 200
    refused(server.get(facts["result"]), 404, "UnknownJob")
    assert not files_below(server.work, "painted.mp4")


def test_a_film_in_a_form_becomes_another_kind_of_film(server):
    form = {"style": "udnie:0.5+great-wave:0.5", "steady": "false", "format": "mkv", "end": "0.3", "model": "fast"}
    job = server.post("/v1/video", data=form, files={"film": ("../../x.sh", film(8, kind="mkv"))})
    facts, result = done(server, job)
    with av.open(io.BytesIO(result.content)) as painted:
        assert "matroska" in painted.format.name
        assert sum(1 for _ in painted.decode(video=0)) == 3
    server.delete(f"/v1/jobs/{facts['id']}")


def test_films_that_are_too_long_or_damaged_fail_with_a_sentence(server):
    facts = ended(server, send_film(server, film(40)))
    assert (facts["state"], facts["error"]["type"], facts["result"]) == ("failed", "FilmError", None)
    assert "4 s" in facts["error"]["message"]
    refused(server.get(f"/v1/jobs/{facts['id']}/result"), 409, "NotDone", "failed")
    facts = ended(server, send_film(server, film(8)[:300]))
    assert (facts["state"], facts["error"]["type"]) == ("failed", "FilmError")
    assert str(server.work) not in json.dumps(facts)


@pytest.mark.parametrize("kind", ["silent", "lying"])
def test_films_that_do_not_say_how_long_they_are_or_lie_are_cut(server, kind):
    if kind == "silent":
        content = film(40, kind="mkv", live="1")
    else:
        content = film(40, kind="mkv").replace(b"00:00:04.0", b"00:00:01.0")
    for query, frames, notices in (({}, 20, 1), ({"start": "1.0"}, 20, 1), ({"start": "1", "end": "2.5"}, 15, 0)):
        facts, result = done(server, send_film(server, content, model="fast", strength=0, **query))
        with av.open(io.BytesIO(result.content)) as painted:
            assert sum(1 for _ in painted.decode(video=0)) == frames
        assert ["only 2 s are painted" in notice for notice in facts["notices"]] == [True] * notices
        server.delete(f"/v1/jobs/{facts['id']}")


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n"


@pytest.mark.parametrize(
    "content", [PLAYLIST, b"ffconcat version 1.0\nfile /etc/passwd\n", b"", b"\x89PNG\r\n\x1a\n" * 99]
)
def test_what_is_no_film_and_lists_of_files_are_refused(server, content):
    refused(send_film(server, content), 422, "InvalidOption", "mp4")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"style": "udnei"}, "picabia-udnie"),
        ({"style": "x.style"}, "files of the server"),
        ({"codec": "nonsense", "quality": "0"}, "quality"),
        ({"format": "exe"}, "mp4"),
        ({"start": "later"}, "start"),
        ({"rate": "5"}, "no field"),
        ({"max_memory": "1GB"}, "no field"),
    ],
)
def test_fields_of_films_that_do_not_fit(server, query, words):
    response = send_film(server, film(1), **query)
    refused(response, 422, response.json()["error"]["type"], words)


def test_a_style_is_learned_and_painted_with(server, wave, png):
    job = server.post("/v1/styles", params={"name": "my-wave", "steps": 1, "style_size": 64}, content=wave)
    _, result = done(server, job)
    (server.work / "got.style").write_bytes(result.content)
    style = read_style(server.work / "got.style")
    (server.work / "got.style").unlink()
    assert style.name == "my-wave"
    assert {key: server.get("/v1/styles").json()[-1][key] for key in ("name", "learned")} == {
        "name": "my-wave",
        "learned": True,
    }
    for text in ("my-wave", "my-wave:0.5+udnie:0.5"):
        response = server.post("/v1/stylize", params={"style": text, "size": 40}, content=png)
        assert response.status_code == 200, response.text
    response = server.post("/v1/stylize", params={"style": "my-wave", "model": "fast"}, content=png)
    refused(response, 422, "ModelError", "network")
    refused(server.post("/v1/styles", params={"name": "my-wave"}, content=wave), 409, "NameTaken")


def test_a_style_that_cannot_be_kept_fails_and_gives_its_place_back(tmp_path, wave):
    with serving(styles=str(tmp_path / "styles"), jobs=1) as client:
        (tmp_path / "styles").rmdir()
        (tmp_path / "styles").touch()  # now it is no folder
        query = {"name": "my-wave", "steps": 1, "style_size": 64}
        for _ in range(2):
            facts = ended(client, client.post("/v1/styles", params=query, content=wave))
            assert (facts["state"], facts["error"]["type"], facts["result"]) == ("failed", "ServerError", None)
            assert "could not be kept" in facts["error"]["message"]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({"name": "../x"}, 422, "name is letters"),
        ({"name": "x" * 61}, 422, "name is letters"),
        ({"name": "picabia-udnie"}, 409, "picabia-udnie"),
        ({"budget": "soon"}, 422, "budget"),
        ({"style_size": "5000"}, 422, "1024"),
        ({"photos": "/etc"}, 422, "no field"),
        ({"vgg": "/etc/passwd"}, 422, "no field"),
    ],
)
def test_fields_of_new_styles_that_do_not_fit(server, wave, query, status, words):
    response = server.post("/v1/styles", params=query, content=wave)
    refused(response, status, response.json()["error"]["type"], words)


def test_a_painting_that_is_none_and_its_name_meanwhile(server):
    job = server.post("/v1/styles", params={"steps": 1, "name": "diary"}, content=b"Dear diary,")
    refused(server.post("/v1/styles", params={"name": "diary"}, content=b"x"), 409, "NameTaken")
    facts = ended(server, job)
    assert (facts["state"], facts["error"]["type"]) == ("failed", "UnreadablePicture")
    assert facts["error"]["message"].startswith("painting: ")
    again = server.post("/v1/styles", params={"steps": 1, "name": "diary"}, content=b"Dear diary,")
    assert ended(server, again)["state"] == "failed"


@pytest.mark.parametrize(("path", "name"), [("styles", "painting"), ("optimize", "photo"), ("optimize", "painting")])
def test_pictures_of_jobs_may_be_bombs_too(server, wave, path, name):
    others = {"photo": wave, "painting": wave} if path == "optimize" else {}
    files = {**others, name: bomb(100_000, 4000)}
    facts = ended(server, server.post(f"/v1/{path}", files=files))
    assert (facts["state"], facts["error"]["type"]) == ("failed", "PictureTooLarge")
    assert "megapixels" in facts["error"]["message"]


def test_a_photo_is_optimised(server, wave, jpeg):
    files = [("photo", jpeg), ("painting", wave), ("painting", wave)]
    data = {"steps": "2", "size": "64", "smallest": "64", "weights": "1,2"}
    _, result = done(server, server.post("/v1/optimize", data=data, files=files))
    with Image.open(io.BytesIO(result.content)) as image:
        assert (image.format, max(image.size)) == ("PNG", 64)
    for query, words in (({"start": "/etc/passwd"}, "no field"), ({"steps": "1", "budget": "1s"}, "give one")):
        response = server.post("/v1/optimize", data=query, files=files)
        refused(response, 422, "InvalidOption", words)
    refused(server.post("/v1/optimize", content=jpeg), 422, "InvalidOption", "there is no painting")


def test_jobs_wait_for_their_turn_are_cancelled_and_are_not_too_many(server):
    long, before = film(20, size=(320, 240)), files_below(server.work, "job.json")
    first, second, third = (send_film(server, long).json()["id"] for _ in range(3))
    refused(send_film(server, long), 429, "Busy", "3 jobs")
    assert server.get(f"/v1/jobs/{second}").json()["state"] == "waiting"
    assert server.delete(f"/v1/jobs/{second}").json()["state"] == "cancelled"
    while server.get(f"/v1/jobs/{first}").json()["state"] == "waiting":
        time.sleep(0.02)
    assert server.get(f"/v1/jobs/{third}").json()["state"] == "waiting"
    for name in (first, third):
        assert server.delete(f"/v1/jobs/{name}").json()["state"] == "cancelled"
        assert server.get(f"/v1/jobs/{name}").json()["state"] == "cancelled"
    assert files_below(server.work, "job.json") == before
    assert server.delete(f"/v1/jobs/{first}").status_code == 200
    refused(server.get(f"/v1/jobs/{first}"), 404, "UnknownJob")


@pytest.mark.parametrize("name", ["x", "..", "%2e%2e%2fetc", "a" * 5000])
def test_unknown_jobs(server, name):
    for path in ("", "/result", "/preview"):
        assert server.get(f"/v1/jobs/{name}{path}").status_code == 404
    assert server.delete(f"/v1/jobs/{name}").status_code == 404


def test_a_job_that_takes_too_long_or_whose_process_dies_fails(monkeypatch):
    with serving(job_time="0.3s") as client:
        facts = ended(client, send_film(client, film(8)))
        assert (facts["state"], facts["error"]["type"]) == ("failed", "TooLate")
    monkeypatch.setattr(jobs_module.sys, "executable", "/bin/false")
    with serving(keep="0.5s") as client:
        facts = ended(client, send_film(client, film(8)))
        assert (facts["state"], facts["error"]["type"]) == ("failed", "ProcessEnded")
        time.sleep(0.6)
        refused(client.get(f"/v1/jobs/{facts['id']}"), 404, "UnknownJob", "for a while")
    with serving(jobs=0) as client:
        refused(send_film(client, film(8)), 429, "Busy")


def test_what_is_not_installed_is_named(server, wave, monkeypatch):
    monkeypatch.setattr(tasks, "find_spec", lambda name: None)
    refused(server.post("/v1/styles", content=wave), 501, "EngineUnavailable", "torch", "impasto[train]")
    refused(send_film(server, film(1)), 501, "EngineUnavailable", "av", "impasto[video]")


def test_learned_styles_are_found_by_the_next_server(tmp_path, png):
    Library(tmp_path).add("learned-1", find_style("udnie"))
    with serving(styles=str(tmp_path)) as client:
        assert client.get("/v1/styles").json()[-1]["name"] == "learned-1"
        assert client.post("/v1/stylize", params={"style": "learned-1", "size": 40}, content=png).status_code == 200
    assert Library(tmp_path).free_name() == "learned-2"
