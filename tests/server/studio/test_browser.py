"""The studio in Chromium, as people use it."""

import re
from base64 import b64encode
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from browsing import PATIENCE, chromium
from impasto.model import bundled_styles
from impasto.server.studio.pictures import THUMBNAIL

pytestmark = pytest.mark.browser

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
WHERE = "(document.activeElement.closest('[data-stage], [data-styles], [data-controls]') ?? document.body).className"
"""In which part of the page the keyboard is."""


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def visit(browser, site):
    """Return a function that opens the studio in a browser of its own; all that it asks for must be here."""
    asked, wrong, contexts = [], [], []

    def opened(size=DESK, **options):
        context = browser.new_context(viewport=size, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.goto(site)
        page.wait_for_selector("body[data-ready]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert asked
    assert all(url.startswith((site, f"blob:{site}")) for url in asked)
    assert not [text for text in wrong if "422" not in text]  # what the tests provoke


def tab(page, name):
    """Open a tab and return its panel."""
    page.get_by_role("tab", name=name).click()
    return page.get_by_role("tabpanel", name=name)


def bring(panel, file, place=0):
    panel.locator("[data-drop] input").nth(place).set_input_files(file)


def seen(panel):
    """Return the address of the painting that is shown, once there is one and none is on its way."""
    expect(panel.locator("figure.painted:not([aria-busy])")).to_be_visible()
    return panel.locator("img[data-after]").get_attribute("src")


@contextmanager
def repainted(panel):
    """Wait after the block until another painting is shown."""
    before = seen(panel)
    yield
    expect(panel.locator("img[data-after]")).not_to_have_attribute("src", before)
    seen(panel)


def accessible(page):
    """Check the page against WCAG 2.1 A and AA with axe-core."""
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
    found = Axe().run(page, options=rules).response["violations"]
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []


def test_a_photo_is_painted_mixed_compared_and_downloaded(visit, example, tmp_path):
    page = visit()
    panel = tab(page, "Paint")
    bring(panel, example)
    thumbnails = panel.locator(".thumbnails img")
    expect(thumbnails).to_have_count(len(bundled_styles()))
    whole = "([images, side]) => images.every((image) => image.naturalWidth === side)"
    page.wait_for_function(whole, arg=[thumbnails.element_handles(), THUMBNAIL])
    seen(panel)
    with repainted(panel):
        panel.get_by_role("button", name="The Great Wave").click()
    with repainted(panel):
        panel.get_by_role("slider", name="Strength").press("PageDown")
    with repainted(panel):
        panel.get_by_role("slider", name="Stroke size").press("End")
    with repainted(panel):
        panel.get_by_role("radio", name=re.compile("^Photo.s$")).check()
    panel.get_by_text("Mix several").click()
    with repainted(panel):
        panel.get_by_role("button", name="The Scream").click()
    expect(panel.get_by_role("heading", name="+ The Scream")).to_be_visible()
    with repainted(panel):
        panel.get_by_role("slider", name="The Scream").press("Home")
    divide = panel.get_by_label("Compare")
    for _ in range(5):
        divide.press("ArrowRight")
    assert divide.get_attribute("aria-valuetext") == "5 % as before"
    panel.get_by_label("Format").select_option(label="PNG")
    with page.expect_download() as download:
        panel.get_by_role("button", name=re.compile("Download 512 . 512")).click()
    name = r"astronaut-hokusai-great-wave-\d+-munch-the-scream-\d+\.png"
    assert re.fullmatch(name, download.value.suggested_filename)
    with Image.open(download.value.path()) as image:
        assert (image.format, image.size) == ("PNG", (512, 512))
    accessible(page)


def test_what_cannot_be_painted_is_said_in_one_sentence(visit, tmp_path):
    page = visit()
    (tmp_path / "notes.jpg").write_text("no picture")
    bring(tab(page, "Paint"), tmp_path / "notes.jpg")
    expect(page.get_by_role("alert")).to_contain_text("notes.jpg: not a picture of a known format")
    page.get_by_role("alert").get_by_role("button", name="Close").click()
    expect(page.get_by_role("alert")).to_be_empty()


def test_a_photo_can_be_dropped(visit, example):
    page = visit()
    drop = """([bytes, place]) => {
        const data = new DataTransfer();
        const content = Uint8Array.from(atob(bytes), letter => letter.charCodeAt(0));
        data.items.add(new File([content], "dropped.jpg", {type: "image/jpeg"}));
        for (const kind of ["dragenter", "dragover", "drop"])
            place.dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}));
    }"""
    content = b64encode(example.read_bytes()).decode()
    page.evaluate(drop, [content, page.locator("#paint .drop").element_handle()])
    expect(page.locator("#paint").get_by_text("dropped.jpg, 512")).to_be_visible()
    seen(page.locator("#paint"))


def test_on_a_phone_everything_fits_and_is_large_enough_to_touch(visit, example):
    page = visit(PHONE, has_touch=True, is_mobile=True, color_scheme="dark")
    accessible(page)
    panel = page.locator("#paint")
    bring(panel, example)
    seen(panel)
    for name in ("Paint", "Learn", "Optimise", "Film"):
        tab(page, name)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        accessible(page)
        for box in (
            button.bounding_box() for button in page.locator("button:visible:not(.quiet), select:visible").all()
        ):
            assert min(box["width"], box["height"]) >= 24  # WCAG 2.2, 2.5.8
    tab(page, "Paint")
    panel.get_by_role("slider", name="Strength").scroll_into_view_if_needed()
    assert panel.locator(".pictures").bounding_box()["y"] >= -1  # the picture stays in sight beside the sliders


def test_it_works_by_keyboard_alone(visit):
    page = visit()
    place = page.locator("#paint [data-drop] input")
    page.get_by_role("tab", name="Paint").focus()
    page.keyboard.press("Tab")
    expect(place).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # on the first of the photos that come along
    panel = page.locator("#paint")
    seen(panel)
    order = []
    page.get_by_role("tab", name="Paint").focus()
    for _ in range(60):
        page.keyboard.press("Tab")
        order.append(page.evaluate(WHERE))
    page.get_by_role("tab", name="Paint").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tabpanel", name="Film")).to_be_visible()


def test_a_style_is_learned_stopped_and_painted_with(visit, small_eyes, waves, example):
    page = visit()
    bring(page.locator("#paint"), example)
    seen(page.locator("#paint"))
    panel = tab(page, "Learn")
    bring(panel, waves)
    panel.get_by_role("radio", name="10 minutes").check()
    panel.get_by_role("button", name="Learn this style").click()
    seen(panel)
    expect(panel.get_by_role("progressbar", name="Learning")).to_be_visible()
    accessible(page)
    panel.get_by_role("button", name="Stop").click()
    with page.expect_download() as download:
        panel.get_by_role("link", name="Download the .style").click()
    assert download.value.suggested_filename == "waves.style"
    panel.get_by_role("button", name="Paint with it").click()
    paint = page.get_by_role("tabpanel", name="Paint")
    expect(paint.get_by_role("button", name="waves, learned here")).to_have_attribute("aria-pressed", "true")
    expect(paint.locator(".thumbnails img")).to_have_count(len(bundled_styles()) + 1)
    seen(paint)


def test_a_picture_is_optimised_and_stopped(visit, small_eyes, waves, example):
    page = visit()
    panel = tab(page, "Optimise")
    bring(panel, example)
    bring(panel, waves, 1)
    panel.get_by_role("radio", name="256").check()
    panel.get_by_role("radio", name="15 min").check()
    panel.get_by_role("button", name="Optimise").click()
    seen(panel)
    panel.get_by_role("button", name="Stop").click()
    with page.expect_download() as download:
        panel.get_by_role("link", name="Download").click()
    with Image.open(download.value.path()) as image:
        assert image.size == (256, 256)


def test_a_film_is_painted_and_can_be_seen(visit, short_film):
    page = visit()
    panel = tab(page, "Film")
    bring(panel, short_film)
    seen(panel)
    panel.get_by_role("button", name="Paint the film").click()
    expect(panel.get_by_label("The painted film")).to_be_visible()
    accessible(page)
    with page.expect_download() as download:
        panel.get_by_role("link", name="Download the film").click()
    assert download.value.suggested_filename.startswith("walk-")


def test_browsers_do_not_see_one_anothers_pictures(visit, example):
    one, other = visit(), visit()
    bring(one.locator("#paint"), example)
    seen(one.locator("#paint"))
    address = one.locator("#paint [data-before]").get_attribute("src")
    status = "async address => (await fetch(address)).status"
    assert one.evaluate(status, address) == 200
    expect(other.locator("#paint figure")).to_be_hidden()
    assert other.request.get(f"{other.url.partition('#')[0]}{address}").status == 404


def test_a_tab_that_lacks_a_library_says_what_to_install(visit, monkeypatch):
    monkeypatch.setattr("impasto.server.studio.studio.find_spec", lambda name: None if name == "torch" else object())
    page = visit()
    panel = tab(page, "Learn")
    expect(panel.get_by_text("Learning a style needs torch: pip install 'impasto[train]'")).to_be_visible()
    expect(panel.get_by_role("button")).to_have_count(0)
