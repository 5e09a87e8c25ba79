"""Decisions about a request for approval: taken once, by whoever may, before it expires."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.domain.approvals import Approval, State, hash_secret
from functions.domain.approvers import Approvers
from functions.domain.decisions import Decision, Refused, decide, due, refused_by_freeze, standing
from functions.domain.environments import Freeze

ASKED, FROM, TO, LATE = "2026-01-31T08:00", "2026-01-31T08:05", "2026-02-01T08:00", "2026-02-01T08:01"
OPEN = Approval("id", "deploy", "d", "production", {}, [hash_secret("s1"), hash_secret("s2")], ASKED, FROM, TO)
ANYBODY = Approvers()
TIMES = st.sampled_from([ASKED, FROM, "2026-01-31T09:00", TO, LATE])
DECISIONS = st.builds(
    Decision, st.booleans(), st.sampled_from(["", "  ", "Ada"]), st.sampled_from(["", "no"]), st.text(), st.text()
)


def decision(**changes: Any) -> Decision:
    """An approval by Ada, with changed fields."""
    return replace(Decision(True, "Ada", "", "10.0.0.1", "Firefox"), **changes)


@given(st.lists(st.tuples(DECISIONS, TIMES), max_size=8))
def test_a_request_is_decided_at_most_once(attempts: list[tuple[Decision, str]]) -> None:
    """The first accepted decision stays, whatever is posted later."""
    current, counted = OPEN, 0
    for one, now in attempts:
        after = decide(current, one, now, ANYBODY)
        if not isinstance(after, Refused):
            counted += 1
            current = after
    assert counted <= 1
    assert (current.state != "open") == (counted == 1)


@given(DECISIONS, TIMES, st.sampled_from(get_args(State)))
def test_only_an_open_request_in_its_time_is_decided(one: Decision, now: str, state: State) -> None:
    """Every other request refuses the decision with the word that selects its page, and is not changed."""
    after = decide(replace(OPEN, state=state), one, now, ANYBODY)
    counts = (
        state == "open"
        and now < TO
        and one.by.strip()
        and ((one.approve and now >= FROM) or (not one.approve and one.reason.strip()))
    )
    assert isinstance(after, Approval) == bool(counts)
    if isinstance(after, Refused):
        assert after.message


def test_who_decided_what_when_and_why_is_kept() -> None:
    """A3: the decision is stored with name, time, reason, address and user agent, each cut to its limit."""
    after = decide(OPEN, decision(by=" Ada ", reason="x" * 5000, user_agent="y" * 5000), FROM, ANYBODY)
    assert isinstance(after, Approval)
    assert (after.state, after.by, after.decided_at, after.address) == ("approved", "Ada", FROM, "10.0.0.1")
    assert (len(after.reason), len(after.user_agent)) == (2000, 400)


def test_the_wait_timer_holds_approvals_only() -> None:
    """A1: an approval is accepted only after the wait timer; a rejection is accepted at once."""
    early = decide(OPEN, decision(), ASKED, ANYBODY)
    assert isinstance(early, Refused)
    assert early.why == "early"
    late = decide(OPEN, decision(approve=False, reason="no"), ASKED, ANYBODY)
    assert isinstance(late, Approval)
    assert late.state == "rejected"


def test_every_refusal_has_its_word() -> None:
    """The refusal of a used, expired, superseded or void link says how its request ended."""
    used = replace(OPEN, state="approved", by="Bob", decided_at=FROM)
    words = {
        "used": used,
        "superseded": replace(OPEN, state="superseded"),
        "void": replace(OPEN, state="void"),
        "expired": replace(OPEN, state="expired"),
    }
    for why, approval in words.items():
        refused = decide(approval, decision(), FROM, ANYBODY)
        assert isinstance(refused, Refused)
        assert refused.why == why
    refused = decide(used, decision(), FROM, ANYBODY)
    assert isinstance(refused, Refused)
    assert "approved by Bob" in refused.message


LOGINS = {"ada@x.io": "Ada", "bob@x.io": "bob", "eve@y.io": "eve"}
STRICT = Approvers(LOGINS, 2, author_may_approve=False)
SEVERAL = replace(OPEN, approvers=list(LOGINS), needed=2, authors=["ada"], author_may_approve=False)
HOLDERS = ["", "ada@x.io", "ADA@x.io", "Bob+2@x.io", "bob@x.io", "eve@y.io", "mallory@y.io"]


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(HOLDERS), st.sampled_from(HOLDERS)), max_size=8))
def test_several_must_approve_by_links_of_their_own_and_not_the_author(posts: list[tuple[bool, str, str]]) -> None:
    """A3: as many different people as needed, each by a link of their own, none of them the author."""
    current = SEVERAL
    for approve, typed, held in posts:
        given = decision(approve=approve, by=typed, reason="" if approve else "no")
        after = decide(current, given, FROM, STRICT, held)
        current = after if isinstance(after, Approval) else current
    people = [consent.by.casefold().replace("+2", "") for consent in current.consents]
    assert len(set(people)) == len(people)
    assert set(people) <= {"bob@x.io", "eve@y.io"}
    assert (current.state == "approved") == (len(people) == 2)


def test_a_personal_link_speaks_for_its_holder() -> None:
    """The holder of the link is recorded, whatever name is entered; the same holder can't approve twice."""
    after = decide(replace(SEVERAL, needed=1), decision(by="Mallory"), FROM, replace(STRICT, needed=1), "bob@x.io")
    assert isinstance(after, Approval)
    assert (after.state, after.by) == ("approved", "bob@x.io")
    again = decide(replace(SEVERAL, needed=3), decision(by="Mallory"), FROM, STRICT, "bob@x.io")
    assert isinstance(again, Approval)
    twice = decide(again, decision(by="eve@y.io"), FROM, STRICT, "Bob+other@X.io")
    assert isinstance(twice, Refused)
    assert (twice.why, twice.message) == (
        "used",
        "Bob+other@X.io has already approved; approvals still needed from others: 2.",
    )


def test_who_may_not_approve_may_reject() -> None:
    """The author and people who are not approvers may reject, for stopping a release is safe."""
    for by in ("mallory@x.io", "ada@x.io"):
        refused = decide(SEVERAL, decision(), FROM, STRICT, by)
        assert isinstance(refused, Refused)
        assert refused.why == "forbidden"
        rejected = decide(SEVERAL, decision(approve=False, reason="no"), FROM, STRICT, by)
        assert isinstance(rejected, Approval)
        assert rejected.state == "rejected"


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (None, "have no environment production any more"),
        (replace(STRICT, needed=3), "demand more of an approval"),
        (replace(STRICT, logins={"bob@x.io": ""}), "approverLogins of production has no GitHub login of bob@x.io"),
        (replace(STRICT, logins={"eve@y.io": "eve"}), "bob@x.io is no longer an approver of production"),
        (replace(STRICT, logins={"bob@x.io": "ADA"}), "ada made, pushed or merged this release"),
    ],
)
def test_todays_settings_decide_who_may_approve(today: Approvers | None, said: str) -> None:
    """A3: not those of the time of the request; the page says what is in the way and what to do."""
    refused = decide(SEVERAL, decision(), FROM, today, "bob@x.io")
    assert isinstance(refused, Refused)
    assert (refused.why, said in refused.message) == ("forbidden", True)


def test_a_request_from_before_authors_were_excluded_is_made_again() -> None:
    """A3: nobody knows yet whose release it is, so an approval of it can't count."""
    refused = decide(replace(OPEN, needed=2), decision(), FROM, STRICT, "bob@x.io")
    assert isinstance(refused, Refused)
    assert "start the deployment again" in refused.message


def test_the_approval_of_one_who_was_removed_counts_no_longer() -> None:
    """A3: another person must approve instead."""
    first = decide(SEVERAL, decision(), FROM, STRICT, "bob@x.io")
    assert isinstance(first, Approval)
    second = decide(first, decision(), FROM, replace(STRICT, logins={"eve@y.io": "eve"}), "eve@y.io")
    assert isinstance(second, Approval)
    assert (second.state, [one.by for one in second.consents]) == ("open", ["eve@y.io"])


def test_an_approval_may_count_from_a_later_time() -> None:
    """A5: until then the request is open and can be rejected; from then on it is approved, by who approved it."""
    later = "2026-01-31T22:00"
    waiting = decide(OPEN, decision(counts_from=later, reason="at night"), FROM, ANYBODY)
    assert isinstance(waiting, Approval)
    assert (waiting.state, waiting.counts_from, standing(waiting)) == (
        "open",
        later,
        "Your approval is recorded; it counts from 2026-01-31 22:00 UTC.",
    )
    assert due(waiting, "2026-01-31T21:59", ANYBODY) is None
    counts = due(waiting, later, ANYBODY)
    assert counts
    assert (counts.state, counts.by, counts.reason, counts.decided_at) == ("approved", "Ada", "at night", later)
    assert due(waiting, LATE, ANYBODY) == counts, "the query may come after the end of the request"
    assert due(waiting, later, Approvers({"bob@x.io": ""})) is None, "who is no longer an approver"
    assert due(OPEN, LATE, ANYBODY) is None
    rejected = decide(waiting, decision(approve=False, by="Bob", reason="no"), FROM, ANYBODY)
    assert isinstance(rejected, Approval)
    assert (rejected.state, due(rejected, later, ANYBODY)) == ("rejected", None)


def test_of_several_approvals_the_latest_time_counts() -> None:
    """A5: none of them is for an earlier time; one that is missing still has to come."""
    two = Approvers(needed=2)
    first = decide(replace(OPEN, needed=2), decision(counts_from="2026-01-31T22:00"), FROM, two, "ada@x.io")
    assert isinstance(first, Approval)
    assert due(first, "2026-01-31T23:00", two) is None
    assert "1 more must approve" in standing(first)
    both = decide(first, decision(), FROM, two, "bob@x.io")
    assert isinstance(both, Approval)
    assert (both.state, both.counts_from) == ("open", "2026-01-31T22:00")
    late = decide(first, decision(), "2026-01-31T22:30", two, "bob@x.io")
    assert isinstance(late, Approval)
    assert late.state == "approved"


@pytest.mark.parametrize("time", [ASKED, FROM, TO, LATE])
def test_an_approval_counts_before_its_request_ends(time: str) -> None:
    """A5: a time that has passed, or at which the request has expired, is refused with the end of the request."""
    refused = decide(OPEN, decision(counts_from=time), FROM, ANYBODY)
    assert isinstance(refused, Refused)
    assert (refused.why, "ends at 2026-02-01 08:00 UTC" in refused.message) == ("incomplete", True)


def test_a_freeze_refuses_approvals_of_releases_only() -> None:
    """P12: open requests to deploy; the message says what to do."""
    freeze = Freeze("the fair", "Ada", FROM)
    refused = refused_by_freeze(OPEN, freeze)
    assert refused
    assert refused.why == "frozen"
    assert "by Ada: the fair" in refused.message
    assert "kiro-worker unfreeze" in refused.message
    assert refused_by_freeze(OPEN, None) is None
    assert refused_by_freeze(replace(OPEN, purpose="review"), freeze) is None
    assert refused_by_freeze(replace(OPEN, state="approved"), freeze) is None
