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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Browser, Page, Request, sync_playwright

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
    photo, strength = gradio.Image(type="numpy"), gradio.Slider(0, 1, label="Strength", elem_id="strength")
    painted, styles = gradio.Image(elem_id="painted"), gradio.Gallery(elem_id="styles", columns=6)
    photo.upload(lambda pixels: [pixels[::3, ::3] // number for number in range(1, 30)], photo, styles)
    strength.change(lambda pixels, strength: (pixels * strength).astype("uint8"), [photo, strength], painted)
page.launch(server_port=int(sys.argv[1]), quiet=True)
"""
"""As little as will do, and it paints nothing: what is measured is the interface alone."""
INSTALLED = """
import sys
from importlib.metadata import PackageNotFoundError, distribution
from packaging.requirements import Requirement
names, found = sys.argv[1:], {}
while names:
    try:
        package = distribution(names.pop())
    except PackageNotFoundError:
        continue
    if package.name not in found:
        files = [file.locate() for file in package.files or []]
        found[package.name] = sum(file.stat().st_size for file in files if file.is_file())
        needs = map(Requirement, package.requires or [])
        names += [each.name for each in needs if each.marker is None or each.marker.evaluate({"extra": ""})]
print(len(found), "packages,", sum(found.values()) >> 20, "MB")
"""
"""Counts packages and all that they need, in an environment that has them."""
SERVE = ("fastapi", "prometheus-client", "python-multipart", "uvicorn")
"""The extra of that name."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gradio", metavar="PYTHON")
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=ARGUMENTS)
        rows = {"the studio": measured(browser, sys.executable, STUDIO, studio, SERVE)}
        if options.gradio:
            rows["Gradio"] = measured(browser, options.gradio, GRADIO, gradio, ("gradio",))
    print(f"\n{heading()}\n\nin process, ms: {stages()}\n")
    for name, row in rows.items():
        print(f"{name}: " + ", ".join(f"{what} {value}" for what, value in row.items()))


def measured(
    browser: Browser, python: str, program: str, use: Callable[[Page], dict[str, str]], packages: Sequence[str]
) -> dict[str, str]:
    """Run a server, load its page in a new browser, use it, and return what was found."""
    installed = subprocess.run([python, "-c", INSTALLED, *packages], check=True, capture_output=True, text=True).stdout
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
            "it takes": installed.strip(),
            "start s": f"{seconds:.1f}",
            "requests of the page": f"{len(requests)}",
            "kB": f"{sent / 1024:.0f}",
            "hosts elsewhere": " ".join(sorted(elsewhere)) or "none",
            "loaded s": f"{loaded:.2f}",
        }
        return {**found, **use(page)}


TRANSFERRED = """performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))
    .reduce((sum, each) => sum + each.transferSize, 0)"""
WATCH = """([thumbnails, previews]) => {
    const forget = () => (window.seen = { began: performance.now(), thumbnails: [], previews: [] });
    forget();
    document.addEventListener("change", ({ target }) => {
        if (target.type === "file") forget();
        performance.clearResourceTimings();
    }, true);
    document.addEventListener("load", ({ target }) => {
        if (target.matches?.(thumbnails)) window.seen.thumbnails.push(performance.now());
        if (target.matches?.(previews)) window.seen.previews.push(performance.now());
    }, true);
}"""
"""Takes note of when a photo is chosen and when pictures of it are there."""
ALL_SEEN = "count => window.seen.thumbnails.length >= count"
TIMES = """() => {
    const { began, thumbnails, previews } = window.seen;
    const upload = performance.getEntriesByType("resource").find((each) => each.name.includes("/pictures?"));
    const times = [upload?.responseEnd, Math.min(...thumbnails), Math.max(...thumbnails), previews[0]];
    return times.map((time) => Math.round(time - began));
}"""
CHANGE = """([slider, value]) => {
    const input = document.querySelector(slider);
    window.seen = { began: performance.now(), thumbnails: [], previews: [] };
    input.value = value;
    for (const kind of ["input", "change"]) input.dispatchEvent(new Event(kind, { bubbles: true }));
}"""
CHANGED = "() => window.seen.previews.length && window.seen.previews[0] - window.seen.began"


def studio(page: Page) -> dict[str, str]:
    """Drop photos until every style is seen on them, and change the strength."""
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder) / "large.jpg"
        with Image.open(PHOTO) as image:
            image.resize(LARGE).save(large, quality=92)
        found = {f"a photo of {side} px": dropped(page, file) for side, file in {512: PHOTO, LARGE[0]: large}.items()}
    page.locator("#paint [data-drop] input").set_input_files(PHOTO)
    page.locator("#paint figure.painted:not([aria-busy])").wait_for()
    return {**found, "a change ms, painting included (median, least)": changes(page, "#paint [name=strength]")}


def gradio(page: Page) -> dict[str, str]:
    """Drop a photo until as many pictures are seen, and change the strength."""
    rows = []
    for _ in range(REPEATS):
        page.reload(wait_until="networkidle")
        page.evaluate(WATCH, ["#styles img", "#painted img"])
        page.locator("input[type=file]").first.set_input_files(PHOTO)
        page.wait_for_function(ALL_SEEN, arg=29)
        rows.append(page.evaluate(TIMES))
        page.wait_for_load_state("networkidle")
    _, first, last, _ = zip(*rows, strict=True)
    seen = f"first {statistics.median(first):.0f} ms, all {statistics.median(last):.0f}"
    changing = changes(page, "#strength input[type=range]")
    return {"29 pictures, not painted": seen, "a change ms, without painting (median, least)": changing}


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
        page.evaluate(WATCH, ["#paint .thumbnails img", "#paint [data-after]"])
        page.locator("#paint [data-drop] input").set_input_files(photo)
        page.wait_for_function(ALL_SEEN, arg=29)
        page.wait_for_function(CHANGED)
        rows.append(page.evaluate(TIMES))
        page.locator("#paint figure.painted:not([aria-busy])").wait_for()
    there, first, last, large = (f"{statistics.median(column):.0f}" for column in zip(*rows, strict=True))
    return f"there {there} ms, first thumbnail {first}, all {last}, preview {large}"


def changes(page: Page, slider: str) -> str:
    """Move a slider some times; return median and least of the ms until another picture is shown."""
    found = []
    for number in range(1, REPEATS + 1):
        page.wait_for_load_state("networkidle")
        page.evaluate(CHANGE, [slider, str(1 - 0.1 * number)])
        found.append(page.wait_for_function(CHANGED).json_value())
        page.wait_for_timeout(1000)  # a sharper preview follows
    return f"{statistics.median(found):.0f} {min(found):.0f}"


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
