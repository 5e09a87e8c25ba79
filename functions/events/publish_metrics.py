"""Every domain event becomes CloudWatch metrics, in Embedded Metric Format (O2, R9)."""

from datetime import datetime
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from functions.adapters.metrics import NAMESPACE
from functions.domain import budgets
from functions.handler import Handler

HANDLER = Handler()
Measurement = tuple[str, MetricUnit, float, str]
# How a stage ended that had changed its environment; any other end left it as it was.
_CHANGED = frozenset({"passed", "restored", "partly", "unknown"})


def publish_metrics(event: dict[str, Any]) -> dict[str, int]:
    """The event may come twice: counts are then one too many, which alarms forgive and records do not show."""
    measured = measurements(event["detail-type"], event["detail"])
    for name, unit, value, environment in measured:
        with single_metric(name=name, unit=unit, value=value, namespace=NAMESPACE) as metric:
            metric.add_dimension(name="environment", value=environment)
    return {"metrics": len(measured)}


def measurements(name: str, detail: dict[str, Any]) -> list[Measurement]:
    """What an event measures: (metric, unit, value, environment); `all` stands for the deployment as a whole.

    A rate is 100 or 0 of each one, so that its average is the rate of all.
    """
    if name == "DeploymentFinished":
        good = detail["outcome"] == "deployed"
        late = budgets.overwork(detail)
        return [
            *([("BudgetExceeded", MetricUnit.Count, 1.0, "all")] if late else []),
            ("DeploymentDuration", MetricUnit.Seconds, float(detail["durationSeconds"]), "all"),
            ("DeploymentSucceeded" if good else "DeploymentNotSucceeded", MetricUnit.Count, 1, "all"),
            ("DeploymentSuccessRate", MetricUnit.Percent, 100.0 * good, "all"),
        ]
    if name == "StageFinished":
        return [*_duration("StageDuration", detail, "startedAt", "finishedAt"), *_of_stage(detail)]
    if name == "RollbackStarted":
        return [
            ("RollbackStarted", MetricUnit.Count, 1, detail["environment"]),
            *_duration("BreachToRollback", detail, "breachedAt", "startedAt"),
        ]
    if name == "RollbackFinished":
        restored = detail["result"] == "restored"
        late = budgets.overrun(detail.get("startedAt", ""), detail.get("verifiedAt", ""), budgets.ROLLBACK)
        return [
            *([("BudgetExceeded", MetricUnit.Count, 1.0, detail["environment"])] if late else []),
            *_duration("RollbackDuration", detail, "startedAt", "verifiedAt"),
            *(_duration("TimeToRestore", detail, "breachedAt", "verifiedAt") if restored else []),
            ("RollbackSucceeded" if restored else "RollbackFailed", MetricUnit.Count, 1, detail["environment"]),
            ("RollbackSuccessRate", MetricUnit.Percent, 100.0 * restored, detail["environment"]),
        ]
    if name == "GatesJudged":
        verdicts = [
            ("GatePassed" if gate["outcome"] == "passed" else "GateFailed", MetricUnit.Count, 1.0, gate["name"])
            for gate in detail["gates"]
        ]
        return [*verdicts, *_figures(detail.get("figures", {}))]
    if name == "WorkItemFinished":
        return [(f"WorkItem{detail['result'].title()}", MetricUnit.Count, 1, "all")]
    return []


def _figures(figures: dict[str, float]) -> list[Measurement]:
    """What gates measured: `testsRun` is the metric `TestsRun`."""
    from functions.gates.registry import units  # one event in many needs the gates: the others' cold starts do not pay

    known = units()
    return [
        (name[0].upper() + name[1:], MetricUnit(known[name]), float(value), "all") for name, value in figures.items()
    ]


def _of_stage(detail: dict[str, Any]) -> list[Measurement]:
    """What one environment waited for, and its share of DORA; the lead time begins with the commit itself."""
    environment, result = detail["environment"], detail["result"]
    waits = (("QueueTime", detail.get("queueSeconds")), ("ApprovalWait", detail.get("approvalSeconds") or None))
    found: list[Measurement] = [
        (name, MetricUnit.Seconds, float(seconds), environment) for name, seconds in waits if seconds is not None
    ]
    if result in _CHANGED:
        found.append(("Change", MetricUnit.Count, 1, environment))
    if result == "passed":
        found.append(("ChangeSucceeded", MetricUnit.Count, 1, environment))
        committed = detail["release"]["committedAt"]
        found += _duration("LeadTime", {**detail, "committedAt": committed}, "committedAt", "finishedAt")
    return found


def _duration(name: str, detail: dict[str, Any], start: str, end: str) -> list[Measurement]:
    """A duration in seconds; none where a workflow that could not write its record had no times to tell."""
    if not detail.get(start) or not detail.get(end):
        return []
    seconds = (datetime.fromisoformat(detail[end]) - datetime.fromisoformat(detail[start])).total_seconds()
    return [(name, MetricUnit.Seconds, max(seconds, 0), detail["environment"])]
