"""What people read, from the event alone."""

from typing import Any, get_args

import pytest

from functions.domain.approvals import Approval, Shown
from functions.domain.messages import Links, Topic, approval_wanted, compose
from functions.handler import encode
from tests.functions.samples import DEPLOYMENT, RELEASE

DETAIL: dict[str, Any] = {
    "deploymentId": DEPLOYMENT,
    "release": encode(RELEASE),
    "environment": "production",
    "reason": "because",
    "result": "passed",
    "outcome": "deployed",
}
SUMMARY = {
    "repository": "acme/hello-service",
    "commit": RELEASE.commit,
    "title": "feat: greet",
    "author": "Ada",
    "changes": "hello",
    "gates": "tests: 3 passed",
    "rollback": "hello to 0a0a0a",
    "reason": "",
}
EVENTS = {
    "DeploymentStarted": "deployments",
    "StageFinished": "deployments",
    "DeploymentFinished": "deployments",
    "RollbackStarted": "rollbacks",
    "RollbackFinished": "rollbacks",
}
RESULTS = ["passed", "rejected", "expired", "superseded", "void", "failed", "restored", "partly", "unknown"]


@pytest.mark.parametrize(("name", "topic"), EVENTS.items())
def test_every_message_says_what_who_where_and_why(name: str, topic: Topic) -> None:
    """N1: commit, author, environment, reason and deployment stand in each."""
    written = compose(name, DETAIL)
    assert written
    assert written[0] == topic
    assert topic in get_args(Topic)
    for word in ("acme/hello-service 1a2b3c4d5e6f", "Ada", "production", "because", DEPLOYMENT, "feat: greet"):
        assert word in written[2]
    assert "with a name" not in written[2], "only the title of the commit"


@pytest.mark.parametrize("result", RESULTS)
def test_every_end_of_a_stage_has_its_words(result: str) -> None:
    """The subject alone tells what became of the stage."""
    written = compose("StageFinished", {**DETAIL, "result": result})
    assert written
    assert written[1].endswith(" production")
    if result not in ("failed", "void"):
        assert "failed before" not in written[1]


def test_a_frozen_environment_is_shouted() -> None:
    """R5: an unknown end freezes the environment, and the subject says so."""
    unknown, restored = (compose("RollbackFinished", {**DETAIL, "result": r}) for r in ("unknown", "restored"))
    assert unknown
    assert restored
    assert "FROZEN" in unknown[1]
    assert "FROZEN" not in restored[1]


def test_a_deployment_that_never_learned_its_release_is_still_told() -> None:
    """N3: an outcome is told also when Begin could not ask GitHub."""
    releases: list[dict[str, str] | None] = [None, {}]
    for release in releases:
        written = compose(
            "DeploymentFinished", {"deploymentId": "d", "release": release, "reason": "r", "outcome": "failed"}
        )
        assert written
        assert "ended: failed" in written[1]


def test_an_event_that_is_not_for_people_is_no_mail() -> None:
    """Unknown names are left alone."""
    assert compose("SomethingElse", DETAIL) is None


@pytest.mark.parametrize("purpose", ["deploy", "review"])
def test_the_mail_that_asks_has_two_links_and_all_one_needs(purpose: Any) -> None:
    """A1: release, changes, gates and what rollback would do; the links end when the request does."""
    approval = Approval("id", purpose, DEPLOYMENT, "production", SUMMARY, [], "a", "b", "2026-02-01T08:00:00.000Z")
    subject, text = approval_wanted(approval, "https://x/id?secret=s")
    asks = "Approve" if purpose == "deploy" else "Review a warning of"
    assert subject == f"{asks} acme/hello-service 1a2b3c4d5e6f for production"
    assert "https://x/id?secret=s&intent=approve" in text
    assert "https://x/id?secret=s&intent=reject" in text
    assert all(value in text for key, value in SUMMARY.items() if key != "commit")
    assert "2026-02-01T08:00:00.000Z" in text
    assert "Reason" not in text
    asked = Approval("id", purpose, "d", "p", {**SUMMARY, "reason": "cpu rings"}, [], "a", "b", "c")
    assert "Reason     cpu rings" in approval_wanted(asked, "l")[1]


QUARANTINED: dict[str, Any] = {
    "workId": "7-kiro-greet-1a2b3c4d-3",
    "item": {"kind": "issue", "title": "Greet", "repository": "acme/hello-service", "number": 7},
    "result": "failed",
    "state": "quarantined",
    "reason": "- tests: 1 of 9 tests failed: test_evening",
    "pullRequest": 8,
}


def test_a_quarantined_item_is_told_with_its_reason_and_the_way_out() -> None:
    """W8: people hear which item waits for them, why, where to look, and what brings it back."""
    told = compose("WorkItemFinished", QUARANTINED, Links(github="https://github.example.com"))
    assert told
    topic, subject, text = told
    assert (topic, subject) == ("deployments", "acme/hello-service#7 waits for a person: Greet")
    for word in ("1 of 9 tests failed", "/acme/hello-service/pull/8", QUARANTINED["workId"], "moves its card back"):
        assert word in text
    assert "Release" not in text


@pytest.mark.parametrize("state", ["done", "waiting", "ineligible", "running"])
def test_an_item_that_needs_nobody_is_no_mail(state: str) -> None:
    """Card, comment and pull request tell those who look."""
    assert compose("WorkItemFinished", {**QUARANTINED, "state": state}) is None


def test_an_item_without_a_pull_request_is_told_by_its_own_page() -> None:
    """A draft has neither, and is told by its title."""
    github = Links(github="https://github.example.com")
    for changes, seen in (
        ({"pullRequest": 0}, "/acme/hello-service/issues/7"),
        ({"item": {"title": "Greet"}}, "Greet"),
    ):
        told = compose("WorkItemFinished", {**QUARANTINED, **changes}, github)
        assert told
        assert seen in told[2]


def test_the_mail_tells_the_commits() -> None:
    """A1: as they stand on the page."""
    shown = Shown("build.zip", "aa", commits=("1a2b greet (Ada)", "0a0a fix (Bob)"), commits_note="and 3 older ones")
    approval = Approval("id", "deploy", "d", "p", {**SUMMARY, "reason": ""}, [], "a", "b", "c", shown=shown)
    lines = approval_wanted(approval, "l")[1].splitlines()
    first = lines.index("  Commits    1a2b greet (Ada)")
    assert [line.strip() for line in lines[first + 1 : first + 3]] == ["0a0a fix (Bob)", "and 3 older ones"]


@pytest.mark.parametrize(
    ("name", "said"), [("EnvironmentFrozen", "FROZEN by ada"), ("EnvironmentUnfrozen", "open again")]
)
def test_a_freeze_is_told_with_whose_word_it_is(name: str, said: str) -> None:
    """N1: it is about no release."""
    told = compose(name, {"environment": "production", "by": "ada", "reason": "the fair", "since": "now"})
    assert told
    topic, subject, text = told
    assert (topic, said in subject, "the fair" in text, "Release" in text) == ("deployments", True, True, False)


@pytest.mark.parametrize("name", EVENTS)
def test_an_emergency_is_in_every_subject(name: str) -> None:
    """P8: nobody has to open a mail to know; an ordinary release does not say it."""
    written = compose(name, {**DETAIL, "release": {**DETAIL["release"], "emergency": True}})
    usual = compose(name, DETAIL)
    assert written
    assert usual
    assert written[1] == f"EMERGENCY: {usual[1]}"


def test_who_is_asked_in_an_emergency_is_told_so() -> None:
    """Subject and first line."""
    summary = {**SUMMARY, "emergency": "This is an EMERGENCY deployment"}
    subject, text = approval_wanted(
        Approval("a", "deploy", "d", "production", summary, [], "t0", "t1", "t2"), "https://l"
    )
    assert subject.startswith("EMERGENCY: Approve acme/hello-service")
    assert text.startswith("This is an EMERGENCY deployment\n")
