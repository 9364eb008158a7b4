"""What the studio answers, and to whom."""

import io
import json
import re
import socket
import threading
import time
from base64 import b64decode
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

import impasto
from impasto.model import bundled_styles
from impasto.runtime import engines
from impasto.runtime.session import Session
from impasto.server import ServerSettings, create_app
from impasto.server.studio import studio as studio_module
from impasto.server.studio.pictures import THUMBNAIL
from server.studio.serving import files_below, served
from server.test_stylize import bomb
from video.conftest import look_into, moving, write_film

PAGE = Path(studio_module.__file__).parent / "page"
STARRY = [{"style": "van-gogh-starry-night"}]


def picture_of(answer):
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"))


def thumbnails_of(visitor, photo, *styles):
    """Return a photo's thumbnails in styles, in the order in which they come."""
    answer = visitor.get(f"/studio/pictures/{photo}/thumbnails", params=[("style", style) for style in styles])
    assert answer.status_code == 200, answer.text
    told = [json.loads(line) for line in answer.text.splitlines()]
    return {each["style"]: np.asarray(Image.open(io.BytesIO(b64decode(each["image"])))) for each in told}


def sentence_of(answer, status):
    """Return the one sentence that an answer says went wrong."""
    assert answer.status_code == status, answer.text
    said = answer.json()["error"]["message"]
    assert said
    assert "\n" not in said
    assert "impasto-studio-" not in said
    assert "--" not in said
    return said


def test_the_page_and_its_files_come_from_here_alone(visitor):
    page = visitor.get("/")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    for name in re.findall(r'(?:href|src)="([^"#]+)"', page.text):
        assert visitor.get(f"/{name}").status_code == 200, name
    for file in PAGE.iterdir():
        words = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")  # a name, not an address
        assert not re.search(r"(?:https?:)?//[\w.-]+\.\w", re.sub(r"(?m)^\s*//.*$", "", words)), file.name


def test_the_page_is_told_of_every_style_with_its_credits(visitor):
    facts = visitor.get("/studio/facts").json()
    assert [style["name"] for style in facts["styles"]] == [style.name for style in bundled_styles()]
    assert all(style["artist"] and style["title"] and style["year"] for style in facts["styles"])
    assert facts["missing"] == {}


def test_a_photo_is_shown_in_every_style(visitor, bring, example):
    photo = bring(visitor, "pictures", example)
    assert (photo["name"], photo["width"], photo["height"]) == ("astronaut.jpg", 512, 512)
    names = [style.name for style in bundled_styles()]
    thumbnails = thumbnails_of(visitor, photo["id"], *names)
    assert [*thumbnails] == names
    seen = [*thumbnails.values()]
    assert {thumbnail.shape for thumbnail in seen} == {(THUMBNAIL, THUMBNAIL, 3)}
    distances = [np.abs(a - b.astype(float)).mean() for n, a in enumerate(seen) for b in seen[:n]]
    assert min(distances) > 1  # no two are the same


def test_thumbnails_come_as_they_are_painted(visitor, bring, small_photo, monkeypatch):
    photo, go_on, paint = bring(visitor, "pictures", small_photo)["id"], threading.Event(), Session.paint

    def held_up(session, picture, style):
        assert style.name != "picabia-udnie" or go_on.wait(60)
        return paint(session, picture, style)

    monkeypatch.setattr(Session, "paint", held_up)
    styles = ["klimt-the-kiss", "picabia-udnie"]
    with visitor.stream("GET", f"/studio/pictures/{photo}/thumbnails", params={"style": styles}) as answer:
        lines = answer.iter_lines()
        assert json.loads(next(lines))["style"] == styles[0]
        go_on.set()
        assert [json.loads(line)["style"] for line in lines] == styles[1:]


@pytest.mark.parametrize("options", [{}, {"strength": 0.4, "stroke": 0.8}, {"color": "keep"}])
def test_a_preview_is_what_painting_gives(visitor, bring, small_photo, photo, options):
    brought = bring(visitor, "pictures", small_photo)
    answer = visitor.post(f"/studio/pictures/{brought['id']}/preview", json={"parts": STARRY, "size": 640, **options})
    expected = impasto.stylize(photo, "starry-night", **options)
    assert np.abs(picture_of(answer) - expected.astype(float)).mean() < 8  # a JPEG's error: the strokes are fine here


def test_a_mix_lies_between_its_parts(visitor, bring, small_photo):
    brought = bring(visitor, "pictures", small_photo)

    def seen(*parts):
        wish = {"parts": [{"style": style, "weight": weight} for style, weight in parts]}
        return picture_of(visitor.post(f"/studio/pictures/{brought['id']}/preview", json=wish)).astype(float)

    one, other = ("van-gogh-starry-night", 1.0), ("klimt-the-kiss", 1.0)
    mixed = seen(one, other)
    apart = np.abs(seen(one) - seen(other)).mean()
    assert max(np.abs(mixed - seen(one)).mean(), np.abs(mixed - seen(other)).mean()) < apart


@pytest.mark.parametrize(
    ("kind", "name", "format_"), [("", "face.png", "PNG"), (".jpg", "face.jpg", "JPEG"), (".webp", "face.webp", "WEBP")]
)
def test_a_painting_has_the_photos_size_and_its_format_or_another(
    visitor, bring, finish, small_photo, photo, kind, name, format_
):
    brought = bring(visitor, "pictures", small_photo)
    facts = finish(visitor, "painting", picture=brought["id"], parts=STARRY, format=kind)
    assert (facts["state"], facts["over"]) == ("done", 1)
    assert facts["file"] == name.replace("face", "face-van-gogh-starry-night")
    answer = visitor.get(f"/studio/works/{facts['id']}/file")
    assert Image.open(io.BytesIO(answer.content)).format == format_
    expected = np.asarray(impasto.stylize(photo, "starry-night"))
    assert np.abs(picture_of(answer) - expected.astype(float)).mean() < 8


def test_visitors_do_not_see_one_anothers_things(open_visitor, bring, finish, small_photo):
    one, other, nobody = open_visitor(), open_visitor(), open_visitor()
    photo, own = (bring(visitor, "pictures", small_photo)["id"] for visitor in (one, other))
    work = finish(one, "painting", picture=photo, parts=STARRY)["id"]
    for visitor in (other, nobody):
        for path in (
            f"pictures/{photo}",
            f"pictures/{photo}/thumbnails?style=klimt-the-kiss",
            f"works/{work}",
            f"works/{work}/file",
        ):
            assert "no longer here" in sentence_of(visitor.get(f"/studio/{path}"), 404)
        wish = {"picture": photo, "parts": STARRY}
        assert "no longer here" in sentence_of(visitor.post("/studio/works/painting", json=wish), 404)
    assert other.get(f"/studio/pictures/{own}").status_code == 200
    assert one.cookies != other.cookies


def test_what_is_brought_is_kept_for_a_while_and_goes_with_the_server(tmp_path, bring, small_photo):
    with served(folder=str(tmp_path), keep="1s") as address, httpx.Client(base_url=address, timeout=120) as visitor:
        photo = bring(visitor, "pictures", small_photo)["id"]
        assert len(files_below(tmp_path, "face.png")) == 2  # the test's own, too
        visits = visitor  # somebody else's request, after a second, finds it gone
        for _ in range(100):
            if (
                httpx.get(f"{address}/studio/pictures/x").status_code == 404
                and len(files_below(tmp_path, "face.png")) < 2
            ):
                break
        assert sentence_of(visits.get(f"/studio/pictures/{photo}"), 404)
        bring(visitor, "pictures", small_photo)
    assert [file.name for file in tmp_path.iterdir()] == ["face.png"]


@pytest.mark.parametrize(
    ("what", "name", "content", "status", "words"),
    [
        ("pictures", "notes.jpg", b"no picture", 422, "notes.jpg: not a picture of a known format"),
        ("pictures", "empty.png", b"", 422, "empty.png: the file is empty"),
        ("films", "list.m3u8", b"#EXTM3U\n/etc/passwd\n", 422, "list.m3u8: is no film of a kind that is known here"),
        ("films", "film.mp4", b"#EXTM3U\n/etc/passwd\n", 422, "film.mp4: is no film of a kind that is known here"),
        ("films", "film.mp4", b"\0\0\0\x18ftypmp42" + bytes(200), 422, "film.mp4: "),
        ("styles", "a.style", b"no style", 422, "a.style: is not a style file, or is damaged"),
        ("pictures", "../../up.jpg", b"no picture", 422, "up.jpg: not a picture"),
    ],
)
def test_what_is_no_picture_film_or_style_is_refused_in_one_sentence(
    visitor, scratch, what, name, content, status, words
):
    before = files_below(scratch)
    answer = visitor.post(f"/studio/{what}", params={"name": name}, content=content)
    assert sentence_of(answer, status).startswith(words)
    assert files_below(scratch) == before


@pytest.mark.parametrize("query", ["", "?style=nobody", "?style=../../x", "?" + "&style=x" * 101])
def test_thumbnails_in_no_style_or_too_many_are_refused(visitor, bring, small_photo, query):
    photo = bring(visitor, "pictures", small_photo)["id"]
    sentence_of(visitor.get(f"/studio/pictures/{photo}/thumbnails{query}"), 422)


@pytest.mark.parametrize("size", [(100_000, 100_000), (2**31 - 1, 2**31 - 1)])
def test_bombs_are_refused_before_they_are_decoded(visitor, size):
    answer = visitor.post("/studio/pictures", params={"name": "bomb.png"}, content=bomb(*size))
    assert "megapixels" in sentence_of(answer, 422)


@pytest.mark.parametrize("headers", [{"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}])
def test_pages_of_other_sites_may_not_post(visitor, small_photo, headers):
    for path in ("pictures", "styles", "films", "samples/astronaut", "works/painting"):
        answer = visitor.post(f"/studio/{path}", headers=headers, content=small_photo.read_bytes())
        assert "other sites" in sentence_of(answer, 403)
    assert not visitor.cookies


def test_nothing_is_left_of_what_is_cut_off_on_its_way(visitor, scratch, site, example):
    before, body = files_below(scratch), example.read_bytes()
    host, port = site.removeprefix("http://").split(":")
    for what in ("pictures", "films", "styles"):
        with socket.create_connection((host, int(port))) as connection:
            head = f"POST /studio/{what}?name=cut.jpg HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}"
            connection.sendall(f"{head}\r\n\r\n".encode() + body[: len(body) // 2])
            until(lambda: files_below(scratch, "cut.*"))
        until(lambda: files_below(scratch) == before)


def until(condition, seconds=60.0):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it never came to that"
        time.sleep(0.02)


def test_the_studio_paints_with_the_servers_own_network(monkeypatch, tmp_path, small_photo):
    opened, open_engine = [], engines.open_engine
    for module in ("runtime.session", "server.engines"):
        count = lambda network, **options: opened.append(network) or open_engine(network, **options)  # noqa: E731
        monkeypatch.setattr(f"impasto.{module}.open_engine", count)
    app = create_app(ServerSettings(folder=str(tmp_path)))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        photo = small_photo.read_bytes()
        brought = client.post("/studio/pictures", params={"name": "face.png"}, content=photo).json()
        assert [*thumbnails_of(client, brought["id"], "klimt-the-kiss")] == ["klimt-the-kiss"]
        picture_of(client.post(f"/studio/pictures/{brought['id']}/preview", json={"parts": STARRY}))
        headers = {"Content-Type": "image/png"}
        picture_of(client.post("/v1/stylize", params={"style": "udnie"}, content=photo, headers=headers))
    assert len(opened) == 1


def test_too_much_is_refused(tmp_path, example):
    long = write_film(tmp_path / "long.mp4", moving(30)).read_bytes()  # 1.2 s
    limits = {"max_bytes": "200KB", "max_pixels": 10_000, "max_seconds": 1.0}
    with served(folder=str(tmp_path), **limits) as address, httpx.Client(base_url=address, timeout=120) as visitor:
        large = visitor.post("/studio/pictures", params={"name": "large.jpg"}, content=bytes(300_000))
        assert "large.jpg has more than" in sentence_of(large, 413)
        many = visitor.post("/studio/pictures", params={"name": "many.jpg"}, content=example.read_bytes())
        assert "the limit is 0.01" in sentence_of(many, 422)
        film = visitor.post("/studio/films", params={"name": "long.mp4"}, content=long)
        assert "long.mp4: is 1 s long" in sentence_of(film, 422)


def test_what_all_visitors_have_is_bounded(tmp_path, bring, finish, example):
    """The photo that is brought has 125 KB, the sample 50."""
    with served(folder=str(tmp_path), keep="5s", max_disk="150KB") as address:
        one, other = (httpx.Client(base_url=address, timeout=120) for _ in range(2))
        photo = bring(one, "pictures", example)["id"]
        before = files_below(tmp_path)
        for path in ("pictures", "films", "styles", "samples/astronaut"):
            for visitor in (one, other):
                answer = visitor.post(f"/studio/{path}", params={"name": "x.jpg"}, content=example.read_bytes())
                assert "the studio is full" in sentence_of(answer, 507)
        assert files_below(tmp_path) == before
        (folder,) = tmp_path.glob("impasto-studio-*")
        assert len([*folder.iterdir()]) == 1  # no visit began
        facts = finish(one, "painting", picture=photo, parts=STARRY)  # there is room for it until it is there
        time.sleep(1.1)  # files are counted once a second
        wish = {"picture": photo, "parts": STARRY}
        assert one.post("/studio/works/painting", json=wish).status_code == 507
        assert one.get(f"/studio/works/{facts['id']}/file").status_code == 200
        until(lambda: other.post("/studio/samples/astronaut").status_code == 200)  # what was there is gone


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"parts": []}, "parts"),
        ({"parts": [{"style": "nobody"}]}, "this style is no longer here"),
        ({"parts": [{"style": "klimt-the-kiss", "weight": -1}]}, "weights of a mix"),
        ({"parts": STARRY, "strength": 7}, "strength must be between 0 and 1"),
        ({"parts": STARRY, "color": "blue"}, "color is one of"),
        ({"parts": STARRY, "size": 100_000}, "size"),
    ],
)
def test_wishes_that_make_no_sense_are_refused(visitor, bring, small_photo, wish, words):
    photo = bring(visitor, "pictures", small_photo)["id"]
    assert words in sentence_of(visitor.post(f"/studio/pictures/{photo}/preview", json=wish), 422)


def test_a_style_can_be_brought_if_it_is_of_this_network(visitor, bring, scratch, small_photo, tiny_model):
    file = bundled_styles()[3].path
    photo, style = bring(visitor, "pictures", small_photo)["id"], bring(visitor, "styles", file)
    assert not files_below(scratch, file.name)  # what is in it is kept
    own, bundled = thumbnails_of(visitor, photo, style["id"], file.stem).values()
    assert np.array_equal(own, bundled)
    strange = tiny_model.style("dots")
    answer = visitor.post("/studio/styles", params={"name": "dots.style"}, content=strange.read_bytes())
    assert "belongs to the network" in sentence_of(answer, 422)


def test_a_film_is_painted_with_its_sound(visitor, bring, finish, short_film, tmp_path):
    film = bring(visitor, "films", short_film)
    assert (film["width"], film["height"]) == (98, 66)
    facts = finish(visitor, "film", film=film["id"], parts=STARRY)
    assert (facts["state"], facts["file"]) == ("done", "walk-van-gogh-starry-night.mp4"), facts
    painted = tmp_path / "painted.mp4"
    painted.write_bytes(visitor.get(f"/studio/works/{facts['id']}/file").content)
    before, after = look_into(short_film), look_into(painted)
    assert (after.times, after.size, after.sound) == (before.times, before.size, "aac")
    assert np.abs(after.frames[5] - before.frames[5].astype(float)).mean() > 20


def test_a_style_is_learned_and_painted_with(visitor, bring, finish, small_eyes, waves, small_photo, monkeypatch):
    monkeypatch.setattr("impasto.training.fit.JUDGEMENTS", 2)
    painting, photo = (bring(visitor, "pictures", file)["id"] for file in (waves, small_photo))
    monkeypatch.setattr("impasto.server.studio.tasks.open_fit", quick_fit)
    facts = finish(visitor, "style", painting=painting, photo=photo, budget="1m")
    assert (facts["state"], facts["file"]) == ("done", "waves.style"), facts
    assert facts["shown"] >= 2
    assert picture_of(visitor.get(f"/studio/works/{facts['id']}/picture")).shape == (101, 77, 3)
    assert thumbnails_of(visitor, photo, facts["style"])[facts["style"]].shape == (THUMBNAIL, THUMBNAIL, 3)
    file = visitor.get(f"/studio/works/{facts['id']}/file").content
    again = visitor.post("/studio/styles", params={"name": "waves.style"}, content=file).json()
    assert again["name"] == "waves"


def quick_fit(painting, *, budget):
    """Fit for a few steps, whatever the budget."""
    assert budget == "1m"
    return impasto.fitting.open_fit(painting, steps=4, size=(64,), batch_size=(2,), style_size=96)


def test_a_picture_is_optimised_until_it_is_stopped(visitor, bring, small_eyes, waves, small_photo):
    from server.studio.conftest import until

    photo, painting = (bring(visitor, "pictures", file)["id"] for file in (small_photo, waves))
    wish = {"photo": photo, "paintings": [painting], "size": 256, "budget": "15m"}
    work = visitor.post("/studio/works/optimisation", json=wish).json()["id"]
    until(visitor, work, lambda facts: facts["shown"])
    visitor.post(f"/studio/works/{work}/stop")
    facts = until(visitor, work, lambda facts: facts["state"] != "running")
    assert (facts["state"], facts["file"]) == ("stopped", "face-waves.png"), facts
    file = visitor.get(f"/studio/works/{work}/file").content
    image = Image.open(io.BytesIO(file))
    assert (max(image.size), image.info) == (256, {})  # no names of files of the server


def test_without_an_extra_the_page_is_told_what_to_install(visitor, monkeypatch):
    monkeypatch.setattr(studio_module, "find_spec", lambda name: None if name in ("torch", "av") else object())
    missing = visitor.get("/studio/facts").json()["missing"]
    assert {part: "pip install 'impasto[" in said for part, said in missing.items()} == {
        "learn": True,
        "optimise": True,
        "film": True,
    }
    assert "needs torch" in missing["learn"]
    assert "needs av" in missing["film"]
