"""The approval page in a real browser: on a phone, by keyboard, without JavaScript, and without a barrier (axe).

Needs Chromium (tests/browsers.py). Screenshots are kept in reports/approval-page/.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from msgspec.structs import replace
from playwright.sync_api import Browser
from playwright.sync_api import Page as BrowserPage

from functions.domain.approvals import Shown, hash_secret, irreversible
from functions.stage.request_approval import EMERGENCY
from tests.browsers import chromium, needs_chromium
from tests.functions.approving import ARTIFACT, BACK, GATES, SECRET, SUMMARY, Page, ask, kept
from tests.functions.stack import Stack

REPORTS = Path(__file__).parents[3] / "reports" / "approval-page"
pytestmark = needs_chromium
FINAL = (BACK[0], irreversible(replace(BACK[0], part="orders-database")))
WIDTHS = (360, 1280)
STATES: dict[str, dict[str, Any]] = {
    "open": {},
    "personal": {
        "holders": {hash_secret(SECRET): "grace@example.com"},
        "approvers": ["grace@example.com", "ada@example.com"],
        "needed": 2,
        "authors": ["ada"],
        "author_may_approve": False,
    },
    "review": {"purpose": "review"},
    "emergency": {"summary": {**SUMMARY, "emergency": EMERGENCY}, "shown": Shown(ARTIFACT, "", GATES, rollback=FINAL)},
    "approved": {"state": "approved", "by": "Grace Hopper", "decided_at": "2026-01-31T09:00:00.000Z"},
    "rejected": {"state": "rejected", "by": "Grace Hopper", "reason": "not on a Friday"},
    "expired": {"state": "expired"},
    "superseded": {"state": "superseded"},
    "void": {"state": "void", "reason": "alarm hello-production-errors is in ALARM in production"},
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; tests switch JavaScript off, except for axe, which is a script."""
    with chromium() as running:
        yield running


@pytest.fixture
def page(stack: Stack) -> Iterator[Page]:
    """The approval page, served."""
    with Page(stack) as serving:
        yield serving


@pytest.fixture(scope="module")
def phone(browser: Browser) -> BrowserPage:
    """A tab with JavaScript, for axe; a private window for each state of a page would cost a process."""
    return tab(browser, WIDTHS[0], script=True)


def tab(browser: Browser, width: int = 1280, *, script: bool = False) -> BrowserPage:
    """A new tab of a private window."""
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        java_script_enabled=script,
        bypass_csp=script,  # axe is put into the page; the page itself has no script
    )
    context.set_default_timeout(10_000)
    return context.new_page()


# The form and its end; the other states differ in their words.
@pytest.mark.parametrize(
    "state", [pytest.param(one, marks=() if one in ("open", "void") else pytest.mark.long) for one in STATES]
)
def test_every_state_has_a_page_without_barriers(stack: Stack, phone: BrowserPage, page: Page, state: str) -> None:
    """axe finds no violation in light or dark mode, no page is wider than a phone, and screenshots are stored."""
    ask(stack, **STATES[state])
    REPORTS.mkdir(parents=True, exist_ok=True)
    phone.emulate_media(color_scheme="dark" if state == "personal" else "light")
    phone.goto(page.link)
    found = Axe().run(phone)
    assert found.violations_count == 0, found.generate_report()
    for width in reversed(WIDTHS):
        phone.set_viewport_size({"width": width, "height": 800})
        assert phone.evaluate("document.documentElement.scrollWidth") <= width
        phone.screenshot(path=REPORTS / f"{state}-{width}.png", full_page=True)


def test_approving_on_a_phone_without_javascript(stack: Stack, browser: Browser, page: Page) -> None:
    """Open the link, enter a name, press the button; the address bar contains no secret afterwards."""
    ask(stack)
    shown = tab(browser, 360)
    answer = shown.goto(page.link)
    assert answer
    assert answer.status == 200
    shown.get_by_label("Your name").fill("Grace Hopper")
    shown.get_by_role("button", name="Approve for production").click()
    assert shown.get_by_role("heading", level=1).inner_text() == "Approved: production"
    assert SECRET not in shown.url
    assert kept(stack).by == "Grace Hopper"
    assert stack.completed()["token"]["outcome"] == "approved"


def test_rejecting_by_keyboard(stack: Stack, browser: Browser, page: Page) -> None:
    """Tab visits the link past the facts, then name, reason and both buttons in this order, each with an outline."""
    ask(stack)
    shown = tab(browser)
    shown.goto(page.link)
    shown.keyboard.press("Tab")
    assert shown.locator(":focus").inner_text() == "To the decision"
    assert shown.locator(":focus").evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    shown.keyboard.press("Enter")
    shown.keyboard.press("Tab")
    shown.keyboard.type("Grace Hopper")
    shown.keyboard.press("Tab")
    shown.keyboard.type("not on a Friday")
    shown.keyboard.press("Tab")
    shown.keyboard.press("Tab")
    assert shown.locator(":focus").inner_text() == "Reject"
    shown.keyboard.press("Enter")
    # a key does not wait for the page that it brings
    shown.get_by_role("heading", name="Rejected: production").wait_for()
    assert kept(stack).reason == "not on a Friday"


def test_a_rejection_without_reason_comes_back(stack: Stack, browser: Browser, page: Page) -> None:
    """The form keeps the entered name and shows what is missing."""
    ask(stack)
    shown = tab(browser)
    shown.goto(page.link)
    shown.get_by_label("Your name").fill("Grace Hopper")
    shown.get_by_role("button", name="Reject").click()
    assert "Enter a reason" in shown.get_by_role("alert").inner_text()
    assert shown.get_by_label("Your name").input_value() == "Grace Hopper"
    assert kept(stack).state == "open"


def test_many_views_and_two_people_at_once(stack: Stack, browser: Browser, page: Page) -> None:
    """Views decide nothing; of two people with an open page the first decides, and the second sees that decision."""
    ask(stack)
    first, second = tab(browser), tab(browser)
    for _ in range(3):
        answer = first.goto(page.link)
        assert answer
        assert answer.status == 200
    second.goto(page.link)
    assert kept(stack).state == "open"
    first.get_by_label("Your name").fill("Grace")
    first.get_by_role("button", name="Approve for production").click()
    second.get_by_label("Your name").fill("Bob")
    second.get_by_label("Reason").fill("no")
    with second.expect_response(lambda answer: answer.request.method == "POST") as posted:
        second.get_by_role("button", name="Reject").click()
    assert posted.value.status == 409
    assert "Grace" in second.locator("body").inner_text()
    assert kept(stack).state == "approved"


@pytest.mark.parametrize(("secret", "status"), [("forged", 404), ("", 404)])
def test_a_forged_link(stack: Stack, phone: BrowserPage, page: Page, secret: str, status: int) -> None:
    """A page without a form, and without barriers."""
    ask(stack)
    answer = phone.goto(f"{page.base}?secret={secret}")
    assert answer
    assert answer.status == status
    assert phone.locator("form").count() == 0
    phone.screenshot(path=REPORTS / "forged-360.png", full_page=True)
    assert Axe().run(phone).violations_count == 0


def test_another_method(browser: Browser, page: Page) -> None:
    """405 with the methods that are allowed."""
    shown = tab(browser)
    answer = shown.request.put(page.link)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")


def test_a_hostile_title_is_text(stack: Stack, browser: Browser, page: Page) -> None:
    """Markup in a commit's title is shown as text; the page's policy would stop scripts as well."""
    ask(stack)
    shown = browser.new_context().new_page()
    alerts: list[str] = []  # the policy's refusals end up in the console too
    shown.on("console", lambda message: alerts.append(message.text))
    shown.goto(page.link)
    assert "<script>alert(1)</script>" in shown.locator("dl").first.inner_text()
    assert alerts == []
    assert shown.locator("main").evaluate("node => getComputedStyle(node).maxWidth") != "none"  # the style is let in
    shown.context.close()
