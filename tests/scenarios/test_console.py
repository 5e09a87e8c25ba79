"""The console in a real browser, while a release walks to production and a bad one is rolled back (O5).

Needs Chromium. Screenshots are kept in reports/console/; so are those of docs/console.md, which are copies of what
tests/functions/events/test_console_in_a_browser.py keeps there.
"""

from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Locator, Page

from local.platform import PROJECT
from local.service import Traffic
from local.settings import REPOSITORY
from tests.browsers import chromium, needs_chromium
from tests.scenarios.driver import PlatformDriver, eventually, kiro, name_of

REPORTS = PROJECT / "reports" / "console"
pytestmark = [pytest.mark.long, needs_chromium]


@pytest.fixture(scope="module")
def shown(driver: PlatformDriver) -> Iterator[Page]:
    """The console of the running platform, in a tab that updates itself."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(30_000)
        page.goto(driver.platform.console)
        yield page


def picture(page: Page, name: str) -> None:
    """Keep a screenshot."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=REPORTS / f"{name}.png", full_page=True)


def test_a_release_is_seen_on_its_way_and_a_bad_one_on_its_way_back(driver: PlatformDriver, shown: Page) -> None:
    """The page follows both without being loaded again; `kiro-worker why` says the same as the page."""
    driver.released()
    shown.goto(driver.platform.console)
    shown.evaluate("window.mine = 'kept'")
    commit, asked = driver.push("feat: greet by the time of day"), list[str]()

    def decide() -> None:
        """Approve once the page says that an approval is waited for."""
        if not asked and shown.get_by_text("waits for an approval for production").count():
            asked.append(kiro(driver, "why", name_of(commit))["text"])
            assert shown.get_by_text(asked[0]).count() == 1
            picture(shown, "waiting")
        if asked:
            driver.approver.decide_next()

    driver.executions.await_end(name_of(commit), 180, decide)
    assert asked, driver.record(commit)["reason"]
    shown.locator("li").filter(has_text="greet by the time of day").get_by_text("deployed").wait_for()
    driver.author.break_in_service()
    with Traffic(driver.address("test")):
        bad = driver.push("feat: cache the salutation")
        driver.deployed(bad)
    driver.author.repair_service()
    shown.locator("li").filter(has_text="cache the salutation").get_by_text("restored").wait_for()
    assert shown.evaluate("window.mine") == "kept"
    picture(shown, "ended")
    shown.get_by_role("link", name="feat: cache the salutation").click()
    shown.locator('details[id$="-rollback"] summary').click()
    shown.get_by_role("img", name="The workflow rollback").wait_for()
    picture(shown, "rolled-back")


def test_a_failed_test_is_found_from_the_commit(driver: PlatformDriver, shown: Page) -> None:
    """Its name and message are one click from the commit: by the status of the gate, and by that of all gates."""
    broken = driver.author.folder / "tests" / "test_halves.py"
    broken.write_text("def test_two_halves() -> None:\n    assert 1 + 1 == 3, 'two halves are no whole'\n", "utf-8")
    commit = driver.push("feat: halves")
    broken.unlink()
    driver.deployed(commit)
    page = f"{driver.platform.github.url}/{REPOSITORY}/commit/{commit}"
    eventually(lambda: driver.statuses(commit).get("kiro/gates") == "failure")
    for name in ("kiro/gate/tests", "kiro/gates"):
        link = shown.get_by_role("link", name=name, exact=True)
        eventually(partial(_leads, shown, page, link))
        link.click()
        for words in ("test_two_halves", "two halves are no whole"):
            assert shown.get_by_text(words).first.is_visible(), f"{name} does not show {words}"
        picture(shown, f"failed-{name.rpartition('/')[2]}")


def _leads(page: Page, address: str, link: Locator) -> bool:
    """Whether the page has the link by now."""
    page.goto(address)
    return link.count() == 1


def test_the_mailbox_has_what_was_mailed(driver: PlatformDriver, shown: Page) -> None:
    """With the link of the approval, which the console itself does not have."""
    shown.goto(driver.platform.console)
    assert "secret=" not in shown.content()
    shown.get_by_role("link", name="Mail").click()
    eventually(lambda: "secret=" in shown.content())
    picture(shown, "mail")


def test_the_channel_has_what_was_posted(driver: PlatformDriver, shown: Page) -> None:
    """As text: the page has no button, and links that can be followed."""
    driver.released()
    shown.goto(driver.platform.console)
    shown.get_by_role("link", name="Slack").click()
    shown.locator("section").filter(has_text="is deployed to production").first.wait_for()
    assert shown.get_by_role("button").count() == 0
    assert shown.get_by_role("link", name=driver.platform.github.url).count() > 0
    picture(shown, "slack")


def test_the_link_of_the_command_opens_the_page_of_the_api(driver: PlatformDriver, shown: Page) -> None:
    """As on AWS: the route, the function and its role; without the link it shows nothing."""
    context = shown.context.browser.new_context() if shown.context.browser else shown.context
    tab = context.new_page()
    answer = tab.goto(driver.platform.outputs["consoleUrl"])
    assert answer
    assert answer.status == 401
    opened = tab.request.get(kiro(driver, "open")["link"], max_redirects=0)
    assert (opened.status, "set-cookie" in opened.headers) == (303, True)
    context.close()
