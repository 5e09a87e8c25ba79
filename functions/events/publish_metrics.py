"""Every domain event becomes CloudWatch metrics, in Embedded Metric Format (O2, R9)."""

from datetime import datetime
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from functions.domain import budgets
from functions.entry import Room

ROOM = Room()
_NAMESPACE = "KiroPipeline"
Measurement = tuple[str, MetricUnit, float, str]


def publish_metrics(event: dict[str, Any]) -> dict[str, int]:
    """The event may come twice: counts are then one too many, which alarms forgive and records do not show."""
    measured = measurements(event["detail-type"], event["detail"])
    for name, unit, value, environment in measured:
        with single_metric(name=name, unit=unit, value=value, namespace=_NAMESPACE) as metric:
            metric.add_dimension(name="environment", value=environment)
    return {"metrics": len(measured)}


def measurements(name: str, detail: dict[str, Any]) -> list[Measurement]:
    """What an event measures: (metric, unit, value, environment); `all` stands for the deployment as a whole."""
    if name == "DeploymentFinished":
        good = detail["outcome"] == "deployed"
        late = budgets.overwork(detail)
        return [
            *([("BudgetExceeded", MetricUnit.Count, 1.0, "all")] if late else []),
            ("DeploymentDuration", MetricUnit.Seconds, float(detail["durationSeconds"]), "all"),
            ("DeploymentSucceeded" if good else "DeploymentNotSucceeded", MetricUnit.Count, 1, "all"),
        ]
    if name == "StageFinished":
        return _duration("StageDuration", detail, "startedAt", "finishedAt")
    if name == "RollbackStarted":
        return [
            ("RollbackStarted", MetricUnit.Count, 1, detail["environment"]),
            *_duration("BreachToRollback", detail, "breachedAt", "startedAt"),
        ]
    if name == "RollbackFinished":
        restored = "RollbackSucceeded" if detail["result"] == "restored" else "RollbackFailed"
        late = budgets.overrun(detail.get("startedAt", ""), detail.get("verifiedAt", ""), budgets.ROLLBACK)
        return [
            *([("BudgetExceeded", MetricUnit.Count, 1.0, detail["environment"])] if late else []),
            *_duration("RollbackDuration", detail, "startedAt", "verifiedAt"),
            (restored, MetricUnit.Count, 1, detail["environment"]),
        ]
    if name == "GatesJudged":
        return [
            ("GatePassed" if gate["outcome"] == "passed" else "GateFailed", MetricUnit.Count, 1.0, gate["name"])
            for gate in detail["gates"]
        ]
    if name == "WorkItemFinished":
        return [(f"WorkItem{detail['result'].title()}", MetricUnit.Count, 1, "all")]
    return []


def _duration(name: str, detail: dict[str, Any], start: str, end: str) -> list[Measurement]:
    """A duration in seconds; none where a workflow that could not write its record had no times to tell."""
    if not detail.get(start) or not detail.get(end):
        return []
    seconds = (datetime.fromisoformat(detail[end]) - datetime.fromisoformat(detail[start])).total_seconds()
    return [(name, MetricUnit.Seconds, max(seconds, 0), detail["environment"])]
