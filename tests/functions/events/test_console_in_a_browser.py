"""The console in a real browser: three widths, dark and light, with and without JavaScript, without a barrier (axe).

Needs Chromium (tests/browsers.py). Screenshots are kept in reports/console/.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from playwright.sync_api import Page as BrowserPage

from functions.adapters.clock import iso
from functions.adapters.environments_table import EnvironmentsTable
from functions.domain.environments import Freeze
from tests.browsers import chromium, needs_chromium
from tests.functions.consoles import ASKED, PASSED, Console, arrange, histories
from tests.functions.samples import DEPLOYMENT
from tests.functions.stack import Stack

REPORTS = Path(__file__).parents[3] / "reports" / "console"
WIDTHS = (1440, 768, 360)
HISTORIES = {f"{DEPLOYMENT}-production": ASKED, "-staging": PASSED[:-4], "-test": PASSED}
pytestmark = needs_chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with chromium() as running:
        yield running


@pytest.fixture
def console(stack: Stack) -> Iterator[Console]:
    """The console of a stack in which something of everything happens."""
    arrange(stack)
    with histories(stack, HISTORIES), Console(stack) as serving:
        yield serving


def tab(browser: Browser, *, script: bool = True, **more: Any) -> BrowserPage:
    """A new tab of a private window; it fails on anything that the page's policy refuses."""
    context = browser.new_context(java_script_enabled=script, **more)
    context.set_default_timeout(10_000)
    return context.new_page()


def refused(shown: BrowserPage) -> list[str]:
    """What the browser says in its console, from now on: refusals of the policy and errors of the script."""
    said: list[str] = []
    shown.on("console", lambda message: said.append(message.text))
    shown.on("pageerror", lambda error: said.append(str(error)))
    return said


# test_pages_in_a_browser.py looks at more, in pages with long words; docs/console.md has the pictures of this one.
@pytest.mark.long
@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("page", ["overview", "release"])
def test_pages_have_no_barriers_at_any_width(browser: Browser, console: Console, page: str, scheme: Any) -> None:
    """axe finds no violation, no page is wider than its window, and screenshots are stored."""
    shown = tab(browser, bypass_csp=True, color_scheme=scheme)  # axe is put into the page
    REPORTS.mkdir(parents=True, exist_ok=True)
    shown.goto(console.url if page == "overview" else f"{console.url}/{DEPLOYMENT}")
    for width in WIDTHS:
        shown.set_viewport_size({"width": width, "height": 900})
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        shown.screenshot(path=REPORTS / f"{page}-{scheme}-{width}.png", full_page=True)
        found = Axe().run(shown)
        assert found.violations_count == 0, found.generate_report()
    shown.context.close()


def test_changes_appear_without_loading_again(stack: Stack, browser: Browser, console: Console) -> None:
    """The script asks every few seconds, under the page's policy; the policy refuses nothing, and clocks run."""
    shown = tab(browser)
    said = refused(shown)
    shown.goto(console.url)
    shown.evaluate("window.mine = 'kept'")
    EnvironmentsTable.connect(stack.clients).freeze("test", Freeze("an audit", "Grace", iso(datetime.now(UTC))))
    shown.get_by_text("an audit").wait_for()
    assert shown.evaluate("window.mine") == "kept", "the page was not loaded again"
    before = shown.locator("time[data-clock=since]").first.inner_text()
    assert before.endswith((" s", " min", " h", " d")) or " h " in before
    assert said == []
    shown.context.close()


def test_a_page_without_answers_says_so(browser: Browser, console: Console) -> None:
    """In the header, beside the time from which the page is, as long as its server is not reached or answers errors."""
    shown = tab(browser)
    shown.clock.install()
    shown.goto(console.url)
    lost = shown.get_by_role("status")
    assert lost.count() == 0
    for stop in (lambda route: route.abort(), lambda route: route.fulfill(status=502)):
        shown.route(console.url, stop)
        shown.clock.run_for(5_000)
        lost.get_by_text("no answer since").wait_for()
        shown.unroute(console.url)
        shown.clock.run_for(5_000)
        shown.get_by_text("no answer since").wait_for(state="hidden")
    shown.context.close()


def test_a_page_of_another_version_is_loaded_whole(browser: Browser, console: Console) -> None:
    """An update changed the page's parts while it was open: the tab loads again rather than show half of them."""
    shown = tab(browser)
    shown.clock.install()
    shown.goto(console.url)
    shown.evaluate("window.mine = 'kept'")
    shown.route(console.url, lambda route: route.fulfill(body="<main>another version</main>"), times=1)
    with shown.expect_navigation():
        shown.clock.run_for(5000)
    assert shown.evaluate("window.mine") is None
    assert "null" not in shown.inner_text("header")
    shown.context.close()


def test_everything_is_there_without_javascript(browser: Browser, console: Console) -> None:
    """The page comes whole, loads itself again, and its links lead on; updates stop where the reader wants."""
    shown = tab(browser, script=False)
    shown.goto(console.url)
    assert shown.locator('meta[http-equiv="refresh"]').count() == 1
    assert "waits for an approval for production" in shown.locator("main").inner_text()
    shown.get_by_role("link", name="Pause updates").click()
    assert shown.locator('meta[http-equiv="refresh"]').count() == 0
    shown.get_by_role("link", name="feat: greet people").first.click()
    assert shown.get_by_role("img", name="The workflow stage").count() == 1, "that of the running stage is open"
    shown.locator(f'details[id="{DEPLOYMENT}-test-stage"] summary').click()
    assert shown.get_by_role("img", name="The workflow stage").count() == 2
    shown.get_by_role("link", name="Kiro Worker").click()
    assert shown.get_by_role("heading", level=1).inner_text() == "Moving now"
    shown.context.close()


@pytest.mark.long
def test_what_is_open_stays_open(stack: Stack, browser: Browser, console: Console) -> None:
    """A drawing that the reader opened is not closed by an update."""
    shown = tab(browser)
    shown.goto(f"{console.url}/{DEPLOYMENT}")
    past = shown.locator(f'details[id="{DEPLOYMENT}-test-stage"]')
    past.locator("summary").click()
    tag = shown.evaluate("document.documentElement.dataset.tag")
    stack.table("deployments").update_item(
        Key={"deploymentId": DEPLOYMENT},
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":s": "running"},
    )
    shown.wait_for_function("tag => document.documentElement.dataset.tag !== tag", arg=tag)
    assert past.evaluate("one => one.open")
    shown.context.close()
