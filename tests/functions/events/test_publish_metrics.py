"""Domain events become metrics."""

import json
from typing import Any

import pytest

from functions.events.publish_metrics import measurements
from tests.functions.stack import Stack

TIMES = {
    "breachedAt": "2026-01-31T08:00:00.000Z",
    "startedAt": "2026-01-31T08:00:02.000Z",
    "finishedAt": "2026-01-31T08:01:02.000Z",
    "verifiedAt": "2026-01-31T08:02:02.000Z",
}


@pytest.mark.parametrize(
    ("name", "detail", "expected"),
    [
        (
            "DeploymentFinished",
            {"outcome": "deployed", "durationSeconds": 7},
            {"DeploymentDuration": 7, "DeploymentSucceeded": 1},
        ),
        (
            "DeploymentFinished",
            {"outcome": "failed", "durationSeconds": 7},
            {"DeploymentDuration": 7, "DeploymentNotSucceeded": 1},
        ),
        ("StageFinished", {}, {"StageDuration": 60}),
        ("RollbackStarted", {}, {"RollbackStarted": 1, "BreachToRollback": 2}),
        ("RollbackFinished", {"result": "restored"}, {"RollbackDuration": 120, "RollbackSucceeded": 1}),
        ("RollbackFinished", {"result": "unknown"}, {"RollbackDuration": 120, "RollbackFailed": 1}),
        ("SomethingElse", {}, {}),
    ],
)
def test_each_event_has_its_measures(name: str, detail: dict[str, Any], expected: dict[str, float]) -> None:
    """O2, R9: durations in seconds, and counts."""
    found = measurements(name, {"environment": "test", **TIMES, **detail})
    assert {metric: value for metric, _, value, _ in found} == expected


@pytest.mark.parametrize("name", ["StageFinished", "RollbackFinished", "RollbackStarted"])
@pytest.mark.parametrize("times", [{}, {"startedAt": "", "breachedAt": ""}])
def test_an_event_without_its_times_is_counted_all_the_same(name: str, times: dict[str, str]) -> None:
    """A workflow that could not write its record announces an end without them."""
    found = measurements(name, {"environment": "test", "result": "unknown", **times})
    assert all(unit.value == "Count" for _, unit, _, _ in found)


def test_a_breach_after_the_start_took_no_time() -> None:
    """Clocks differ; a duration is never negative."""
    found = measurements("RollbackStarted", {"environment": "t", **TIMES, "breachedAt": "2026-01-31T09:00:00.000Z"})
    assert found[1][2] == 0


def test_metrics_are_written_as_embedded_format(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    """CloudWatch reads them from the log: namespace, dimension, value."""
    event = {"detail-type": "StageFinished", "detail": {"environment": "test", **TIMES}}
    assert stack.run("events.publish_metrics", event) == {"metrics": 1}
    written = json.loads(capsys.readouterr().out)
    (directive,) = written["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "KiroPipeline"
    assert directive["Dimensions"] == [["environment"]]
    assert (written["environment"], written["StageDuration"]) == ("test", [60.0])
