"""Time budgets of steps, and the report of a step that exceeds its budget."""

import pytest

from functions.domain import budgets
from functions.domain.events import DeploymentFinished
from functions.domain.gates import Verdict
from functions.domain.mails import mail
from functions.domain.messages import compose
from functions.events.publish_metrics import measurements
from tests.functions.samples import event

START = "2026-01-31T08:00:00.000Z"


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        ("2026-01-31T08:15:00.000Z", ""),
        ("2026-01-31T08:17:00.000Z", "took 17 min, 15 allowed"),
        ("", ""),
    ],
)
def test_a_late_rollback_is_told_and_counted(ended: str, said: str) -> None:
    """P10: a rollback over its budget is in the mail and a metric; one within it, or without times, is not."""
    assert budgets.overrun(START, ended, budgets.ROLLBACK) == said
    finished = event("RollbackFinished", startedAt=START, verifiedAt=ended)
    message = compose(finished)
    assert message
    assert ("took 17 min" in mail(message)) is bool(said)
    names = [name for name, *_ in measurements(finished)]
    assert ("BudgetExceeded" in names) is bool(said)


FINISHED = {
    "durationSeconds": 7500.0,
    "stages": {
        "test": {"result": "passed", "waitedSeconds": 600.0},
        "production": {"result": "passed", "waitedSeconds": 3300.5},
    },
}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"durationSeconds": 7501.0}, "took 60 min, 60 allowed"),
        ({"stages": {}}, "took 125 min, 60 allowed"),
        ({"stages": {"test": {"result": "passed"}}}, "took 125 min, 60 allowed"),
        ({"stages": {}, "outcome": "aborted"}, ""),
        ({"stages": {}, "outcome": "timed out"}, ""),
    ],
)
def test_a_deployment_that_worked_too_long_is_told_and_counted(changes: dict[str, object], said: str) -> None:
    """P10: waits for windows, people and locks are not counted; a stopped deployment is never reported as late."""
    finished = event("DeploymentFinished", **{**FINISHED, **changes})
    assert isinstance(finished, DeploymentFinished)
    assert budgets.overwork(finished) == said
    message = compose(finished)
    assert message
    assert mail(message).count("allowed") == bool(said)
    names = [name for name, *_ in measurements(finished)]
    assert ("BudgetExceeded" in names) is bool(said)


def test_parts_have_their_budgets() -> None:
    """Infrastructure 15 minutes, anything else 10."""
    assert (budgets.of_part("infrastructure"), budgets.of_part("hello")) == (15, 10)


def test_verdicts_of_gates_are_counted() -> None:
    """G5: each verdict is a metric of its gate."""
    gates = [Verdict("tests", "passed", "3 passed"), Verdict("security", "failed", "HIGH B602")]
    assert [(name, where) for name, _, _, where in measurements(event("GatesJudged", gates=gates))] == [
        ("GatePassed", "tests"),
        ("GateFailed", "security"),
    ]
