"""Conclude of a deployment: one outcome, written once."""

from typing import Any

from functions.adapters.deployments_table import DeploymentsTable
from functions.entry import encode
from tests.functions.samples import DEPLOYMENT, RELEASE
from tests.functions.stack import Stack


def conclude(stack: Stack, outcome: str = "deployed", reason: str = "all well") -> Any:
    """Run the room."""
    return stack.run("deployment.conclude", {"deploymentId": DEPLOYMENT, "outcome": outcome, "reason": reason})


def test_the_outcome_is_written_and_announced(stack: Stack) -> None:
    """The answer is the event: release, stages, duration."""
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    deployments.note_stage(DEPLOYMENT, "test", {"result": "passed"})
    answer = conclude(stack)
    assert answer["release"] == encode(RELEASE)
    assert (answer["outcome"], answer["reason"], answer["stages"]) == (
        "deployed",
        "all well",
        {"test": {"result": "passed"}},
    )
    assert 0 <= answer["durationSeconds"] < 60
    assert stack.deployment()["status"] == "deployed"


def test_who_concluded_first_is_right(stack: Stack) -> None:
    """N3: a second conclusion gets the outcome that stands."""
    first = conclude(stack, "aborted", "stopped")
    assert conclude(stack, "deployed", "all well") == first
    assert stack.deployment()["outcome"] == "aborted"


def test_a_deployment_without_a_record_has_an_outcome_too(stack: Stack) -> None:
    """Begin could not ask GitHub: the outcome is told all the same, and expires as every record does."""
    answer = conclude(stack, "failed", "Begin: GitHubNotFoundError")
    assert (answer["release"], answer["durationSeconds"], answer["stages"]) == (None, 0, {})
    assert stack.deployment()["expiresAt"] > 0
