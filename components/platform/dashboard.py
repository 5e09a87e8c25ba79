"""The dashboard (O4): deployments, waits, DORA metrics, builds, errors of functions and the age of secrets."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.functions.resources import StackResources
from components.platform.pipeline import Pipeline
from components.platform.projects import BUILD
from functions.adapters.metrics import NAMESPACE
from functions.domain.projects import project_of

_HOUR, _DAY = 3600, 86_400
# A line of a graph in CloudWatch's format: a metric with its dimensions, or an expression over other lines.
_Line = Sequence[Any]


@dataclass(frozen=True, slots=True)
class _Graph:
    """One graph; `period` in seconds, `stat` for lines that have no statistic of their own."""

    title: str
    lines: Sequence[_Line]
    stat: str = "Sum"
    period: int = 300


def dashboard_body(stack: StackResources, pipeline: Pipeline) -> pulumi.Output[str]:
    """The dashboard as JSON, with two graphs in a row."""
    machines = {name: workflow.arn for name, workflow in pipeline.workflows.items()}
    functions = [function.name for function in pipeline.functions.values()]

    def body(known: Mapping[str, str]) -> str:
        graphs = [
            *_of_deployments(stack, known),
            *_of_environments(stack),
            *_of_builds(stack),
            *_of_items(stack),
            _Graph("Function errors", [["AWS/Lambda", "Errors", "FunctionName", name] for name in functions]),
            _Graph("Age of secrets, days", list(_ages(stack)), "Maximum", _DAY),
        ]
        return json.dumps({"widgets": [_widget(place, one, stack.naming.region) for place, one in enumerate(graphs)]})

    return pulumi.Output.all(**machines).apply(body)


def _of_deployments(stack: StackResources, machines: Mapping[str, str]) -> Iterator[_Graph]:
    yield _Graph(
        "Executions",
        [
            ["AWS/States", f"Executions{end}", "StateMachineArn", arn, {"label": f"{name} {end.lower()}"}]
            for name, arn in machines.items()
            for end in ("Succeeded", "Failed")
        ],
    )
    yield _Graph("Deployment duration, seconds", _percentiles(_ours(stack, "DeploymentDuration", "all")))
    succeeded = [_ours(stack, "DeploymentSuccessRate", "all")]
    yield _Graph("Deployments that succeeded, percent", succeeded, "Average", _DAY)


def _of_environments(stack: StackResources) -> Iterator[_Graph]:
    names = [one.name for one in stack.settings.environments]
    last = names[-1]

    def each(metric: str) -> list[_Line]:
        return [_ours(stack, metric, name) for name in names]

    yield _Graph("Queue for the environment, seconds", each("QueueTime"), "Average")
    yield _Graph("Wait for approval, seconds", each("ApprovalWait"), "Average")
    yield _Graph("Rollbacks", each("RollbackStarted"))
    yield _Graph("Rollbacks that restored, percent", each("RollbackSuccessRate"), "Average", _DAY)
    yield _Graph("DORA: releases a day", each("ChangeSucceeded"), period=_DAY)
    yield _Graph("DORA: lead time from the commit, seconds", each("LeadTime"), "Average", _DAY)
    yield _Graph(f"DORA: changes of {last} that failed, percent", _failures(stack, last), period=_DAY)
    yield _Graph("DORA: time to restore, seconds", each("TimeToRestore"), "Average", _DAY)


def _of_builds(stack: StackResources) -> Iterator[_Graph]:
    begins, repositories = stack.naming.name(BUILD), stack.settings.github.names()
    projects = [["ProjectName", project_of(begins, one), {"label": one}] for one in repositories]
    yield _Graph("Builds that succeeded", [["AWS/CodeBuild", "SucceededBuilds", *one] for one in projects])
    yield _Graph("Builds that failed", [["AWS/CodeBuild", "FailedBuilds", *one] for one in projects])
    durations = [["AWS/CodeBuild", "Duration", "ProjectName", project_of(begins, one)] for one in repositories]
    for repository, line in zip(repositories, durations, strict=True):
        yield _Graph(f"Build duration of {repository}, seconds", _percentiles(line), period=_HOUR)
    yield _Graph("Tests", [_ours(stack, f"Tests{what}", "all") for what in ("Run", "Failed", "Skipped")])
    coverage = [_ours(stack, f"{what}Coverage", "all") for what in ("Line", "Branch")]
    yield _Graph("Coverage, percent", coverage, "Minimum")


def _of_items(stack: StackResources) -> Iterator[_Graph]:
    ends = [_ours(stack, f"WorkItem{result}", "all") for result in ("Passed", "Failed", "Ineligible", "Stopped")]
    yield _Graph("Attempts at board items", ends, period=_HOUR)
    opened = [_ours(stack, "PullRequestSuccessRate", "all")]
    yield _Graph("Attempts that became a pull request, percent", opened, "Average", _DAY)
    yield _Graph("Duration of an attempt, seconds", _percentiles(_ours(stack, "WorkItemDuration", "all")), period=_HOUR)


def _ages(stack: StackResources) -> Iterator[_Line]:
    service = stack.naming.name("platform")
    for name in stack.secrets.names.values():
        yield [NAMESPACE, "SecretAgeDays", "secret", name, "service", service]


def _ours(stack: StackResources, metric: str, environment: str, **options: Any) -> _Line:
    line = [NAMESPACE, metric, "environment", environment, "service", stack.naming.name("platform")]
    return [*line, options] if options else line


def _percentiles(line: _Line) -> list[_Line]:
    return [[*line, {"stat": stat, "label": stat}] for stat in ("p50", "p95", "p99")]


def _failures(stack: StackResources, environment: str) -> list[_Line]:
    """Rollbacks per change, including those during an enhanced watch."""
    return [
        [{"expression": "100 * FILL(rollbacks, 0) / changes", "label": "change-failure rate"}],
        _ours(stack, "RollbackStarted", environment, id="rollbacks", visible=False),
        _ours(stack, "Change", environment, id="changes", visible=False),
    ]


def _widget(place: int, graph: _Graph, region: str) -> dict[str, Any]:
    shown = {"title": graph.title, "metrics": graph.lines, "region": region, "stat": graph.stat, "period": graph.period}
    return {
        "type": "metric",
        "x": 12 * (place % 2),
        "y": 6 * (place // 2),
        "width": 12,
        "height": 6,
        "properties": {**shown, "view": "timeSeries"},
    }
