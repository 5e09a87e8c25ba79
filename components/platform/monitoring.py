"""Alarms of the platform itself, the dashboard and the budget (O3, O4). Each function has its own error alarm."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_aws import budgets, cloudwatch

from components.functions.resources import StackResources
from components.platform.builds import BUILD
from components.platform.dashboard import dashboard_body
from components.platform.pipeline import Pipeline
from functions.adapters.metrics import NAMESPACE
from functions.adapters.secrets import ROTATION_DAYS
from functions.domain.projects import project_of

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


class Monitoring(pulumi.ComponentResource):
    """Alarms, dashboard and budget; created last, because they refer to all other resources."""

    dashboard: str

    def __init__(
        self, *, stack: StackResources, pipeline: Pipeline, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kiro:index:Monitoring", "monitoring", None, opts)
        self._stack = stack
        self._inner = pulumi.ResourceOptions(parent=self)
        for one in metric_alarms(stack, pipeline):
            self._alarm(one)
        for repository in stack.settings.github.names():
            self._build_failures(repository, "build-failures", 50, 300, critical=True)
            self._build_failures(repository, "build-failures-warning", 25, 600, critical=False)
        self.dashboard = stack.naming.name("dashboard")
        cloudwatch.Dashboard(
            "dashboard",
            dashboard_name=self.dashboard,
            dashboard_body=dashboard_body(stack, pipeline),
            opts=self._inner,
        )
        if stack.settings.budget_email:
            self._budget(stack.settings.budget_usd, stack.settings.budget_email)
        self.register_outputs({"dashboard": self.dashboard})

    def _alarm(self, one: MetricAlarm) -> None:
        cloudwatch.MetricAlarm(
            one.thing,
            name=self._stack.naming.name(one.thing),
            alarm_description=f"{one.description}. Runbook: {self._stack.settings.runbook(one.page)}",
            namespace=one.namespace,
            metric_name=one.metric,
            dimensions=one.dimensions,
            statistic=one.stat,
            period=one.seconds,
            evaluation_periods=1,
            comparison_operator="LessThanThreshold" if one.below else "GreaterThanOrEqualToThreshold",
            threshold=one.limit,
            treat_missing_data="notBreaching",
            alarm_actions=[self._topic(critical=one.critical)],
            opts=self._inner,
        )

    def _build_failures(self, repository: str, what: str, percent: int, seconds: int, *, critical: bool) -> None:
        """An alarm on the share of failed builds, so that one among many is no alarm."""

        def counted(name: str, metric_name: str) -> cloudwatch.MetricAlarmMetricQueryArgs:
            metric = cloudwatch.MetricAlarmMetricQueryMetricArgs(
                namespace="AWS/CodeBuild",
                metric_name=metric_name,
                period=seconds,
                stat="Sum",
                dimensions={"ProjectName": self._stack.builds.projects[repository, BUILD].name},
            )
            return cloudwatch.MetricAlarmMetricQueryArgs(id=name, metric=metric, return_data=False)

        thing = project_of(what, repository)
        share = cloudwatch.MetricAlarmMetricQueryArgs(
            id="share", expression="100 * failed / builds", label="failed builds, percent", return_data=True
        )
        cloudwatch.MetricAlarm(
            thing,
            name=self._stack.naming.name(thing),
            alarm_description=f"More than {percent} % of the builds of {repository} failed within "
            f"{seconds // 60} minutes. Unless one commit caused it, search the project's log for the common error. "
            f"Runbook: {self._stack.settings.runbook('build-failures')}",
            metric_queries=[counted("failed", "FailedBuilds"), counted("builds", "Builds"), share],
            evaluation_periods=1,
            comparison_operator="GreaterThanThreshold",
            threshold=percent,
            treat_missing_data="notBreaching",
            alarm_actions=[self._topic(critical=critical)],
            opts=self._inner,
        )

    def _topic(self, *, critical: bool) -> pulumi.Output[str]:
        return self._stack.channels.topics["rollbacks" if critical else "deployments"].arn

    def _budget(self, limit_usd: int, email: str) -> None:
        """The monthly budget; it notifies at 80 % spent and when the forecast exceeds the budget."""
        kinds = (("ACTUAL", 80), ("FORECASTED", 100))
        tag = f"user:Environment${self._stack.naming.stack}"
        budgets.Budget(
            "budget",
            name=self._stack.naming.name("budget"),
            budget_type="COST",
            limit_amount=str(limit_usd),
            limit_unit="USD",
            time_unit="MONTHLY",
            cost_filters=[budgets.BudgetCostFilterArgs(name="TagKeyValue", values=[tag])],
            notifications=[
                budgets.BudgetNotificationArgs(
                    comparison_operator="GREATER_THAN",
                    notification_type=kind,
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                    subscriber_email_addresses=[email],
                )
                for kind, percent in kinds
            ],
            opts=self._inner,
        )


def metric_alarms(stack: StackResources, pipeline: Pipeline) -> Iterator[MetricAlarm]:
    """All alarms on a single metric."""
    yield from _of_workflows(pipeline)
    yield from _of_rollbacks(stack)
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
        "Three deployments failed within an hour: compare their reasons (kiro history) before the next one starts",
        "AWS/States",
        "ExecutionsFailed",
        deployment,
        3,
        _HOUR,
    )
    yield MetricAlarm(
        "deployment-slow",
        "deployment-slow",
        "A deployment took more than an hour, waits included: kiro history names it, its execution shows the state",
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
        "Two rollbacks started within an hour: read their incidents, freeze an unhealthy environment (kiro freeze)",
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
            f"kiro setup --secret {short}",
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
