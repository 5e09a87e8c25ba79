"""The console: who is let in, what the pages say, and that nothing of it opens or changes anything (O5)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.adapters.clock import iso
from functions.adapters.console_accesses import ConsoleAccesses
from functions.adapters.waits_table import WaitsTable
from functions.domain.waits import ApprovalKey
from functions.events.console import HANDLER
from functions.events.console import console as handler
from tests.functions.approving import SECRET
from tests.functions.consoles import ASKED, HOSTILE, PASSED, TITLE, arrange, event, histories, session, settings
from tests.functions.samples import COMMIT, DEPLOYMENT
from tests.functions.stack import Stack

READS = ("Get", "Query", "Scan", "Describe", "List")


def get(stack: Stack, path: str = "/console", cookie: str = "", **headers: str) -> Any:
    """The answer to a GET, in a new session unless a cookie is given."""
    return stack.run("events.console", event(path, None, cookie or session(stack), **headers))


def opened(stack: Stack, link: str) -> Any:
    """The answer to a link."""
    return stack.run("events.console", event("/console", {"open": link}))


def test_its_function_may_only_read() -> None:
    """No action of its role writes; the roles that it may assume are those that only read (decision 024)."""
    for allow in HANDLER.allow:
        for action in allow.actions:
            if action == "sts:AssumeRole":
                assert allow.on == "read-roles"
            else:
                assert action.partition(":")[2].startswith(READS), action
    assert handler.__module__ == "functions.events.console"


def test_a_link_begins_a_session_without_its_secret_in_the_address(stack: Stack) -> None:
    """The cookie is for this site only, no script reads it, and it ends after eight hours."""
    settings(stack, "test")
    link = ConsoleAccesses(stack.table("waits")).open("arn:ada", datetime.now(UTC))
    answer = opened(stack, link)
    assert (answer["statusCode"], answer["headers"]["location"]) == (303, "console")
    (cookie,) = answer["cookies"]
    assert cookie.endswith("; Max-Age=28800; Path=/; HttpOnly; Secure; SameSite=Lax")
    secret = link.partition(".")[2]
    assert secret not in cookie
    assert secret not in str(stack.items("waits")), "what is stored opens nothing"
    assert cookie.partition(".")[2].partition(";")[0] not in str(stack.items("waits"))
    assert get(stack, cookie=cookie.partition(";")[0])["statusCode"] == 200


@pytest.mark.parametrize("link", ["", ".", "0" * 32 + ".secret", "../../push/x.secret", "console.x"])
def test_what_is_no_link_opens_nothing(stack: Stack, link: str) -> None:
    """The page says how to get one; no other row of the table is read."""
    answer = opened(stack, link)
    assert (answer["statusCode"], "kiro-worker open" in answer["body"]) == (403, True)
    read = [call.given["Key"]["waitKey"]["S"] for call in stack.calls if call.action == "dynamodb:GetItem"]
    assert all(key.startswith("console/") for key in read)


def test_a_link_is_good_for_minutes_and_a_session_for_hours(stack: Stack) -> None:
    """A link that is found in a history later begins nothing, also while its session still runs."""
    settings(stack, "test")
    accesses, now = ConsoleAccesses(stack.table("waits")), datetime.now(UTC)
    assert opened(stack, accesses.open("arn:ada", now - timedelta(minutes=4)))["statusCode"] == 303
    assert opened(stack, accesses.open("arn:ada", now - timedelta(minutes=6)))["statusCode"] == 403
    cookie = session(stack)
    key = {"waitKey": "console/" + cookie.partition("=")[2].partition(".")[0]}
    stack.table("waits").update_item(
        Key=key, UpdateExpression="SET endsAt = :now", ExpressionAttributeValues={":now": iso(now)}
    )
    assert get(stack, cookie=cookie)["statusCode"] == 401


@pytest.mark.parametrize("cookie", ["", "kiro-console=", f"kiro-console={'0' * 32}.1", "other=1"])
def test_without_a_session_nothing_is_read(stack: Stack, cookie: str) -> None:
    """But the access that the cookie names."""
    answer = stack.run("events.console", event("/console", None, cookie))
    assert answer["statusCode"] == 401
    assert {call.action for call in stack.calls} <= {"dynamodb:GetItem"}


def test_another_method_is_refused(stack: Stack) -> None:
    """Nothing is read for it."""
    asked = event("/console")
    asked["requestContext"]["http"]["method"] = "POST"
    answer = stack.run("events.console", asked)
    assert (answer["statusCode"], answer["headers"]["allow"]) == (405, "GET")


def test_the_overview_shows_everything_that_moves_or_waits(stack: Stack) -> None:
    """What runs where, the freeze, the lock, alarms, lanes, ends, and the board; foreign text is escaped."""
    arrange(stack, HOSTILE)
    with histories(stack, {f"{DEPLOYMENT}-production": ASKED}):
        page = get(stack)["body"]
    until = WaitsTable.connect(stack.clients).approval("a1")
    assert until
    for words in (
        "Frozen by Ada Lovelace",
        "the fair: no changes until Monday",
        "4.1 s at p95",
        "1 of 2 alarms in ALARM",
        f'href="https://github.example.com/acme/hello-service/commit/{COMMIT}"',
        'href="https://hello-staging.example.com"',
        "waits for an approval for production until",
        "2 of grace@example.com, ada@example.com; so far nobody yet",
        f'<time datetime="{until.expires_at}" data-clock="until"',
        "main-f1e2d3c4b5a6</a> has it for",
        "14 errors of 96 requests",
        "waits for the agent: attempt 1 at acme/hello-service#7",
        "waits for a person to move its card: quarantined: tests: 1 of 9 tests failed",
        "not proven yet",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
    ):
        assert words in page, words
    assert "<script>alert(1)" not in page


def test_no_page_has_a_secret_of_a_link_or_a_token(stack: Stack) -> None:
    """Decisions are made with the mail's link alone."""
    arrange(stack)
    approval = WaitsTable.connect(stack.clients).approval("a1")
    wait = WaitsTable.connect(stack.clients).find(ApprovalKey("a1"))
    assert approval
    assert wait
    with histories(stack, {f"{DEPLOYMENT}-production": ASKED}):
        pages = get(stack)["body"] + get(stack, f"/console/{DEPLOYMENT}")["body"]
    for secret in (SECRET, *approval.secret_hashes, wait.token, "/approvals/"):
        assert secret not in pages
    assert "<form" not in pages


def test_a_release_shows_its_executions_as_drawings(stack: Stack) -> None:
    """Those that are there, with the states that they passed and the current one."""
    arrange(stack)
    with histories(stack, {f"{DEPLOYMENT}-production": ASKED, "-test": PASSED}):
        page = get(stack, f"/console/{DEPLOYMENT}")["body"]
    assert TITLE in page
    assert "148 tests passed" in page
    assert page.count("<svg") == 4, "the deployment and three stages"
    assert 'class="state wait now"' in page
    assert f"now {ASKED[-1]}" in page
    assert 'href="../console"' in page


def test_an_unknown_release_has_no_page(stack: Stack) -> None:
    """The name is escaped."""
    settings(stack, "test")
    answer = get(stack, "/console/<b>")
    assert answer["statusCode"] == 404
    assert "&lt;b&gt;" in answer["body"]


def test_a_page_that_has_not_changed_is_not_sent_again(stack: Stack) -> None:
    """Clocks run in the browser, so the time alone is no change; a freeze is one."""
    settings(stack, "test")
    cookie = session(stack)
    first = get(stack, cookie=cookie)
    again = get(stack, cookie=cookie, if_none_match=first["headers"]["etag"])
    assert (again["statusCode"], again["body"]) == (304, "")
    arrange(stack)
    with histories(stack, {}):
        assert get(stack, cookie=cookie, if_none_match=first["headers"]["etag"])["statusCode"] == 200


def test_updates_can_be_paused(stack: Stack) -> None:
    """WCAG 2.2.2; a page with updates also has them without a script."""
    settings(stack, "test")
    cookie = session(stack)
    live = get(stack, cookie=cookie)["body"]
    paused = stack.run("events.console", event("/console", {"live": "off"}, cookie))["body"]
    assert '<noscript><meta http-equiv="refresh" content="15"></noscript>' in live
    assert "http-equiv" not in paused
    assert ('data-live="on"' in live, 'data-live="off"' in paused) == (True, True)


def test_alarms_that_cannot_be_read_are_said(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of the page is there: an account that is away is no reason to see nothing."""
    settings(stack, "test")

    def fail(*_: Any) -> Any:
        raise RuntimeError("access denied to the read role")

    monkeypatch.setattr("functions.adapters.environment_health.EnvironmentHealth.alarms", fail)
    assert "its alarms could not be read: access denied to the read role" in get(stack)["body"]
