"""Commit statuses and GitHub deployment statuses."""

from typing import Any

import pytest
from msgspec.structs import replace

from functions.domain.gates import Verdict
from functions.domain.images import Image
from functions.domain.records import BuildRecord, DeploymentRecord, PlannedStage, PlanRecord, StageRecord
from functions.domain.releases import Release
from functions.domain.statuses import CommitStatus, DeploymentStatus, commit_statuses, deployment_statuses
from functions.handler import encode
from tests.functions.samples import DEPLOYMENT, NOW, RELEASE, event


def test_the_start_announces_every_stage() -> None:
    """The deployment and each of its environments have a pending status."""
    started = event("DeploymentStarted", environments=["test", "production"], reason="hello changed")
    assert commit_statuses(started) == (
        CommitStatus("kiro", "pending", "hello changed"),
        CommitStatus("kiro/test", "pending", "waits for its turn"),
        CommitStatus("kiro/production", "pending", "waits for its turn"),
    )
    assert deployment_statuses(started) == tuple(
        DeploymentStatus(DEPLOYMENT, name, "queued", "waits for its turn") for name in ("test", "production")
    )


@pytest.mark.parametrize(
    ("result", "commit", "deployment"),
    [
        ("passed", "success", "success"),
        ("restored", "failure", "failure"),
        ("partly", "failure", "failure"),
        ("failed", "failure", "failure"),
        ("unknown", "error", "failure"),
        ("rejected", "failure", "inactive"),
        ("expired", "error", "inactive"),
        ("superseded", "error", "inactive"),
        ("void", "error", "inactive"),
        ("held", "error", "inactive"),
    ],
)
def test_the_end_of_a_stage_has_its_states(result: str, commit: str, deployment: str) -> None:
    """The GitHub deployment of a stage that was refused before any change is inactive."""
    ended = event("StageFinished", environment="test", result=result, reason="why")
    assert commit_statuses(ended) == (CommitStatus("kiro/test", commit, f"{result}: why"),)  # type: ignore[arg-type]
    assert deployment_statuses(ended) == (DeploymentStatus(DEPLOYMENT, "test", deployment, f"{result}: why"),)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ("deployed", "success"),
        ("skipped", "success"),
        ("superseded", "error"),
        ("held", "error"),
        ("unknown", "error"),
        ("failed", "failure"),
        ("aborted", "failure"),
    ],
)
def test_the_outcome_is_the_state_of_the_whole(outcome: str, state: str) -> None:
    """The context `kiro` has the state of the outcome."""
    ended = event("DeploymentFinished", outcome=outcome, reason="")
    assert commit_statuses(ended) == (CommitStatus("kiro", state, outcome),)  # type: ignore[arg-type]
    assert deployment_statuses(ended) == ()


def test_images_leave_the_statuses_of_the_commit_alone() -> None:
    """M3: the commit is only that of the manifest, and has a release of its own."""
    release = replace(RELEASE, images={"api": Image("registry/api", "v1", "sha256:1")})
    ended = event("StageFinished", environment="test", result="passed", reason="", release=encode(release))
    assert [one.context for one in commit_statuses(ended)] == ["kiro/images/test"]
    over = event("DeploymentFinished", outcome="failed", reason="no", release=encode(release))
    assert commit_statuses(over) == (CommitStatus("kiro/images", "failure", "failed: no"),)


def test_a_rollback_is_in_progress() -> None:
    """The GitHub deployment is in progress during a rollback."""
    started = event("RollbackStarted", environment="test", reason="errors ring")
    words = "rolling back: errors ring"
    assert deployment_statuses(started) == (DeploymentStatus(DEPLOYMENT, "test", "in_progress", words),)
    assert commit_statuses(started) == ()


def test_what_was_rolled_back_later_is_no_success() -> None:
    """N2: by a person, or by the enhanced watch: the stage had passed long before."""
    ended = event("RollbackFinished", environment="test", result="restored", cause="errors is in ALARM")
    words = "rolled back (restored): errors is in ALARM"
    assert commit_statuses(ended) == (CommitStatus("kiro/test", "failure", words),)
    assert deployment_statuses(ended) == (DeploymentStatus(DEPLOYMENT, "test", "failure", words),)
    unknown = event("RollbackFinished", environment="test", release=encode(Release("", "", "")))
    assert commit_statuses(unknown) == ()


RECORD = DeploymentRecord(
    DEPLOYMENT,
    outcome="failed",
    plan=PlanRecord("deploy", "", tuple(map(PlannedStage, ("test", "staging", "production")))),
    stages={"test": StageRecord("passed"), "staging": StageRecord("restored")},
)
TESTED = {"test": StageRecord("passed")}


def test_an_event_that_comes_again_makes_nothing_pending() -> None:
    """N2: EventBridge repeats events for hours; the final status stays."""
    started = event("DeploymentStarted", environments=["test", "staging", "production"], reason="hello changed")
    held = event("StageHeld", environment="staging", reason="frozen")
    assert (commit_statuses(started, RECORD), commit_statuses(held, RECORD)) == ((), ())
    running = replace(RECORD, outcome="")
    assert [one.context for one in commit_statuses(started, running)] == ["kiro", "kiro/production"]
    assert commit_statuses(held, running) == ()
    assert len(commit_statuses(held, replace(running, stages={}))) == 1


@pytest.mark.parametrize(
    ("outcome", "state", "words"),
    [
        ("failed", "error", "not reached: the deployment is failed"),
        ("skipped", "success", "has nothing to change"),
    ],
)
def test_an_environment_that_was_not_reached_does_not_stay_pending(outcome: str, state: str, words: str) -> None:
    """N2: nobody waits for it any more."""
    ended = event("DeploymentFinished", outcome=outcome, reason="", stages=encode(RECORD.stages))
    assert commit_statuses(ended, RECORD)[1:] == (CommitStatus("kiro/production", state, words),)  # type: ignore[arg-type]


def test_the_end_of_a_release_leaves_what_a_pin_keeps_out() -> None:
    """R14: the environment has something to change; the status is the one of StagePinned, which may come before."""
    reason = "hello is pinned in staging since 2026-01-01 by bob: errors"
    pinned = PlannedStage("staging", skipped={"hello": reason, "web": "unchanged"}, pinned=("hello",))
    record = replace(RECORD, plan=PlanRecord("deploy", "", (PlannedStage("test"), pinned)), stages=TESTED)
    ended = event("DeploymentFinished", outcome="deployed", reason="", stages=encode(TESTED))
    kept_out = event("StagePinned", environment="staging", reason=reason)
    assert commit_statuses(ended, record)[1:] == commit_statuses(kept_out, record)
    failed = event("DeploymentFinished", outcome="failed", reason="", stages=encode(TESTED))
    assert commit_statuses(failed, record)[1].description == "not reached: the deployment is failed"


@pytest.mark.parametrize(
    "name",
    [
        "EnvironmentFrozen",
        "EnvironmentUnfrozen",
        "PartsPinned",
        "PartsUnpinned",
        "DriftFound",
        "DriftEnded",
        "WorkItemFinished",
    ],
)
def test_other_events_have_no_status(name: str) -> None:
    """They are about no commit, or the end of the stage follows."""
    assert (commit_statuses(event(name)), deployment_statuses(event(name))) == ((), ())


def test_gates_have_a_status_of_their_own() -> None:
    """G5: the failed gates are named, or all verdicts if none failed."""
    good = {"name": "tests", "outcome": "passed", "reason": "3 passed"}
    bad = {"name": "security", "outcome": "failed", "reason": "HIGH B602"}
    assert commit_statuses(event("GatesJudged", gates=[good, bad])) == (
        CommitStatus("kiro/gates", "failure", "security: HIGH B602"),
        CommitStatus("kiro/gate/tests", "success", "3 passed"),
        CommitStatus("kiro/gate/security", "failure", "HIGH B602"),
    )
    assert commit_statuses(event("GatesJudged", gates=[good], log="https://log")) == (
        CommitStatus("kiro/gates", "success", "tests: 3 passed", "https://log"),
        CommitStatus("kiro/gate/tests", "success", "3 passed", "https://log"),
    )


def test_the_failed_test_comes_before_the_failed_build() -> None:
    """N2: 140 characters name the test, and not the command that ended because of it."""
    build = {"name": "build", "outcome": "failed", "reason": "the build failed: BUILD: exit 1"}
    tests = {"name": "tests", "outcome": "failed", "reason": "1 of 2 tests failed: c.a"}
    (whole, *_) = commit_statuses(event("GatesJudged", gates=[build, tests]))
    assert whole.description == "tests: 1 of 2 tests failed: c.a; build: the build failed: BUILD: exit 1"


def test_gates_in_an_environment_have_a_status_there() -> None:
    """G5: one each beside that of the stage; the same gate may be in several environments."""
    slow = {"name": "performance", "outcome": "failed", "reason": "3 s in the mean"}
    ended = event("StageFinished", environment="staging", result="restored", reason="slow", gates=[slow])
    assert commit_statuses(ended) == (
        CommitStatus("kiro/staging", "failure", "restored: slow"),
        CommitStatus("kiro/gate/staging/performance", "failure", "3 s in the mean"),
    )


def test_what_tests_in_an_environment_printed_is_linked() -> None:
    """G5: each of their gates leads to the log of their build, and so does the environment if one of them failed."""
    good, bad = ({"name": name, "outcome": name, "reason": "why"} for name in ("passed", "failed"))
    ended = {"environment": "staging", "reason": "why", "log": "https://log"}
    assert commit_statuses(event("StageFinished", result="restored", gates=[good, bad], **ended)) == (
        CommitStatus("kiro/staging", "failure", "restored: why", "https://log"),
        CommitStatus("kiro/gate/staging/passed", "success", "why", "https://log"),
        CommitStatus("kiro/gate/staging/failed", "failure", "why", "https://log"),
    )
    # An alarm rang after good tests, whose log does not say so.
    assert commit_statuses(event("StageFinished", result="restored", gates=[good], **ended)) == (
        CommitStatus("kiro/staging", "failure", "restored: why"),
        CommitStatus("kiro/gate/staging/passed", "success", "why", "https://log"),
    )


@pytest.mark.parametrize(("outcome", "link"), [("failed", "https://log"), ("passed", "")])
def test_a_rollback_after_failed_tests_leads_to_what_they_printed(outcome: Any, link: str) -> None:
    """G5: its event may come after that of the stage, and its status has the same context."""
    verdicts = {"test": (Verdict("e2e", outcome, "why"),), "staging": (Verdict("e2e", "failed", "why"),)}
    record = replace(RECORD, gates_after=verdicts, tests={"test": BuildRecord("https://log")})
    ended = event("RollbackFinished", environment="test", result="restored", cause="e2e: why")
    assert commit_statuses(ended, record) == (
        CommitStatus("kiro/test", "failure", "rolled back (restored): e2e: why", link),
    )


@pytest.mark.parametrize("name", ["DeploymentStarted", "GatesJudged", "StageFinished", "DeploymentFinished"])
def test_an_emergency_is_told_as_one(name: str) -> None:
    """P8: every status of an emergency has that word, once."""
    release = replace(RELEASE, emergency=True)
    changes = {"environment": "test", "gates": [{"name": "tests", "outcome": "passed", "reason": "all"}]}
    reason = "EMERGENCY: no windows" if name == "DeploymentStarted" else "why"
    happened = event(name, release=release, reason=reason, **changes)
    words = [one.description for one in commit_statuses(happened)]
    words += [one.description for one in deployment_statuses(happened)]
    assert {text.count("EMERGENCY: ") for text in words} == {1}
    (going_back,) = deployment_statuses(event("RollbackStarted", release=release, environment="test", reason="why"))
    assert going_back == DeploymentStatus(DEPLOYMENT, "test", "in_progress", "EMERGENCY: rolling back: why")


def test_a_release_that_waits_is_pending_and_says_for_what() -> None:
    """P12: in the status of its environment."""
    held = event("StageHeld", reason="waits for unfreeze of production (by Ada, since today: the fair)")
    words = "waits for unfreeze of production (by Ada, since today: the fair)"
    assert commit_statuses(held) == (CommitStatus("kiro/production", "pending", words),)
    assert deployment_statuses(held) == (DeploymentStatus(DEPLOYMENT, "production", "pending", words),)


def test_a_release_that_a_pin_keeps_out_says_so() -> None:
    """R14: its environment is not green, and nothing is pending for ever."""
    kept = event("StagePinned", reason="hello is pinned in production")
    assert commit_statuses(kept) == (CommitStatus("kiro/production", "error", "hello is pinned in production"),)
    assert deployment_statuses(kept) == ()


PARTS = {"hello": "changed"}
UNDERWAY = DeploymentRecord(
    DEPLOYMENT,
    environment="none",
    status="running",
    plan=PlanRecord(
        "deploy", "", (PlannedStage("test", PARTS), PlannedStage("staging"), PlannedStage("production", PARTS))
    ),
)


def of_deployments(name: str, record: DeploymentRecord, **changes: Any) -> list[tuple[str, str]]:
    """The environment and state of each GitHub deployment status."""
    return [(one.environment, one.state) for one in deployment_statuses(event(name, **changes), record)]


def test_the_environment_that_a_release_enters_is_in_progress() -> None:
    """N2: after the gates the first one, then the next that the release changes; not one where it waits already."""
    good, bad = ({"name": "tests", "outcome": outcome, "reason": ""} for outcome in ("passed", "failed"))
    assert of_deployments("GatesJudged", UNDERWAY, gates=[good]) == [("test", "in_progress")]
    assert of_deployments("GatesJudged", UNDERWAY, gates=[bad]) == []
    passed = replace(UNDERWAY, stages={"test": StageRecord("passed")})
    ended = {"environment": "test", "result": "passed"}
    assert of_deployments("StageFinished", passed, **ended) == [("test", "success"), ("production", "in_progress")]
    waits = replace(passed, environment="production", status="waiting for approval")
    assert of_deployments("StageFinished", waits, **ended) == [("test", "success")]


def test_an_approval_lets_the_environment_be_in_progress_on_github() -> None:
    """N2: it was pending; a rejection ends it with its stage, and an event that comes late changes nothing."""
    approved = {"environment": "test", "purpose": "deploy", "state": "approved", "by": "Ada", "at": NOW}
    assert of_deployments("ApprovalDecided", UNDERWAY, **approved) == [("test", "in_progress")]
    assert of_deployments("ApprovalDecided", UNDERWAY, **{**approved, "state": "rejected"}) == []
    passed = replace(UNDERWAY, stages={"test": StageRecord("passed")})
    assert of_deployments("ApprovalDecided", passed, **approved) == []
    assert commit_statuses(event("ApprovalDecided", **approved)) == ()


def test_what_is_not_reached_is_inactive_on_github() -> None:
    """N2: nothing of a deployment that has ended is queued; an event that comes again does not queue it either."""
    ended = replace(UNDERWAY, outcome="failed")
    assert of_deployments("DeploymentFinished", ended, outcome="failed", stages={}) == [
        ("test", "inactive"),
        ("production", "inactive"),
    ]
    assert of_deployments("DeploymentStarted", ended, environments=["test", "production"]) == []
    assert of_deployments("StageHeld", ended) == []
    passed = replace(UNDERWAY, stages={"test": StageRecord("passed")})
    assert of_deployments("DeploymentStarted", passed, environments=["test", "production"]) == [
        ("production", "queued")
    ]
