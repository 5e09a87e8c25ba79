"""`kiro-worker cost`: what was used, and its price."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.prices import BUILD_MINUTE, TRANSITION, Counted
from tests.cli.conftest import Kiro
from tests.cli.test_releases import begun
from tests.functions.samples import DEPLOYMENT

PROJECT = "kiro-pipeline-test-build-1a2b"
# A task that succeeded at the third try: two retries, which AWS bills. (API_HistoryEvent)
EVENTS = ("ExecutionStarted", "PassStateEntered", "TaskStateEntered", *["TaskScheduled", "TaskFailed"] * 2)
EVENTS += ("TaskScheduled", "TaskSucceeded", "TaskStateExited", "SucceedStateEntered", "ExecutionSucceeded")


def build(name: str, deployment: str, seconds: float) -> dict[str, Any]:
    """A build that began now."""
    begins = datetime.now(UTC) + timedelta(seconds=1)
    variables = [{"name": "KIRO_DEPLOYMENT", "value": deployment}]
    environment = {"computeType": "BUILD_GENERAL1_SMALL", "environmentVariables": variables}
    return {
        "id": name,
        "startTime": begins,
        "endTime": begins + timedelta(seconds=seconds),
        "environment": environment,
    }


@pytest.fixture
def used(kiro: Kiro, monkeypatch: pytest.MonkeyPatch) -> Kiro:
    """A deployment with two builds, among those of others; moto has neither histories of executions nor builds."""
    begun(kiro)
    builds = [build("b1", DEPLOYMENT, 61), build("b2", DEPLOYMENT, 5), build("b3", "main-other", 600)]
    answers = {
        "ListProjects": {"projects": [PROJECT, "another-project"]},
        "ListBuildsForProject": {"ids": [one["id"] for one in builds]},
        "BatchGetBuilds": {"builds": builds},
        "GetExecutionHistory": {"events": [{"type": kind} for kind in EVENTS]},
    }
    original = type(kiro.clients.client("codebuild"))._make_api_call
    monkeypatch.setattr(
        "botocore.client.BaseClient._make_api_call",
        lambda self, name, given: answers[name] if name in answers else original(self, name, given),
    )
    return kiro


def test_the_cost_of_a_deployment_is_that_of_its_transitions_and_builds(used: Kiro) -> None:
    """Retries are transitions, and each build is rounded up to the next minute."""
    (one,) = used.json("cost", DEPLOYMENT)
    assert (one["transitions"], one["builds"], one["buildMinutes"]) == (3 + 2, 2, 2 + 1)
    assert one["dollars"] == round(5 * 0.025 / 1000 + 3 * 0.005, 4)


def test_without_a_name_recent_deployments_are_listed(used: Kiro) -> None:
    """With their sum; an unknown name is an error with the next step."""
    assert [one["deployment"] for one in used.json("cost")] == [DEPLOYMENT]
    head, line, total = used.run("cost").stdout.splitlines()
    assert (head.split()[0], line.split()[0], total) == ("deployment", DEPLOYMENT, "together 0.02 US dollars")
    assert "`kiro-worker history` lists them" in used.run("cost", "main-x").stderr


def test_an_unknown_compute_type_is_not_cheaper_than_a_known_one() -> None:
    """A sum may be too high, and is never too low."""
    assert Counted(0, (("BUILD_LAMBDA_1GB", 60.0),)).dollars == max(BUILD_MINUTE.values())
    assert Counted(0, ()).dollars == 0


def test_the_document_has_the_same_prices() -> None:
    """One source: the table of docs/cost.md."""
    text = (Path(__file__).parents[2] / "docs" / "cost.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| ([^|]+?) +\| +([\d.]+) \|", text, re.MULTILINE))
    assert float(rows["1,000 state transitions"]) == TRANSITION * 1000
    for compute, price in BUILD_MINUTE.items():
        assert float(rows[f"build minute, `{compute.rpartition('_')[2].lower()}`"]) == price
