"""The browser demo: what it is made of, and, in a real Chromium, whether it paints as Impasto does."""

import functools
import http.server
import json
import re
import runpy
import threading
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import impasto
from browsing import chromium

DEMO = Path(__file__).parents[1] / "examples" / "browser"
PHOTO_SIZE = (448, 336)
"""What is painted once, as the demo does with all sizes; see `runtime.canvas`."""


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def elements():
    parser = Elements()
    parser.feed((DEMO / "index.html").read_text("utf-8"))
    return parser.found


def test_every_control_has_a_label(elements):
    labelled = {attributes["for"] for tag, attributes in elements if tag == "label"}
    controls = {attributes["id"] for tag, attributes in elements if tag in ("input", "select")}
    assert controls == labelled == {"photo", "style", "strength", "size"}
    assert ("html", {"lang": "en"}) in elements
    assert any(attributes.get("role") == "status" for _, attributes in elements)
    assert any(attributes.get("name") == "viewport" for _, attributes in elements)


def test_the_page_names_nothing_on_other_machines():
    for name in ("index.html", "style.css", "page.js", "painter.js", "offline.js"):
        assert not re.search(r"https?://", (DEMO / name).read_text("utf-8")), name


def test_what_npm_gives_is_pinned():
    wanted = json.loads((DEMO / "package.json").read_text())["dependencies"]
    locked = json.loads((DEMO / "package-lock.json").read_text())["packages"]
    for name, version in wanted.items():
        assert locked[f"node_modules/{name}"]["version"] == version
    assert all("integrity" in package and "resolved" not in package for name, package in locked.items() if name)


def test_the_service_worker_keeps_all_files(tmp_path):
    (tmp_path / "styles").mkdir()
    (tmp_path / "index.html").write_text("page")
    (tmp_path / "styles" / "dots.style").write_text("style")
    offline = runpy.run_path(str(DEMO / "build.py"))["offline"]
    code = offline(tmp_path)
    assert 'FILES = ["./", "index.html", "styles/dots.style"]' in code
    (tmp_path / "index.html").write_text("another page")
    assert offline(tmp_path) != code


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return the address of the demo, built and served, and how to end serving it."""
    if not (DEMO / "node_modules" / "onnxruntime-web").is_dir():
        pytest.skip("ONNX Runtime Web is not here; python examples/browser/build.py fetches it")
    folder = tmp_path_factory.mktemp("site")
    runpy.run_path(str(DEMO / "build.py"))["build"](folder, "fast")
    handler = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop():
        server.shutdown()
        server.server_close()  # else what is asked for is waited for for ever

    yield f"http://127.0.0.1:{server.server_port}/", stop
    stop()


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.mark.browser
def test_a_dropped_photo_is_painted_as_impasto_paints_it_also_offline(site, browser, tmp_path):
    address, stop = site
    photo = Image.open(DEMO.parent / "astronaut.jpg").convert("RGB").resize(PHOTO_SIZE)
    photo.save(tmp_path / "photo.png")
    context = browser.new_context(viewport={"width": 375, "height": 740})
    page, problems = context.new_page(), []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.goto(address)
    page.get_by_text("Ready").wait_for(timeout=120_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    by_keyboard(page)
    page.get_by_label("Photo", exact=True).set_input_files(tmp_path / "photo.png")
    assert_painted(page, tmp_path, style="van-gogh-starry-night", strength=0.8)
    page.get_by_label("Photo", exact=True).set_input_files(Path(__file__))
    page.get_by_text("is not a picture that this browser can read").wait_for(timeout=20_000)
    assert problems == []

    page.wait_for_function("navigator.serviceWorker.controller !== null", timeout=60_000)
    stop()
    page.reload()
    page.get_by_text("Ready").wait_for(timeout=120_000)
    assert page.evaluate("crossOriginIsolated")
    page.get_by_label("Style", exact=True).select_option("hokusai-great-wave")
    drop(page, (tmp_path / "photo.png").read_bytes())
    assert_painted(page, tmp_path, style="hokusai-great-wave", strength=1.0)
    context.close()


def by_keyboard(page):
    """Choose style and strength without a mouse."""
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "photo"
    page.keyboard.press("Tab")
    page.keyboard.type("Vincent van Gogh: The Starry Night")
    page.wait_for_function("document.getElementById('style').value.startsWith('van-gogh')")
    page.get_by_label("Style", exact=True).select_option("van-gogh-starry-night")
    page.keyboard.press("Tab")
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    assert page.locator("#percent").inner_text() == "80 %"


def drop(page, content):
    """Drop a file onto the page."""
    page.evaluate(
        """(bytes) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], "photo.png", { type: "image/png" }));
            document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true }));
        }""",
        list(content),
    )


def assert_painted(page, folder, *, style, strength):
    """Assert that what can be saved is what Impasto paints, to 50 dB."""
    page.get_by_text("Painted in").wait_for(timeout=120_000)
    with page.expect_download() as download:
        page.get_by_text("Save the painting").click()
    download.value.save_as(folder / "painted.png")
    painted = np.asarray(Image.open(folder / "painted.png").convert("RGB")).astype(float)
    paint = impasto.load(style, model="fast", strength=strength, precision="f32")
    expected = np.asarray(paint(folder / "photo.png")).astype(float)
    assert painted.shape == expected.shape
    assert 10 * np.log10(255**2 / np.square(painted - expected).mean()) > 50
