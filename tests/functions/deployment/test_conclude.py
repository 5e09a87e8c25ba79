"""Conclude of a deployment: one outcome, written once."""

from typing import Any

import pytest

from functions.adapters.deployments_table import DeploymentsTable
from functions.domain.records import StageRecord
from functions.domain.rollback import Compensation
from functions.handler import encode
from tests.functions.samples import DEPLOYMENT, NOW, RELEASE, SERVICE, version
from tests.functions.stack import Stack


def conclude(stack: Stack, outcome: str = "deployed", reason: str = "all well") -> Any:
    """Run the handler."""
    return stack.run("deployment.conclude", {"deploymentId": DEPLOYMENT, "outcome": outcome, "reason": reason})


def test_the_outcome_is_written_and_announced(stack: Stack) -> None:
    """The output is the event, with release, stages and duration."""
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    deployments.note_stage(DEPLOYMENT, "test", StageRecord("passed"))
    answer = conclude(stack)
    assert answer["release"] == encode(RELEASE)
    assert (answer["outcome"], answer["reason"], answer["stages"]) == (
        "deployed",
        "all well",
        {"test": encode(StageRecord("passed"))},
    )
    assert 0 <= answer["durationSeconds"] < 60
    assert stack.deployment()["status"] == "deployed"


def test_a_reason_of_any_length_is_written(stack: Stack) -> None:
    """The error of a task may quote a long text."""
    assert conclude(stack, "failed", "x" * 300_000)["reason"].endswith("x…")


def test_the_first_outcome_stays(stack: Stack) -> None:
    """N3: a second conclusion returns the recorded outcome."""
    first = conclude(stack, "aborted", "stopped")
    assert conclude(stack, "deployed", "all well") == first
    assert stack.deployment()["outcome"] == "aborted"


@pytest.mark.parametrize(
    ("ends", "outcome"),
    [
        ({"test": "restored", "production": "restored"}, "restored"),
        ({"test": "restored", "production": "partly"}, "partly"),
        ({"test": "restored", "production": "unknown"}, "unknown"),
        ({"test": "restored"}, "unknown"),
    ],
)
def test_rollbacks_that_recorded_their_end_count(stack: Stack, ends: dict[str, str], outcome: str) -> None:
    """R4: one that was stopped after its record has restored its environment; one without a record is unknown."""
    deployments = DeploymentsTable.connect(stack.clients)
    deployments.begin(DEPLOYMENT, RELEASE, "arn:e", "push")
    for environment in ("test", "production"):
        deployments.write_ledger(DEPLOYMENT, Compensation(environment, 0, SERVICE, version(), SERVICE, NOW))
    deployments.note(DEPLOYMENT, **{f"rollback_{name}": {"result": result} for name, result in ends.items()})
    assert conclude(stack, "unknown", "its alarm rings")["outcome"] == outcome


def test_a_deployment_without_a_record_has_an_outcome_too(stack: Stack) -> None:
    """Begin could not read GitHub; the outcome is announced, and its record expires like any other."""
    answer = conclude(stack, "failed", "Begin: GitHubNotFoundError")
    assert (answer["release"], answer["durationSeconds"], answer["stages"]) == (None, 0, {})
    assert stack.deployment()["expiresAt"] > 0
