"""From a commit on GitHub to the message of the test that failed, as somebody goes who knows nothing else.

Needs Chromium. That a status leads to the log of a real build is in tests/scenarios/test_console.py.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from local.github import LocalGitHub
from tests.browsers import chromium, needs_chromium
from tests.functions.events.test_publish_checks import app, event, key, sha
from tests.functions.extreme_pages import LONG
from tests.functions.stack import Stack
from tests.local.github.support import REPOSITORY

__all__ = ["app", "key", "sha"]
pytestmark = needs_chromium


@pytest.fixture
def phone() -> Iterator[Page]:
    """A small window without JavaScript."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 360, "height": 740}, java_script_enabled=False)
        page.set_default_timeout(10_000)
        yield page


@pytest.mark.usefixtures("app")
def test_the_check_of_a_commit_leads_to_the_message(stack: Stack, hub: LocalGitHub, sha: str, phone: Page) -> None:
    """One click: the failed test's name, place and message are in the window, and nothing scrolls sideways."""
    stack.run("events.publish_checks", event(stack, sha, log=f"https://logs.example.com/{LONG}"))
    phone.goto(f"{hub.url}/{REPOSITORY}/commit/{sha}")
    phone.get_by_role("link", name="kiro/gate/tests").click()
    assert phone.get_by_role("heading", level=1).inner_text() == "kiro/gate/tests: failure"
    for words in ("tests.test_sum.test_0", "tests/test_sum.py:7", "assert 0 == 2"):
        box = phone.get_by_text(words).first.bounding_box()
        assert box
        assert box["y"] + box["height"] < 740
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    assert phone.get_by_role("link", name="Details").get_attribute("href") == f"https://logs.example.com/{LONG}"
