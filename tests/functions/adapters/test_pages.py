"""The pages of a request for approval."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.adapters.pages import ended_page, open_page, plain_page
from functions.domain.approvals import Approval
from functions.domain.decisions import Decision
from functions.domain.watches import AlarmReading

EVIL = "\"'><script>alert(1)</script>&$title{x}"
APPROVAL = Approval("a", "deploy", "d", "test", {}, [], "t0", "t1", "t2", by="", reason="")
KEYS = ("repository", "commit", "title", "author", "changes", "gates", "rollback", "reason")


@given(st.text())
def test_no_text_from_outside_becomes_html(text: str) -> None:
    """Commit messages, names and reasons are escaped."""
    summary = dict.fromkeys(KEYS, text + EVIL)
    approval = replace(APPROVAL, summary=summary, environment=text + EVIL, by=text + EVIL, reason=text + EVIL)
    given_back = Decision(True, text + EVIL, text + EVIL, "", "")
    pages = [
        open_page(approval, text + EVIL, 422, text + EVIL, given_back),
        ended_page(replace(approval, state="rejected")),
        plain_page(400, text + EVIL, text + EVIL),
    ]
    for page in pages:
        assert "<script" not in page["body"]
        assert "alert(1)" in page["body"]


@pytest.mark.parametrize(
    ("state", "by", "status"),
    [
        ("approved", "Ada", 200),
        ("rejected", "Ada", 200),
        ("expired", "", 410),
        ("superseded", "", 410),
        ("void", "", 410),
    ],
)
def test_an_end_has_its_status(state: str, by: str, status: int) -> None:
    """A decided request has status 200 and names the person; any other ended request has 410."""
    page = ended_page(replace(APPROVAL, state=state, by=by))
    assert page["statusCode"] == status
    assert (f"<dd>{by}</dd>" in page["body"]) == bool(by)


def test_pages_may_not_be_framed_cached_or_referred() -> None:
    """The headers forbid framing, caching and referrers, because the URL contains a secret."""
    headers = plain_page(404, "x", "y")["headers"]
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_an_emergency_is_what_is_looked_at_first() -> None:
    """P8: an emergency is shown before facts and form; an ordinary release has no such section."""
    page = open_page(replace(APPROVAL, summary={"emergency": "This is an EMERGENCY deployment"}), "s")["body"]
    assert page.index("Read this first") < page.index("This is an EMERGENCY deployment") < page.index("<form")
    assert "Read this first" not in open_page(APPROVAL, "s")["body"]


def test_alarms_that_the_watch_is_too_short_for_are_named_first() -> None:
    """R1: they can't roll the release back before it passes; a request from before has no length of the watch."""
    slow = AlarmReading("errors", "critical", "OK", rises_after=300)
    page = open_page(replace(APPROVAL, alarms=(slow,), watch_seconds=300), "s")["body"]
    words = "The alarm errors needs 300 s of bad data, and the watch ends after 300 s."
    assert page.index("Read this first") < page.index(words) < page.index("<form")
    for known in (replace(APPROVAL, alarms=(slow,)), replace(APPROVAL, alarms=(slow,), watch_seconds=301)):
        assert "Read this first" not in open_page(known, "s")["body"]
