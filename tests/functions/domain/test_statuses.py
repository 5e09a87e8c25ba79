"""Commit statuses and GitHub deployment statuses."""

from dataclasses import replace

import pytest

from functions.domain.images import Image
from functions.domain.records import DeploymentRecord, PlannedStage, PlanRecord, StageRecord
from functions.domain.releases import Release
from functions.domain.statuses import CommitStatus, DeploymentStatus, commit_statuses, deployment_status
from functions.handler import encode
from tests.functions.samples import DEPLOYMENT, RELEASE, event


def test_the_start_announces_every_stage() -> None:
    """The deployment and each of its environments have a pending status."""
    started = event("DeploymentStarted", environments=["test", "production"], reason="hello changed")
    assert commit_statuses(started) == (
        CommitStatus("kiro", "pending", "hello changed"),
        CommitStatus("kiro/test", "pending", "waits for its turn"),
        CommitStatus("kiro/production", "pending", "waits for its turn"),
    )
    assert deployment_status(started) is None


@pytest.mark.parametrize(
    ("result", "commit", "deployment"),
    [
        ("passed", "success", "success"),
        ("restored", "failure", "failure"),
        ("partly", "failure", "failure"),
        ("failed", "failure", "failure"),
        ("unknown", "error", "failure"),
        ("rejected", "failure", None),
        ("expired", "error", None),
        ("superseded", "error", None),
        ("void", "error", None),
        ("held", "error", None),
    ],
)
def test_the_end_of_a_stage_has_its_states(result: str, commit: str, deployment: str | None) -> None:
    """A stage that was refused before any change has no GitHub deployment status."""
    ended = event("StageFinished", environment="test", result=result, reason="why")
    assert commit_statuses(ended) == (CommitStatus("kiro/test", commit, f"{result}: why"),)  # type: ignore[arg-type]
    status = deployment_status(ended)
    assert (status.state if status else None) == deployment


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
    assert deployment_status(ended) is None


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
    assert deployment_status(started) == DeploymentStatus(DEPLOYMENT, "test", "in_progress", words)
    assert commit_statuses(started) == ()


def test_what_was_rolled_back_later_is_no_success() -> None:
    """N2: by a person, or by the enhanced watch: the stage had passed long before."""
    ended = event("RollbackFinished", environment="test", result="restored", cause="errors is in ALARM")
    words = "rolled back (restored): errors is in ALARM"
    assert commit_statuses(ended) == (CommitStatus("kiro/test", "failure", words),)
    assert deployment_status(ended) == DeploymentStatus(DEPLOYMENT, "test", "failure", words)
    unknown = event("RollbackFinished", environment="test", release=encode(Release("", "", "")))
    assert commit_statuses(unknown) == ()


RECORD = DeploymentRecord(
    DEPLOYMENT,
    outcome="failed",
    plan=PlanRecord("deploy", "", tuple(map(PlannedStage, ("test", "staging", "production")))),
    stages={"test": StageRecord("passed"), "staging": StageRecord("restored")},
)


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
        "ApprovalDecided",
    ],
)
def test_other_events_have_no_status(name: str) -> None:
    """They are about no commit, or the end of the stage follows."""
    assert (commit_statuses(event(name)), deployment_status(event(name))) == ((), None)


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


@pytest.mark.parametrize("name", ["DeploymentStarted", "GatesJudged", "StageFinished", "DeploymentFinished"])
def test_an_emergency_is_told_as_one(name: str) -> None:
    """P8: every status of an emergency has that word, once."""
    release = replace(RELEASE, emergency=True)
    changes = {"environment": "test", "gates": [{"name": "tests", "outcome": "passed", "reason": "all"}]}
    reason = "EMERGENCY: no windows" if name == "DeploymentStarted" else "why"
    happened = event(name, release=release, reason=reason, **changes)
    for status in (*commit_statuses(happened), deployment_status(happened)):
        assert status is None or status.description.count("EMERGENCY: ") == 1
    going_back = deployment_status(event("RollbackStarted", release=release, environment="test", reason="why"))
    assert going_back == DeploymentStatus(DEPLOYMENT, "test", "in_progress", "EMERGENCY: rolling back: why")


def test_a_release_that_waits_is_pending_and_says_for_what() -> None:
    """P12: in the status of its environment."""
    held = event("StageHeld", reason="waits for unfreeze of production (by Ada, since today: the fair)")
    words = "waits for unfreeze of production (by Ada, since today: the fair)"
    assert commit_statuses(held) == (CommitStatus("kiro/production", "pending", words),)
    assert deployment_status(held) is None


def test_a_release_that_a_pin_keeps_out_says_so() -> None:
    """R14: its environment is not green, and nothing is pending for ever."""
    kept = event("StagePinned", reason="hello is pinned in production")
    assert commit_statuses(kept) == (CommitStatus("kiro/production", "error", "hello is pinned in production"),)
    assert deployment_status(kept) is None
