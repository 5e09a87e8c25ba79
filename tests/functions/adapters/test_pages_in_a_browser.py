"""Every page in a real browser, with nothing, much, long names, long messages and other scripts.

Needs Chromium. Screenshots are kept in reports/pages/.
"""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route

from local.console import ConsoleServer
from local.mailbox import Mail
from local.slack import Posted
from tests.browsers import chromium, needs_chromium
from tests.functions.extreme_pages import LONG, MESSAGE, OTHER, PAGES

REPORTS = Path(__file__).parents[3] / "reports" / "pages"
WIDTHS = (1440, 768, 360)
pytestmark = needs_chromium
# What is cut off: an element with words or a field that reaches out of the window, or whose words are wider than it is.
# Drawings scroll in a region of their own.
CUT_OFF = """() => [...document.querySelectorAll("main *, header *")]
  .filter((one) => one.checkVisibility() && !one.closest(".picture"))
  .filter((one) => {
    const box = one.getBoundingClientRect();
    return box.left < 0 || box.right > innerWidth + 0.5 || one.scrollWidth > Math.ceil(box.width) + 1;
  })
  .map((one) => `${one.tagName}.${one.className}: ${one.textContent.slice(0, 60)}`)"""
# Targets that are too small, in CSS pixels. Links within text may be as low as 24:
# https://www.w3.org/TR/WCAG22/#target-size-enhanced and #target-size-minimum
SMALL = """() => [...document.querySelectorAll("a, button, summary, input, textarea")]
  .filter((one) => one.checkVisibility() && one.type !== "hidden")
  .map((one) => [one.matches("a.code, p a, pre a") && !one.closest(".jump, .brand") ? 24 : 44, one])
  .filter(([least, one]) => {
    const box = one.getBoundingClientRect();
    return box.height < least || box.width < Math.min(least, 44);
  })
  .map(([least, one]) => `${one.tagName} of less than ${least}: ${one.textContent.slice(0, 60)}`)"""


@pytest.fixture(scope="module")
def shown() -> Iterator[Page]:
    """A tab in which axe runs."""
    with chromium() as browser:
        context = browser.new_context(bypass_csp=True)
        context.set_default_timeout(10_000)
        yield context.new_page()


def show(tab: Page, name: str, answer: dict[str, Any]) -> None:
    """Open a page as if a server had sent it, with its headers."""

    def serve(route: Route) -> None:
        route.fulfill(status=answer["statusCode"], headers=answer["headers"], body=answer["body"])

    tab.unroute_all()
    tab.route("**/*", serve)
    tab.goto(f"http://pages.example.com/{name}")


def fits(shown: Page, name: str) -> None:
    """The page never scrolls sideways, cuts nothing off, has no barrier (axe), and on a phone its targets are large."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    for width in WIDTHS:
        shown.set_viewport_size({"width": width, "height": 900})
        assert shown.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        assert shown.evaluate(CUT_OFF) == []
        shown.screenshot(path=REPORTS / f"{name}-{width}.png", full_page=True)
    assert shown.evaluate(SMALL) == []
    found = Axe().run(shown)
    assert found.violations_count == 0, found.generate_report()


# Long words are what breaks a layout; the other states take as long, and find less.
@pytest.mark.parametrize("name", [pytest.param(one, marks=() if "long" in one else pytest.mark.long) for one in PAGES])
def test_a_page_fits_every_width(shown: Page, name: str) -> None:
    """One is dark, the next is light."""
    shown.emulate_media(color_scheme="dark" if [*PAGES].index(name) % 2 else "light")
    show(shown, name, PAGES[name]())
    fits(shown, name)


@pytest.mark.parametrize("mails", [(), (Mail("approvals", OTHER, f"open https://x.example.com/{LONG}\n\n{MESSAGE}"),)])
def test_the_pages_of_the_laptop_fit_every_width(shown: Page, mails: tuple[Mail, ...]) -> None:
    """Mail and Slack, with nothing and with long words."""
    box: Any = SimpleNamespace(mails=mails, receive=lambda: None)
    posted = [Posted(str(number), mail.text, []) for number, mail in enumerate(mails)]
    shown.unroute_all()
    with ConsoleServer("http://127.0.0.1:1/console", None, box, posted, 0) as server:
        for name in ("mail", "slack"):
            shown.goto(server.url.replace("/console", f"/{name}?live=off"))
            fits(shown, f"{name}-{len(mails)}")


def test_a_printed_page_can_be_read_and_has_nothing_to_press(shown: Page) -> None:
    """Browsers print no backgrounds: words of the header, and all of a dark page, would be white on white."""
    shown.emulate_media(media="print", color_scheme="dark")
    show(shown, "approval-approved", PAGES["approval-approved"]())
    for part in ("h1", "h2"):
        assert shown.locator(part).first.evaluate("one => getComputedStyle(one).color") == "rgb(22, 25, 31)"
    show(shown, "approval-open", PAGES["approval-open"]())
    assert shown.get_by_role("button").count() == 0
    assert shown.get_by_role("link", name="To the decision").count() == 0
    show(shown, "console-busy", PAGES["console-busy"]())
    assert shown.get_by_role("navigation").count() == 0
    shown.emulate_media(media="screen")


def test_what_waits_comes_first(shown: Page) -> None:
    """On a phone, the sentence on what is waited for is in the window before anything is scrolled."""
    shown.set_viewport_size({"width": 360, "height": 740})
    for name in ("console-busy", "release-waits"):
        show(shown, name, PAGES[name]())
        waits = shown.get_by_text("waits for an approval for production").bounding_box()
        assert waits
        assert waits["y"] + waits["height"] < 740
    show(shown, "approval-open", PAGES["approval-open"]())
    shown.get_by_role("link", name="To the decision").click()
    top = shown.get_by_role("heading", name="Your decision").bounding_box()
    assert top
    assert 0 <= top["y"] < 740
