"""Which alarms on a single metric a stack has (O3); each names its runbook, a page of docs/runbooks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pulumi

from components.functions.resources import StackResources
from components.platform.pipeline import Pipeline
from components.platform.projects import BUILD
from functions.adapters.metrics import NAMESPACE
from functions.domain.projects import project_of
from functions.domain.rotation import ROTATION_DAYS

_HOUR = 3600
_DAY = 24 * _HOUR
_COVERAGE_PERCENT = 85
_BUILD_MINUTES = 30


@dataclass(frozen=True, slots=True)
class MetricAlarm:
    """An alarm on one metric: in ALARM if `stat` within `seconds` is at least `limit`, with `below` less than it.

    A critical alarm notifies the topic `rollbacks`, which the people on call read; a warning notifies `deployments`.
    `page` is its runbook.
    """

    thing: str
    page: str
    description: str
    namespace: str
    metric: str
    dimensions: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    limit: float = 1
    seconds: int = 300
    stat: str = "Sum"
    critical: bool = True
    below: bool = False


def metric_alarms(stack: StackResources, pipeline: Pipeline) -> Iterator[MetricAlarm]:
    """All alarms on a single metric."""
    yield from _of_workflows(pipeline)
    yield from _of_rollbacks(stack)
    yield from _of_drift(stack)
    yield MetricAlarm(
        "push-not-started",
        "push-not-started",
        "A push started no deployment within a minute, because its webhook was lost. The reconciliation started it. "
        "Check the deliveries of the repository's webhook",
        NAMESPACE,
        "PushNotStarted",
        {"environment": "all", "service": stack.naming.name("platform")},
        seconds=60,
    )
    yield from _of_worker(stack, pipeline)
    yield from _of_builds(stack)
    yield from _of_secrets(stack)
    for function in pipeline.functions.values():
        if function.dead_letters:
            yield MetricAlarm(
                f"{function.handler.thing}-dead-letters",
                "dead-letters",
                f"{function.name} could not process an event; the event is in its dead-letter queue",
                "AWS/SQS",
                "ApproximateNumberOfMessagesVisible",
                {"QueueName": function.dead_letters.name},
                stat="Maximum",
            )
    tables = stack.storage
    for name in ("deployments", "environments", "locks", "waits", "work-items"):
        for what in ("Read", "Write"):
            yield MetricAlarm(
                f"{name}-{what.lower()}-throttled",
                "table-throttled",
                f"The table {name} throttles {what.lower()} requests: find the source of the requests",
                "AWS/DynamoDB",
                f"{what}ThrottleEvents",
                {"TableName": getattr(tables, name.replace("-", "_")).name},
            )


def _of_workflows(pipeline: Pipeline) -> Iterator[MetricAlarm]:
    deployment = {"StateMachineArn": pipeline.workflows["deployment"].arn}
    yield MetricAlarm(
        "deployments-failed",
        "deployments-failed",
        "Three deployments failed within an hour: compare their reasons (kiro-worker history) before the next one",
        "AWS/States",
        "ExecutionsFailed",
        deployment,
        3,
        _HOUR,
    )
    yield MetricAlarm(
        "deployment-slow",
        "deployment-slow",
        "A deployment took more than an hour, waits included: kiro-worker history names it, its execution the state",
        "AWS/States",
        "ExecutionTime",
        deployment,
        _HOUR * 1000,
        300,
        "Maximum",
        critical=False,
    )
    yield MetricAlarm(
        "rollbacks-started",
        "rollbacks-started",
        "Two rollbacks started within an hour: read their incidents, freeze an ill environment (kiro-worker freeze)",
        "AWS/States",
        "ExecutionsStarted",
        {"StateMachineArn": pipeline.workflows["rollback"].arn},
        2,
        _HOUR,
    )


def _of_rollbacks(stack: StackResources) -> Iterator[MetricAlarm]:
    for one in stack.settings.environments:
        yield MetricAlarm(
            f"rollback-failed-{one.name}",
            "frozen-environment",
            f"A rollback of {one.name} did not restore what ran there before",
            NAMESPACE,
            "RollbackFailed",
            {"environment": one.name, "service": stack.naming.name("platform")},
            seconds=60,
        )


def _of_drift(stack: StackResources) -> Iterator[MetricAlarm]:
    """In two intervals lies at least one check, so that a late one ends no alarm."""
    for one in stack.settings.environments:
        yield MetricAlarm(
            f"drift-{one.name}",
            "drift",
            f"A part of {one.name} runs something else than the platform recorded: kiro-worker status shows what, "
            "and who changed it",
            NAMESPACE,
            "DriftedParts",
            {"environment": one.name, "service": stack.naming.name("platform")},
            seconds=2 * 60 * stack.settings.drift_minutes,
            stat="Maximum",
            critical=False,
        )


def _of_builds(stack: StackResources) -> Iterator[MetricAlarm]:
    for repository in stack.settings.github.names():
        yield MetricAlarm(
            project_of("build-slow", repository),
            "build-slow",
            f"The builds of {repository} in an hour took {_BUILD_MINUTES} minutes on average, which is their time "
            "budget: find the slow step in the log, or give the project more compute (codebuild.computeType)",
            "AWS/CodeBuild",
            "Duration",
            {"ProjectName": stack.builds.projects[repository, BUILD].name},
            _BUILD_MINUTES * 60,
            _HOUR,
            "Average",
            critical=False,
        )
    yield MetricAlarm(
        "coverage-low",
        "coverage-low",
        f"The tests of a build covered less than {_COVERAGE_PERCENT} % of its lines: the status kiro/gates "
        "of its commit shows the percentage; write the missing tests",
        NAMESPACE,
        "LineCoverage",
        {"environment": "all", "service": stack.naming.name("platform")},
        _COVERAGE_PERCENT,
        stat="Minimum",
        critical=False,
        below=True,
    )


def _of_secrets(stack: StackResources) -> Iterator[MetricAlarm]:
    service = stack.naming.name("platform")
    yield MetricAlarm(
        "secret-denied",
        "secret-denied",
        "A function was denied access to a secret or its key; its log names the secret. Find the change of the policy "
        "in CloudTrail, and restore the policy with pulumi up",
        NAMESPACE,
        "SecretDenied",
        {"environment": "all", "service": service},
        seconds=60,
    )
    for short, name in stack.secrets.names.items():
        yield MetricAlarm(
            f"secret-{short}-old",
            "secret-old",
            f"The value of {name} is {ROTATION_DAYS} days old: create a new one at its source, then run "
            f"kiro-worker setup --secret {short}",
            NAMESPACE,
            "SecretAgeDays",
            {"secret": name, "service": service},
            ROTATION_DAYS,
            _DAY,
            "Maximum",
            critical=False,
        )


def _of_worker(stack: StackResources, pipeline: Pipeline) -> Iterator[MetricAlarm]:
    """Item failures are reported on cards; these alarms cover the worker itself."""
    work_items = {"StateMachineArn": pipeline.workflows["work_item"].arn}
    for end in ("Failed", "TimedOut", "Aborted"):
        description = f"An execution of the workflow work-item ended as {end}; the next poll updates its card"
        yield MetricAlarm(
            f"work-items-{end.lower()}",
            "work-items-ended",
            description,
            "AWS/States",
            f"Executions{end}",
            work_items,
            critical=False,
        )
    budget = {"environment": "all", "service": stack.naming.name("platform")}
    yield MetricAlarm(
        "worker-polls-expensive",
        "polls-expensive",
        "The polls of an hour cost more than half of GitHub's 5,000 GraphQL points: check that GitHub filters the "
        "items by column",
        "KiroWorker",
        "BoardPollCost",
        budget,
        2500,
        _HOUR,
        critical=False,
    )
