"""Publishes CloudWatch metrics of each domain event, in Embedded Metric Format (O2, R9)."""

from collections.abc import Sequence
from typing import Any, assert_never

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from functions.adapters.bus import read_event
from functions.adapters.metrics import NAMESPACE
from functions.domain import budgets
from functions.domain.events import (
    ApprovalDecided,
    DeploymentFinished,
    DeploymentStarted,
    EnvironmentEvent,
    Event,
    GatesJudged,
    RollbackFinished,
    RollbackStarted,
    StageFinished,
    StageHeld,
    StagePinned,
    WorkItemFinished,
)
from functions.domain.gates import Verdict
from functions.domain.times import seconds_between
from functions.handler import Handler

HANDLER = Handler()
Measurement = tuple[str, MetricUnit, float, str]
# Results of stages that changed their environment.
_CHANGED = frozenset({"passed", "restored", "partly", "unknown"})


def publish_metrics(event: dict[str, Any]) -> dict[str, int]:
    """Publish the metrics of an event; a repeated event is counted twice, which only metrics show."""
    measured = measurements(read_event(event))
    for name, unit, value, environment in measured:
        with single_metric(name=name, unit=unit, value=value, namespace=NAMESPACE) as metric:
            metric.add_dimension(name="environment", value=environment)
    return {"metrics": len(measured)}


def measurements(event: Event) -> list[Measurement]:
    """The metrics of an event: (metric, unit, value, environment); `all` stands for the deployment as a whole.

    A rate is published as 100 or 0 for each event, so that its average is the rate.
    """
    match event:
        case DeploymentFinished():
            good = event.outcome == "deployed"
            took = [
                *_late(budgets.overwork(event), "all"),
                ("DeploymentDuration", MetricUnit.Seconds, event.duration_seconds, "all"),
            ]
            if event.outcome == "held":  # kept out by a freeze: neither a success nor a failure (P12)
                return took
            return [
                *took,
                ("DeploymentSucceeded" if good else "DeploymentNotSucceeded", MetricUnit.Count, 1, "all"),
                ("DeploymentSuccessRate", MetricUnit.Percent, 100.0 * good, "all"),
            ]
        case StageFinished():
            duration = _duration("StageDuration", event.started_at, event.finished_at, event.environment)
            return [*duration, *_dora(event), *_verdicts(event.gates)]
        case RollbackStarted():
            return [
                ("RollbackStarted", MetricUnit.Count, 1, event.environment),
                *_duration("BreachToRollback", event.breached_at, event.started_at, event.environment),
            ]
        case RollbackFinished():
            restored, environment = event.result == "restored", event.environment
            restore = _duration("TimeToRestore", event.breached_at, event.verified_at, environment)
            return [
                *_late(budgets.overrun(event.started_at, event.verified_at, budgets.ROLLBACK), environment),
                *_duration("RollbackDuration", event.started_at, event.verified_at, environment),
                *(restore if restored else []),
                ("RollbackSucceeded" if restored else "RollbackFailed", MetricUnit.Count, 1, environment),
                ("RollbackSuccessRate", MetricUnit.Percent, 100.0 * restored, environment),
            ]
        case GatesJudged():
            return [*_verdicts(event.gates), *_figures(event.figures)]
        case WorkItemFinished():
            opened = event.result == "passed"
            tried = event.result in ("passed", "failed")
            return [
                (f"WorkItem{event.result.title()}", MetricUnit.Count, 1, "all"),
                *([("PullRequestSuccessRate", MetricUnit.Percent, 100.0 * opened, "all")] if tried else []),
                *_duration("WorkItemDuration", event.started_at, event.finished_at, "all"),
            ]
        case DeploymentStarted() | StageHeld() | StagePinned() | ApprovalDecided() | EnvironmentEvent():
            return []
        case _:
            assert_never(event)


def _verdicts(gates: Sequence[Verdict]) -> list[Measurement]:
    """One count for each gate, before any deployment and in an environment alike; its dimension is the gate's name."""
    return [
        ("GatePassed" if gate.outcome == "passed" else "GateFailed", MetricUnit.Count, 1.0, gate.name) for gate in gates
    ]


def _figures(figures: dict[str, float]) -> list[Measurement]:
    """The figures of gates: `testsRun` is the metric `TestsRun`."""
    from functions.gates.registry import units  # imported here, since few events need it and it slows the cold start

    known = units()
    return [
        (name[0].upper() + name[1:], MetricUnit(known[name]), float(value), "all") for name, value in figures.items()
    ]


def _late(overrun: str, environment: str) -> list[Measurement]:
    return [("BudgetExceeded", MetricUnit.Count, 1.0, environment)] if overrun else []


def _dora(event: StageFinished) -> list[Measurement]:
    """Waiting times and DORA metrics of one environment; the lead time begins with the commit."""
    waits = (("QueueTime", event.queue_seconds), ("ApprovalWait", event.approval_seconds or None))
    found: list[Measurement] = [
        (name, MetricUnit.Seconds, seconds, event.environment) for name, seconds in waits if seconds is not None
    ]
    if event.result in _CHANGED:
        found.append(("Change", MetricUnit.Count, 1, event.environment))
    if event.result == "passed":
        found.append(("ChangeSucceeded", MetricUnit.Count, 1, event.environment))
        found += _duration("LeadTime", event.release.committed_at, event.finished_at, event.environment)
    return found


def _duration(name: str, start: str, end: str, environment: str) -> list[Measurement]:
    """A duration in seconds; none if a time is missing, since the workflow could not write its record."""
    seconds = seconds_between(start, end)
    return [] if seconds is None else [(name, MetricUnit.Seconds, max(seconds, 0), environment)]
