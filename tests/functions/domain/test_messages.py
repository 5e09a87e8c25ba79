"""Mails about events and approval requests."""

from typing import Any, get_args

import pytest
from msgspec.structs import replace

from functions.domain.approvals import Approval, Shown
from functions.domain.mails import approval_wanted, mail
from functions.domain.message_details import Links
from functions.domain.messages import Message, Topic, compose
from tests.functions.samples import DEPLOYMENT, FACTS, RELEASE, event

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
    "StageHeld": "deployments",
    "StagePinned": "deployments",
    "StageFinished": "deployments",
    "DeploymentFinished": "deployments",
    "RollbackStarted": "rollbacks",
    "RollbackFinished": "rollbacks",
}
RESULTS = {
    "passed": "is deployed to production",
    "rejected": "was rejected for production",
    "expired": "got no approval in time for production",
    "superseded": "was superseded before production",
    "held": "was held before production until its time was up",
    "void": "failed in production before any change",
    "failed": "failed in production before any change",
    "restored": "failed in production and was rolled back",
    "partly": "failed in production and was partly rolled back",
    "unknown": "failed in production and could not be rolled back",
}


def text(message: Message) -> str:
    """The mail on one line, as its words follow each other."""
    return " ".join(mail(message).split())


@pytest.mark.parametrize(("name", "topic"), EVENTS.items())
def test_every_message_says_what_who_where_and_why(name: str, topic: Topic) -> None:
    """N1: every message has commit, author, environment, reason and deployment."""
    written = compose(event(name))
    assert written
    assert written.topic == topic
    assert topic in get_args(Topic)
    where = () if name.startswith("Deployment") else ("production",)
    for word in ("acme/hello-service 1a2b3c4d5e6f", "Ada", "because", DEPLOYMENT, "feat: greet", *where):
        assert word in text(written)
    assert "with a name" not in text(written), "only the title of the commit"


@pytest.mark.parametrize(("result", "words"), RESULTS.items())
def test_every_end_of_a_stage_has_its_words(result: str, words: str) -> None:
    """The subject alone says how the stage ended."""
    written = compose(event("StageFinished", result=result))
    assert written
    assert written.subject.endswith(f" {words}")


def test_a_frozen_environment_is_shouted() -> None:
    """R5: after a rollback with an unknown result the subject says that the environment is frozen."""
    unknown, restored = (compose(event("RollbackFinished", result=r)) for r in ("unknown", "restored"))
    assert unknown
    assert restored
    assert "FROZEN" in unknown.subject
    assert "FROZEN" not in restored.subject


def test_a_deployment_that_never_learned_its_release_is_mailed_all_the_same() -> None:
    """N3: an outcome is mailed even if Begin could not read the commit from GitHub."""
    written = compose(event("DeploymentFinished", deploymentId="main-x", release=None, outcome="failed"))
    assert written
    assert written.subject == "release main-x failed"


def test_verdicts_alone_are_no_mail() -> None:
    """No mail is sent for verdicts: GitHub shows them, and the mail on the outcome names the failed ones."""
    assert compose(event("GatesJudged")) is None


@pytest.mark.parametrize("purpose", ["deploy", "review"])
def test_the_mail_that_asks_has_two_links_and_all_one_needs(purpose: Any) -> None:
    """A1: the mail has release, changes, gates, rollback, two links, and the time at which they expire."""
    approval = Approval("id", purpose, DEPLOYMENT, "production", SUMMARY, [], "a", "b", "2026-02-01T08:00:00.000Z")
    subject, wanted = approval_wanted(approval, "https://x/id?secret=s")
    asks = "Approve" if purpose == "deploy" else "Review a warning of"
    assert subject == f"{asks} acme/hello-service 1a2b3c4d5e6f for production"
    assert "https://x/id?secret=s&intent=approve" in wanted
    assert "https://x/id?secret=s&intent=reject" in wanted
    assert all(value in wanted for key, value in SUMMARY.items() if key != "commit")
    assert "Decide before 2026-02-01 08:00 UTC" in wanted
    assert "Reason" not in wanted
    asked = Approval("id", purpose, "d", "p", {**SUMMARY, "reason": "cpu rings"}, [], "a", "b", "c")
    assert "  Reason     cpu rings" in approval_wanted(asked, "l")[1].splitlines()


def test_a_quarantined_item_is_mailed_with_its_reason_and_the_way_out() -> None:
    """W8: the mail has the item, the reason, a link and the next step."""
    quarantined = event("WorkItemFinished", reason="- tests: 1 of 9 tests failed: test_evening")
    written = compose(quarantined, Links(github="https://github.example.com"))
    assert written
    assert (written.topic, written.subject) == ("deployments", "acme/hello-service#7 waits for a person: Greet")
    for word in ("1 of 9 tests failed", "/acme/hello-service/pull/8", FACTS["workId"], "moves its card back"):
        assert word in text(written)
    assert "Release" not in text(written)


@pytest.mark.parametrize("state", ["done", "waiting", "ineligible", "running"])
def test_an_item_that_needs_nobody_is_no_mail(state: str) -> None:
    """No mail is sent for an item in any other state: the card and the pull request show it."""
    assert compose(event("WorkItemFinished", state=state)) is None


def test_an_item_without_a_pull_request_is_linked_by_its_own_page() -> None:
    """The link is the issue if there is no pull request; a draft has no link and is named by its title."""
    github, draft = Links(github="https://github.example.com"), {**FACTS["item"], "number": 0, "repository": ""}
    for changes, seen in (({"pullRequest": 0}, "/acme/hello-service/issues/7"), ({"item": draft}, "Greet")):
        written = compose(event("WorkItemFinished", **changes), github)
        assert written
        assert seen in text(written)


def test_the_mail_tells_the_commits() -> None:
    """A1: the mail lists the same commits as the page."""
    shown = Shown("build.zip", "aa", commits=("1a2b greet (Ada)", "0a0a fix (Bob)"), commits_note="and 3 older ones")
    approval = Approval("id", "deploy", "d", "p", {**SUMMARY, "reason": ""}, [], "a", "b", "c", shown=shown)
    lines = approval_wanted(approval, "l")[1].splitlines()
    first = lines.index("  Commits    1a2b greet (Ada)")
    assert [line.strip() for line in lines[first + 1 : first + 3]] == ["0a0a fix (Bob)", "and 3 older ones"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("EnvironmentFrozen", "FROZEN by ada"),
        ("EnvironmentUnfrozen", "was unfrozen by ada"),
        ("PartsPinned", "hello, infrastructure is PINNED in production by ada"),
        ("PartsUnpinned", "hello, infrastructure was unpinned in production by ada"),
    ],
)
def test_a_freeze_or_pin_is_told_with_whose_word_it_is(name: str, said: str) -> None:
    """N1: the message names the person, and no release."""
    written = compose(event(name, reason="the fair"))
    assert written
    assert (written.topic, said in written.subject) == ("deployments", True)
    assert ("the fair" in text(written), "Release " in text(written)) == (True, False)


@pytest.mark.parametrize("name", EVENTS)
def test_an_emergency_is_in_every_subject(name: str) -> None:
    """P8: the subject of every message about an emergency says so; that of an ordinary release does not."""
    written = compose(event(name, release=replace(RELEASE, emergency=True)))
    usual = compose(event(name))
    assert written
    assert usual
    assert written.subject == f"EMERGENCY: {usual.subject}"


def test_who_is_asked_in_an_emergency_is_told_so() -> None:
    """Subject and first line of a request for approval say that it is an emergency."""
    summary = {**SUMMARY, "emergency": "This is an EMERGENCY deployment"}
    subject, wanted = approval_wanted(
        Approval("a", "deploy", "d", "production", summary, [], "t0", "t1", "t2"), "https://l"
    )
    assert subject.startswith("EMERGENCY: Approve acme/hello-service")
    assert wanted.startswith("This is an EMERGENCY deployment\n")


def test_a_release_that_waits_is_mailed_with_what_it_waits_for() -> None:
    """N1: the subject is the beginning of the text, the reason is all of it."""
    words = "waits for a window of production until 2026-02-01 08:00 UTC: outside the deployment windows"
    written = compose(event("StageHeld", reason=words))
    assert written
    assert written.subject == f"acme/hello-service 1a2b3c4d5e6f {words.partition(': ')[0]}"
    assert f"Reason {words}" in text(written)


def test_a_reason_that_the_sentence_says_is_said_once() -> None:
    """N1: a wait for an approval has no more to say than its sentence."""
    written = compose(event("StageHeld", reason="waits for an approval for production"))
    assert written
    assert (written.lead.endswith("waits for an approval for production."), "Reason" in dict(written.facts)) == (
        True,
        False,
    )


def test_messages_about_a_deployment_link_to_its_page() -> None:
    """If the stack has the console; a freeze has no page."""
    links = Links(console="https://api.example.com/console")
    for name in (*EVENTS, "EnvironmentFrozen"):
        written = compose(event(name), links)
        assert written
        linked = f"Console https://api.example.com/console/{DEPLOYMENT}" in text(written)
        assert linked == (name != "EnvironmentFrozen")


@pytest.mark.parametrize(("result", "named"), [("restored", True), ("partly", True), ("unknown", False)])
def test_after_a_rollback_the_way_to_pin_is_told(result: str, *, named: bool) -> None:
    """R14: the next push would bring the same fault back; where nothing was restored, there is nothing to keep."""
    written = compose(event("RollbackFinished", result=result))
    assert written
    assert ("`kiro-worker pin production --reason …`" in text(written)) is named


def test_drift_is_told_with_the_command_and_the_runbook() -> None:
    """R15: what runs, who changed it, and what mends it; its end has no next step."""
    found, ended = (compose(event(name), Links(runbooks="https://r")) for name in ("DriftFound", "DriftEnded"))
    assert found
    assert ended
    assert (found.topic, found.subject) == ("deployments", "Drift: hello was changed in production")
    for words in ("because", "kiro-worker rollback", "https://r/drift.md"):
        assert words in text(found)
    assert ended.subject == "Drift ended: hello in production"
    assert "kiro-worker rollback" not in text(ended)


def test_who_is_asked_is_told_what_is_left_out() -> None:
    """R14: the mail names the pins that keep parts of the release out."""
    summary = {**SUMMARY, "pinned": "hello is pinned in production"}
    approval = Approval("a", "deploy", "d", "production", summary, [], "t0", "t1", "t2")
    assert "  Left out   hello is pinned in production" in approval_wanted(approval, "l")[1].splitlines()
