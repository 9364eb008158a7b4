"""Take the pictures of docs/studio.md in Chromium: docs/pictures/studio-*.jpg.

CHROMIUM=$(scripts/browser) python scripts/screenshots.py http://localhost:8000 [--only paint phone learn ...]

The studio runs at that address (impasto serve).  Photos are those that come with Impasto; the painting is one of
its own.
"""

from __future__ import annotations

import argparse
import io
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, sync_playwright

import impasto
from impasto.model.bundled import PHOTOS

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
ASTRONAUT = ROOT / "examples" / "astronaut.jpg"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
PATIENCE = 300_000


def main() -> None:
    """Take the screenshots that are asked for and print their names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("--only", nargs="+", choices=SHOTS, default=list(SHOTS))
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=ARGUMENTS)
        for name in options.only:
            SHOTS[name](browser, options.address)
            for context in browser.contexts:
                context.close()


def paint(browser: Browser, address: str) -> None:
    """Show a photo in all styles."""
    page = opened(browser, address)
    panel = page.locator("#paint")
    bring(panel, PHOTOS / "chelsea.jpg")
    choose(panel, "The Great Wave")
    keep(page, "paint")


def mix(browser: Browser, address: str) -> None:
    """Show a mix, half compared."""
    page = opened(browser, address, color_scheme="dark")
    panel = page.locator("#paint")
    bring(panel, PHOTOS / "coffee.jpg")
    choose(panel, "Wheat Field")
    panel.get_by_text("Mix several").click()
    choose(panel, "Composition VII")
    panel.get_by_label("Compare").fill("50")
    keep(page, "mix")


def phone(browser: Browser, address: str) -> None:
    """Show the page on a phone."""
    page = opened(browser, address, PHONE, device_scale_factor=2, is_mobile=True, has_touch=True)
    panel = page.locator("#paint")
    bring(panel, ASTRONAUT)
    choose(panel, "A Sunday on La Grande Jatte")
    page.evaluate("scrollTo(0, 0)")
    keep(page, "phone")


def learn(browser: Browser, address: str) -> None:
    """Show a style that is learned."""
    page = opened(browser, address)
    bring(page.locator("#paint"), ASTRONAUT)
    panel = tab(page, "Learn")
    with TemporaryDirectory() as scratch:
        bring(panel, painting(Path(scratch)))
    panel.get_by_role("radio", name="1 minute").check()
    panel.get_by_role("button", name="Learn this style").click()
    reached(panel, 0.5)
    panel.get_by_label("Compare").fill("30")
    keep(page, "learn")
    panel.get_by_role("button", name="Stop").click()


def optimise(browser: Browser, address: str) -> None:
    """Show a picture that is optimised."""
    page = opened(browser, address)
    panel = tab(page, "Optimise")
    bring(panel, PHOTOS / "rocket.jpg")
    with TemporaryDirectory() as scratch:
        bring(panel, painting(Path(scratch)), 1)
    panel.get_by_role("radio", name="30 s").check()
    panel.get_by_role("radio", name="384").check()
    panel.get_by_role("button", name="Optimise").click()
    reached(panel, 0.6)
    keep(page, "optimise")
    panel.get_by_role("button", name="Stop").click()


def film(browser: Browser, address: str) -> None:
    """Show a film that is painted."""
    page = opened(browser, address)
    panel = tab(page, "Film")
    with TemporaryDirectory() as scratch:
        bring(panel, walk(Path(scratch)))
    choose(panel, "Udnie")
    panel.get_by_role("button", name="Paint the film").click()
    reached(panel, 0.2)
    keep(page, "film")
    panel.get_by_role("button", name="Stop").click()


SHOTS: dict[str, Callable[[Browser, str], None]] = {
    "paint": paint,
    "mix": mix,
    "phone": phone,
    "learn": learn,
    "optimise": optimise,
    "film": film,
}


def opened(browser: Browser, address: str, size: dict[str, int] | None = None, **options: object) -> Page:
    """Open the studio in a browser of its own."""
    context = browser.new_context(viewport=size or DESK, **options)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("body[data-ready]")
    return page


def tab(page: Page, name: str) -> Locator:
    """Open a tab and return its panel."""
    page.get_by_role("tab", name=name).click()
    return page.get_by_role("tabpanel", name=name)


def bring(panel: Locator, file: Path, place: int = 0) -> None:
    """Bring a file, and wait until it is there."""
    with panel.page.expect_response(lambda answer: answer.request.method == "POST"):
        panel.locator("[data-drop] input").nth(place).set_input_files(file)


def choose(panel: Locator, style: str) -> None:
    """Choose a style, and wait for its picture."""
    with panel.page.expect_response("**/preview"):
        panel.get_by_role("button", name=style).click()
    panel.locator("figure.painted:not([aria-busy])").wait_for()
    panel.page.wait_for_load_state("networkidle")


def reached(panel: Locator, part: float) -> None:
    """Wait until a part of a tab's work is over, and there is something to see of it."""
    progress = panel.get_by_role("progressbar").element_handle()
    panel.page.wait_for_function("([progress, part]) => progress.value > part", arg=[progress, part])
    panel.locator("figure.painted").wait_for()


def keep(page: Page, name: str) -> None:
    """Write what is on the screen as a small JPEG."""
    with Image.open(io.BytesIO(page.screenshot())) as image:
        image.convert("RGB").save(PICTURES / f"studio-{name}.jpg", quality=82, optimize=True)
    print(f"studio-{name}")


def painting(folder: Path) -> Path:
    """Paint one of the photos, as the painting to learn from."""
    file = folder / "painted-cat.png"
    impasto.stylize(PHOTOS / "chelsea.jpg", "kandinsky-composition-vii").save(file)
    return file


def walk(folder: Path) -> Path:
    """Film a photo that the camera passes."""
    import av

    with Image.open(PHOTOS / "coffee.jpg") as image:
        pixels = np.asarray(image.convert("RGB"))
    height, width = (2 * (side * 3 // 8) for side in pixels.shape[:2])
    with av.open(str(folder / "coffee.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(min(100, pixels.shape[1] - width)):
            view = np.ascontiguousarray(pixels[:height, number : number + width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(view, "rgb24")))
        container.mux(stream.encode(None))
    return folder / "coffee.mp4"


if __name__ == "__main__":
    main()
