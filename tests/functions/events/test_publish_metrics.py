"""Domain events become metrics."""

import json
from typing import Any

import pytest

from functions.events.publish_metrics import measurements
from tests.functions.samples import detail, event
from tests.functions.stack import Stack

TIMES = {
    "breachedAt": "2026-01-31T08:00:00.000Z",
    "startedAt": "2026-01-31T08:00:02.000Z",
    "finishedAt": "2026-01-31T08:01:02.000Z",
    "verifiedAt": "2026-01-31T08:02:02.000Z",
}


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        (
            "DeploymentFinished",
            {"outcome": "deployed", "durationSeconds": 7},
            {"DeploymentDuration": 7, "DeploymentSucceeded": 1, "DeploymentSuccessRate": 100},
        ),
        (
            "DeploymentFinished",
            {"outcome": "failed", "durationSeconds": 7},
            {"DeploymentDuration": 7, "DeploymentNotSucceeded": 1, "DeploymentSuccessRate": 0},
        ),
        ("StageFinished", {"result": "rejected"}, {"StageDuration": 60}),
        (
            "StageFinished",
            {"result": "rejected", "queueSeconds": None, "approvalSeconds": 90.5},
            {"StageDuration": 60, "ApprovalWait": 90.5},
        ),
        (
            "StageFinished",
            {"result": "passed", "queueSeconds": 0, "approvalSeconds": 0},
            {"StageDuration": 60, "QueueTime": 0, "Change": 1, "ChangeSucceeded": 1, "LeadTime": 3662},
        ),
        ("StageFinished", {"result": "restored"}, {"StageDuration": 60, "Change": 1}),
        ("StageFinished", {"result": "partly"}, {"StageDuration": 60, "Change": 1}),
        ("RollbackStarted", {}, {"RollbackStarted": 1, "BreachToRollback": 2}),
        (
            "RollbackFinished",
            {"result": "restored"},
            {"RollbackDuration": 120, "TimeToRestore": 122, "RollbackSucceeded": 1, "RollbackSuccessRate": 100},
        ),
        (
            "GatesJudged",
            {"gates": [], "figures": {"testsRun": 9, "testsFailed": 0, "testsSkipped": 1, "lineCoverage": 84.5}},
            {"TestsRun": 9, "TestsFailed": 0, "TestsSkipped": 1, "LineCoverage": 84.5},
        ),
        ("GatesJudged", {"gates": [], "figures": {"branchCoverage": 70.0}}, {"BranchCoverage": 70}),
        (
            "StageFinished",
            {"result": "restored", "gates": [{"name": "e2e", "outcome": "failed", "reason": "no"}]},
            {"StageDuration": 60, "Change": 1, "GateFailed": 1},
        ),
        (
            "RollbackFinished",
            {"result": "unknown"},
            {"RollbackDuration": 120, "RollbackFailed": 1, "RollbackSuccessRate": 0},
        ),
        ("DeploymentStarted", {}, {}),
        ("StageHeld", {}, {}),
        ("StagePinned", {}, {}),
        ("ApprovalDecided", {}, {}),
        ("PartsPinned", {}, {}),
        ("PartsUnpinned", {}, {}),
        ("DriftFound", {}, {}),
        ("DriftEnded", {}, {}),
        ("DeploymentFinished", {"outcome": "held", "durationSeconds": 9.0}, {"DeploymentDuration": 9}),
        ("EnvironmentFrozen", {}, {}),
        ("EnvironmentUnfrozen", {}, {}),
        ("WorkItemFinished", {"result": "ineligible"}, {"WorkItemIneligible": 1, "WorkItemDuration": 60}),
        (
            "WorkItemFinished",
            {"result": "passed"},
            {"WorkItemPassed": 1, "PullRequestSuccessRate": 100, "WorkItemDuration": 60},
        ),
        (
            "WorkItemFinished",
            {"result": "failed"},
            {"WorkItemFailed": 1, "PullRequestSuccessRate": 0, "WorkItemDuration": 60},
        ),
    ],
)
def test_each_event_has_its_metrics(name: str, changes: dict[str, Any], expected: dict[str, float]) -> None:
    """O2, R9: durations in seconds, and counts."""
    found = measurements(event(name, **{"environment": "test", **TIMES, **changes}))
    assert {metric: value for metric, _, value, _ in found} == expected


@pytest.mark.parametrize("name", ["StageFinished", "RollbackFinished", "RollbackStarted"])
@pytest.mark.parametrize("times", [{}, {"startedAt": "", "breachedAt": ""}])
def test_an_event_without_times_is_counted(name: str, times: dict[str, str]) -> None:
    """A workflow that could not write its record announces its end without times."""
    found = measurements(event(name, **{"result": "unknown", **times}))
    assert all(unit.value != "Seconds" for _, unit, _, _ in found)


@pytest.mark.parametrize("result", ["rejected", "expired", "superseded", "held", "failed"])
def test_a_stage_that_changed_nothing_is_no_change(result: str) -> None:
    """DORA counts changes of an environment; only a good release has a lead time."""
    found = measurements(event("StageFinished", result=result, **TIMES))
    assert [name for name, *_ in found] == ["StageDuration"]


def test_figures_of_the_whole_have_no_environment_and_those_of_a_stage_do() -> None:
    """`all` stands for the release; lead times are separate for each environment."""
    judged = measurements(event("GatesJudged", figures={"lineCoverage": 90.0}))
    assert [(unit.value, where) for _, unit, _, where in judged] == [("Percent", "all")]
    passed = measurements(event("StageFinished", **TIMES))
    assert {where for *_, where in passed} == {"production"}


def test_a_breach_after_the_start_took_no_time() -> None:
    """Clocks differ, but a duration is never negative."""
    found = measurements(event("RollbackStarted", **{**TIMES, "breachedAt": "2026-01-31T09:00:00.000Z"}))
    assert found[1][2] == 0


def test_metrics_are_written_as_embedded_format(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    """CloudWatch reads namespace, dimension and value from the log."""
    rejected = detail("StageFinished", environment="test", result="rejected", **TIMES)
    handed = {"detail-type": "StageFinished", "detail": rejected}
    assert stack.run("events.publish_metrics", handed) == {"metrics": 1}
    written = json.loads(capsys.readouterr().out)
    (directive,) = written["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "KiroPipeline"
    assert directive["Dimensions"] == [["environment"]]
    assert (written["environment"], written["StageDuration"]) == ("test", [60.0])
