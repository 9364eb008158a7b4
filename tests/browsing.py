"""A Chromium for tests: CHROMIUM=$(scripts/browser) pytest -m browser."""

from __future__ import annotations

import os
from contextlib import contextmanager

QUIETLY = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 60_000
"""ms to wait for what a busy machine may take long for."""


@contextmanager
def chromium():
    """Run a Chromium that asks for nothing by itself."""
    from playwright.sync_api import expect, sync_playwright

    assert "CHROMIUM" in os.environ, "run these as scripts/check does: CHROMIUM=$(scripts/browser) pytest -m browser"
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=QUIETLY, timeout=PATIENCE)
        yield browser
        browser.close()
