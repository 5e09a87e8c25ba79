"""Every domain event becomes CloudWatch metrics, in Embedded Metric Format (O2, R9)."""

from datetime import datetime
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from functions.entry import Room

ROOM = Room()
_NAMESPACE = "KiroPipeline"


def publish_metrics(event: dict[str, Any]) -> dict[str, int]:
    """The event may come twice: counts are then one too many, which alarms forgive and records do not show."""
    measured = measurements(event["detail-type"], event["detail"])
    for name, unit, value, environment in measured:
        with single_metric(name=name, unit=unit, value=value, namespace=_NAMESPACE) as metric:
            metric.add_dimension(name="environment", value=environment)
    return {"metrics": len(measured)}


def measurements(name: str, detail: dict[str, Any]) -> list[tuple[str, MetricUnit, float, str]]:
    """What an event measures: (metric, unit, value, environment); `all` stands for the deployment as a whole."""
    if name == "DeploymentFinished":
        good = detail["outcome"] == "deployed"
        return [
            ("DeploymentDuration", MetricUnit.Seconds, float(detail["durationSeconds"]), "all"),
            ("DeploymentSucceeded" if good else "DeploymentNotSucceeded", MetricUnit.Count, 1, "all"),
        ]
    if name == "StageFinished":
        seconds = _between(detail["startedAt"], detail["finishedAt"])
        return [("StageDuration", MetricUnit.Seconds, seconds, detail["environment"])]
    if name == "RollbackStarted":
        seconds = _between(detail["breachedAt"], detail["startedAt"])
        return [
            ("RollbackStarted", MetricUnit.Count, 1, detail["environment"]),
            ("BreachToRollback", MetricUnit.Seconds, max(seconds, 0), detail["environment"]),
        ]
    if name == "RollbackFinished":
        environment = detail["environment"]
        restored = "RollbackSucceeded" if detail["result"] == "restored" else "RollbackFailed"
        seconds = _between(detail["startedAt"], detail["verifiedAt"])
        return [
            ("RollbackDuration", MetricUnit.Seconds, seconds, environment),
            (restored, MetricUnit.Count, 1, environment),
        ]
    return []


def _between(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
