"""Measure the studio in Chromium, and a page of Gradio with the same photo, style and slider beside it.

    CHROMIUM=$(scripts/browser) python benchmarks/interfaces.py [--gradio PYTHON]

PYTHON is the interpreter of an environment with Gradio (and nothing else); without it only the studio is measured.
Prints what was found, with date, processor and commit.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Request, expect, sync_playwright

from impasto.evaluation.machine import heading
from impasto.server import ServerSettings
from impasto.server.engines import Sessions
from impasto.server.studio.painter import Painter
from impasto.server.studio.pictures import Shown, jpeg

ROOT = Path(__file__).parents[1]
PHOTO = ROOT / "examples" / "astronaut.jpg"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
REPEATS = 7
LARGE = (4032, 3024)
"""Pixels of a telephone's photo."""

STUDIO = """
import sys, uvicorn
from impasto.server import ServerSettings, create_app
uvicorn.run(create_app(ServerSettings()), port=int(sys.argv[1]), log_level="error")
"""
GRADIO = """
import sys, gradio
with gradio.Blocks(analytics_enabled=False) as page:
    photo, strength = gradio.Image(type="numpy"), gradio.Slider(0, 1, label="Strength")
    painted = gradio.Image()
    strength.change(lambda pixels, strength: (pixels * strength).astype("uint8"), [photo, strength], painted)
page.launch(server_port=int(sys.argv[1]), quiet=True)
"""
"""As little as will do, and it paints nothing: what is measured is the interface alone."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gradio", metavar="PYTHON")
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=ARGUMENTS)
        rows = {"the studio": measured(browser, sys.executable, STUDIO, studio)}
        if options.gradio:
            rows["Gradio"] = measured(browser, options.gradio, GRADIO, gradio)
    print(f"\n{heading()}\n\nin process, ms: {stages()}\n")
    for name, row in rows.items():
        print(f"{name}: " + ", ".join(f"{what} {value}" for what, value in row.items()))


def measured(browser: Browser, python: str, program: str, use: Callable[[Page], dict[str, str]]) -> dict[str, str]:
    """Run a server, load its page in a new browser, use it, and return what was found."""
    with served(python, program) as (address, seconds):
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(120_000)
        requests: list[Request] = []
        page.on("request", lambda request: requests.append(request))  # noqa: PLW0108 - it marks what it is given
        began = time.perf_counter()
        page.goto(address, wait_until="networkidle")
        loaded = time.perf_counter() - began
        sent = page.evaluate(TRANSFERRED)
        elsewhere = {host for each in requests if (host := urlsplit(each.url).hostname) not in (None, "127.0.0.1")}
        found = {
            "start s": f"{seconds:.1f}",
            "requests of the page": f"{len(requests)}",
            "kB": f"{sent / 1024:.0f}",
            "hosts elsewhere": " ".join(sorted(elsewhere)) or "none",
            "loaded s": f"{loaded:.2f}",
        }
        return {**found, **use(page)}


TRANSFERRED = """performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))
    .reduce((sum, each) => sum + each.transferSize, 0)"""
WATCH = """() => {
    window.seen = { thumbnails: [], previews: [] };
    document.addEventListener("change", (event) => {
        if (event.target.type !== "file") return;
        window.seen = { thumbnails: [], previews: [], began: performance.now() };
        performance.clearResourceTimings();
    }, true);
    document.addEventListener("load", ({ target }) => {
        if (target.closest?.(".thumbnails")) window.seen.thumbnails.push(performance.now());
        if (target.matches?.("[data-after]")) window.seen.previews.push(performance.now());
    }, true);
}"""
"""Takes note of when a photo is chosen and when pictures of it are there."""
ALL_SEEN = "count => window.seen.thumbnails.length >= count && window.seen.previews.length"
TIMES = """() => {
    const { began, thumbnails, previews } = window.seen;
    const upload = performance.getEntriesByType("resource").find((each) => each.name.includes("/pictures?"));
    const times = [upload.responseEnd, Math.min(...thumbnails), Math.max(...thumbnails), previews[0]];
    return times.map((time) => time - began);
}"""


def studio(page: Page) -> dict[str, str]:
    """Drop photos until every style is seen on them, and change the strength."""
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder) / "large.jpg"
        with Image.open(PHOTO) as image:
            image.resize(LARGE).save(large, quality=92)
        found = {f"a photo of {side} px": dropped(page, file) for side, file in {512: PHOTO, LARGE[0]: large}.items()}
    page.locator("#paint [data-drop] input").set_input_files(PHOTO)
    page.locator("#paint figure.painted:not([aria-busy])").wait_for()
    shown = page.locator("#paint [data-after]")
    changes = [changed(page, "#paint [name=strength]", str(0.9 - 0.1 * n), shown) for n in range(REPEATS)]
    return {**found, "a change ms, painting included (median, least)": milliseconds(changes)}


def stages() -> str:
    """Return the ms that the parts of showing a photo in every style take in this process, one after the other."""
    painter = Painter(Sessions(ServerSettings()))
    painter.prepare()
    rows = [staged(painter) for _ in range(REPEATS)]
    names = ("the photo is read and made small", "painted in every style", "encoded")
    medians = (f"{1000 * statistics.median(column):.0f}" for column in zip(*rows, strict=True))
    return ", ".join(f"{name} {milliseconds}" for name, milliseconds in zip(names, medians, strict=True))


def staged(painter: Painter) -> tuple[float, float, float]:
    """Return the seconds of each stage of showing a photo in every style."""
    times = [time.perf_counter()]
    square = Shown.read(PHOTO, 10**9).square
    times.append(time.perf_counter())
    painted = dict(painter.thumbnails(square, painter.styles))
    times.append(time.perf_counter())
    for pixels in painted.values():
        jpeg(pixels)
    times.append(time.perf_counter())
    first, second, third = (later - earlier for earlier, later in pairwise(times))
    return first, second, third


def dropped(page: Page, photo: Path) -> str:
    """Drop a photo some times; return medians of the ms until it is there, painted first, in every style, and large."""
    rows = []
    for _ in range(REPEATS):
        page.reload(wait_until="networkidle")
        page.evaluate(WATCH)
        page.locator("#paint [data-drop] input").set_input_files(photo)
        page.wait_for_function(ALL_SEEN, arg=29)
        rows.append(page.evaluate(TIMES))
        page.locator("#paint figure.painted:not([aria-busy])").wait_for()
    there, first, last, large = (f"{statistics.median(column):.0f}" for column in zip(*rows, strict=True))
    return f"there {there} ms, first thumbnail {first}, all {last}, preview {large}"


def gradio(page: Page) -> dict[str, str]:
    """Drop a photo and change the strength."""
    page.locator("input[type=file]").first.set_input_files(PHOTO)
    page.locator("img").first.wait_for()
    page.wait_for_load_state("networkidle")
    changed(page, "input[type=range]", "0.95", page.locator("img").nth(1), first=True)
    shown = page.locator("img").nth(1)
    changes = [changed(page, "input[type=range]", str(0.9 - 0.1 * n), shown) for n in range(REPEATS)]
    return {"a change ms, without painting (median, least)": milliseconds(changes)}


def changed(page: Page, slider: str, value: str, shown: Locator, *, first: bool = False) -> float:
    """Move a slider and return the seconds until another picture is shown."""
    before = "" if first else shown.get_attribute("src")
    began = time.perf_counter()
    page.locator(slider).first.fill(value)
    shown.wait_for()
    expect(shown).not_to_have_attribute("src", before or "", timeout=120_000)
    seconds = time.perf_counter() - began
    page.wait_for_load_state("networkidle")
    return seconds


def milliseconds(seconds: list[float]) -> str:
    """Return median and least, in ms."""
    return f"{1000 * statistics.median(seconds):.0f} {1000 * min(seconds):.0f}"


@contextmanager
def served(python: str, program: str) -> Iterator[tuple[str, float]]:
    """Run a server; yield its address and the seconds until it answered."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, began = f"http://127.0.0.1:{port}", time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        environment = {**os.environ, "GRADIO_TEMP_DIR": scratch, "TMPDIR": scratch}
        process = subprocess.Popen([python, "-c", program, str(port)], env=environment)
        try:
            while not answers(address):
                time.sleep(0.05)
            yield address, time.perf_counter() - began
        finally:
            process.terminate()
            process.wait(30)


def answers(address: str) -> bool:
    """Whether a server is there."""
    try:
        with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - our own
            return True
    except OSError:
        return False


if __name__ == "__main__":
    main()
