"""A request for approval: what opens it, what it is about, and what ends it."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from functions.domain.approvals import (
    Approval,
    Shown,
    State,
    alarmed,
    as_of,
    changed,
    hash_secret,
    holder,
    secret_matches,
    supersedes,
)
from functions.domain.gates import Verdict
from functions.domain.order import Order, is_newer
from functions.domain.watches import NOTHING_ACCEPTED, Accepted, AlarmReading

ASKED, FROM, TO, LATE = "2026-01-31T08:00", "2026-01-31T08:05", "2026-02-01T08:00", "2026-02-01T08:01"
OPEN = Approval("id", "deploy", "d", "production", {}, [hash_secret("s1"), hash_secret("s2")], ASKED, FROM, TO)


def test_a_request_ends_at_its_end() -> None:
    """A request has expired at `expires_at` itself; a decided request never expires."""
    assert as_of(OPEN, "2026-02-01T07:59").state == "open"
    assert as_of(OPEN, TO).state == "expired"
    assert as_of(replace(OPEN, state="rejected"), LATE).state == "rejected"


@given(st.text())
def test_only_a_secret_that_was_mailed_opens(secret: str) -> None:
    """The secret of every mail matches; any other text does not, nor does an empty one or a hash."""
    assert secret_matches(OPEN, secret) == (secret in ("s1", "s2"))
    assert secret_matches(OPEN, "s1")
    assert secret_matches(OPEN, "s2")
    assert not secret_matches(OPEN, OPEN.secret_hashes[0])
    assert not secret_matches(None, "s1")
    assert not secret_matches(replace(OPEN, secret_hashes=[]), "")


def test_secrets_are_kept_as_hashes() -> None:
    """A2: the stored form of a secret does not match as a secret."""
    assert "s1" not in str(OPEN)
    assert len(hash_secret("s1")) == 64


def test_a_link_knows_its_holder() -> None:
    """The holder of a personal link is found by the hash of its secret."""
    held = replace(OPEN, holders={hash_secret("s1"): "ada@x.io"})
    assert (holder(held, "s1"), holder(held, "s2")) == ("ada@x.io", "")


def test_an_approval_is_about_what_was_shown() -> None:
    """A changed digest or changed verdicts void an approval; a review is about a running release and stays valid."""
    gates = (Verdict("tests", "passed", "3 tests passed"),)
    bound = replace(OPEN, shown=Shown("build.zip", "aa", gates))
    assert changed(bound, "aa", gates) == ""
    assert changed(bound, "bb", gates) == "the artifact was changed after it was shown"
    assert changed(bound, "aa", ()) == "the gate results changed after they were shown"
    assert changed(replace(bound, purpose="review"), "bb", ()) == ""
    assert changed(OPEN, "bb", ()) == ""


REQUESTS = st.builds(
    lambda number, purpose, environment, repository, order, state: replace(
        OPEN,
        approval_id=f"a{number}",
        deployment_id=f"d{number}",
        purpose=purpose,
        environment=environment,
        repository=repository,
        order=order,
        state=state,
    ),
    st.integers(1, 3),
    st.sampled_from(["deploy", "review"]),
    st.sampled_from(["test", "production"]),
    st.sampled_from(["acme/shop", "acme/blog"]),
    st.sampled_from([None, Order(1, 1), Order(1, 2), Order(2, 0)]),
    st.sampled_from(get_args(State)),
)


@given(REQUESTS, REQUESTS, REQUESTS)
def test_superseding_is_an_order(one: Approval, two: Approval, three: Approval) -> None:
    """Superseding is irreflexive, asymmetric and transitive."""
    assert not supersedes(one, one)
    assert not (supersedes(one, two) and supersedes(two, one))
    if supersedes(one, two) and supersedes(two, three) and one.deployment_id != three.deployment_id:
        assert supersedes(one, three)


@given(REQUESTS, REQUESTS)
def test_a_request_is_superseded_by_a_newer_release_for_the_same_place(newer: Approval, older: Approval) -> None:
    """P3, A4: both requests are open, to deploy, for the same repository and environment, and one is newer."""
    assert supersedes(newer, older) == (
        newer.repository == older.repository
        and newer.environment == older.environment
        and newer.purpose == older.purpose == "deploy"
        and newer.state == older.state == "open"
        and newer.deployment_id != older.deployment_id
        and is_newer(newer.order, older.order)
    )


def test_a_newer_request_that_was_rejected_supersedes_nothing() -> None:
    """After the newest release was rejected, the one before it may still be approved."""
    older = replace(OPEN, deployment_id="d1", order=Order(1, 1))
    newer = replace(OPEN, deployment_id="d2", order=Order(1, 2))
    assert supersedes(newer, older)
    for state in get_args(State):
        if state != "open":
            assert not supersedes(replace(newer, state=state), older)


def test_only_a_new_critical_alarm_voids_a_request() -> None:
    """A4: warnings are reviewed later, and what approvers were asked about voids nothing."""
    since, at = "2026-01-31T07:00:00Z", "2026-01-31T08:00:00Z"
    errors = AlarmReading("errors", "critical", "ALARM", since=since)
    others = [AlarmReading("cpu", "warning", "ALARM"), AlarmReading("disk", "critical", "INSUFFICIENT_DATA")]
    assert alarmed([*others], NOTHING_ACCEPTED, "production") == ""
    assert alarmed([errors, *others], Accepted(("errors",), at), "production") == ""
    assert alarmed([errors, *others], NOTHING_ACCEPTED, "production") == "alarm errors is in ALARM in production"
    both = [errors, replace(errors, name="slow")]
    assert alarmed(both, NOTHING_ACCEPTED, "production") == "alarms errors, slow are in ALARM in production"
