"""What GitHub is told of each event."""

import pytest

from functions.domain.statuses import CommitStatus, DeploymentStatus, commit_statuses, deployment_status


def test_the_start_announces_every_stage() -> None:
    """One status for the whole, one per environment that waits for its turn."""
    detail = {"environments": ["test", "production"], "reason": "hello changed"}
    assert commit_statuses("DeploymentStarted", detail) == (
        CommitStatus("kiro", "pending", "hello changed"),
        CommitStatus("kiro/test", "pending", "waits for its turn"),
        CommitStatus("kiro/production", "pending", "waits for its turn"),
    )
    assert deployment_status("DeploymentStarted", detail) is None


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
    ],
)
def test_the_end_of_a_stage_has_its_states(result: str, commit: str, deployment: str | None) -> None:
    """What was never deployed is no failed deployment on GitHub."""
    detail = {"environment": "test", "result": result, "reason": "why"}
    assert commit_statuses("StageFinished", detail) == (CommitStatus("kiro/test", commit, f"{result}: why"),)  # type: ignore[arg-type]
    told = deployment_status("StageFinished", detail)
    assert (told.state if told else None) == deployment


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ("deployed", "success"),
        ("skipped", "success"),
        ("superseded", "error"),
        ("unknown", "error"),
        ("failed", "failure"),
        ("aborted", "failure"),
    ],
)
def test_the_outcome_is_the_state_of_the_whole(outcome: str, state: str) -> None:
    """The context `kiro` ends as the deployment did."""
    told = commit_statuses("DeploymentFinished", {"outcome": outcome, "reason": ""})
    assert told == (CommitStatus("kiro", state, outcome),)  # type: ignore[arg-type]
    assert deployment_status("DeploymentFinished", {"outcome": outcome}) is None


def test_a_rollback_is_in_progress() -> None:
    """The GitHub deployment says that the environment goes back."""
    told = deployment_status("RollbackStarted", {"environment": "test", "reason": "errors ring"})
    assert told == DeploymentStatus("test", "in_progress", "rolling back: errors ring")
    assert commit_statuses("RollbackStarted", {}) == ()


def test_gates_have_a_status_of_their_own() -> None:
    """G5: what failed is named; all verdicts when none did."""
    good = {"name": "tests", "outcome": "passed", "reason": "3 passed"}
    bad = {"name": "security", "outcome": "failed", "reason": "HIGH B602"}
    assert commit_statuses("GatesJudged", {"gates": [good, bad]}) == (
        CommitStatus("kiro/gates", "failure", "security: HIGH B602"),
    )
    assert commit_statuses("GatesJudged", {"gates": [good]}) == (
        CommitStatus("kiro/gates", "success", "tests: 3 passed"),
    )


@pytest.mark.parametrize("name", ["DeploymentStarted", "GatesJudged", "StageFinished", "DeploymentFinished"])
def test_an_emergency_is_told_as_one(name: str) -> None:
    """P8: in every status, once."""
    detail = {
        "release": {"emergency": True},
        "environment": "test",
        "environments": ["test"],
        "gates": [{"name": "tests", "outcome": "passed", "reason": "all"}],
        "result": "passed",
        "outcome": "deployed",
        "reason": "EMERGENCY: no windows" if name == "DeploymentStarted" else "why",
    }
    for status in (*commit_statuses(name, detail), deployment_status(name, detail)):
        assert status is None or status.description.count("EMERGENCY: ") == 1
    going_back = deployment_status("RollbackStarted", {**detail, "reason": "why"})
    assert going_back == DeploymentStatus("test", "in_progress", "EMERGENCY: rolling back: why")
