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
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, Request, expect, sync_playwright

from impasto.evaluation.machine import heading

ROOT = Path(__file__).parents[1]
PHOTO = ROOT / "examples" / "astronaut.jpg"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
REPEATS = 7

STUDIO = """
import sys, uvicorn
from fastapi import FastAPI
from impasto.server import ServerSettings
from impasto.server.studio import mount
app = FastAPI()
mount(app, ServerSettings())
uvicorn.run(app, port=int(sys.argv[1]), log_level="error")
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
    print(f"\n{heading()}\n")
    for name, row in rows.items():
        print(f"{name}: " + ", ".join(f"{what} {value}" for what, value in row.items()))


def measured(browser: Browser, python: str, program: str, use: Callable[[Page], dict[str, str]]) -> dict[str, str]:
    """Run a server, load its page in a new browser, use it, and return what was found."""
    with served(python, program) as (address, seconds):
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(120_000)
        requests: list[Request] = []
        page.on("request", requests.append)
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
ALL_THERE = """count => { const images = [...document.querySelectorAll('#paint .thumbnails img')];
    return images.length >= count && images.every(image => image.naturalWidth); }"""


def studio(page: Page) -> dict[str, str]:
    """Drop a photo until every style is seen on it, and change the strength."""
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        page.locator("#paint [data-drop] input").set_input_files(PHOTO)
        page.locator("#paint .thumbnails img[src]").first.wait_for()
        page.wait_for_function(ALL_THERE, arg=29)
        seconds.append(time.perf_counter() - began)
        page.locator("#paint figure.painted:not([aria-busy])").wait_for()
        page.reload(wait_until="networkidle")
    page.locator("#paint [data-drop] input").set_input_files(PHOTO)
    page.locator("#paint figure.painted:not([aria-busy])").wait_for()
    shown = page.locator("#paint [data-after]")
    changes = [changed(page, "#paint [name=strength]", str(0.9 - 0.1 * n), shown) for n in range(REPEATS)]
    return {
        "29 thumbnails s (median, least)": f"{statistics.median(seconds):.2f} {min(seconds):.2f}",
        "a change ms, painting included (median, least)": milliseconds(changes),
    }


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
