"""The browser of the tests that look at pages: Chromium, best without its window (`chromium-headless-shell`)."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), "")

needs_chromium = pytest.mark.skipif(
    not _CHROMIUM,
    reason="no Chromium on PATH: `apt-get install chromium-headless-shell`, or set CHROMIUM, to see the page",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
