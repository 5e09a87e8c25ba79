"""Alarms over the platform itself, its dashboard and its budget (O3, O4); functions bring their own error alarm."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi_aws import budgets, cloudwatch

from components.builds import BUILD
from components.estate import Estate
from components.pipeline import Pipeline

# What functions/events/publish_metrics.py measures.
_OURS = "KiroPipeline"
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Watched:
    """An alarm on the sum of one metric: it rings at `at_least` within `seconds`.

    A critical alarm speaks to the topic `rollbacks`, which the people on call read; a warning to `deployments`.
    """

    thing: str
    says: str
    namespace: str
    metric: str
    dimensions: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    at_least: float = 1
    seconds: int = 300
    stat: str = "Sum"
    critical: bool = True


class Monitoring(pulumi.ComponentResource):
    """Made last: it looks at everything else."""

    dashboard: str

    def __init__(self, *, estate: Estate, pipeline: Pipeline, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kiro:index:Monitoring", "monitoring", None, opts)
        self._estate = estate
        self._inner = pulumi.ResourceOptions(parent=self)
        for one in watched(estate, pipeline):
            self._alarm(one)
        for thing, percent, seconds, critical in (("failures", 50, 300, True), ("failures-warning", 25, 600, False)):
            self._build_failures(f"build-{thing}", percent, seconds, critical=critical)
        self.dashboard = estate.site.name("dashboard")
        cloudwatch.Dashboard(
            "dashboard",
            dashboard_name=self.dashboard,
            dashboard_body=_dashboard(estate, pipeline),
            opts=self._inner,
        )
        if estate.settings.budget_email:
            self._budget(estate.settings.budget_usd, estate.settings.budget_email)
        self.register_outputs({"dashboard": self.dashboard})

    def _alarm(self, one: Watched) -> None:
        cloudwatch.MetricAlarm(
            one.thing,
            name=self._estate.site.name(one.thing),
            alarm_description=one.says,
            namespace=one.namespace,
            metric_name=one.metric,
            dimensions=one.dimensions,
            statistic=one.stat,
            period=one.seconds,
            evaluation_periods=1,
            comparison_operator="GreaterThanOrEqualToThreshold",
            threshold=one.at_least,
            treat_missing_data="notBreaching",
            alarm_actions=[self._told(critical=one.critical)],
            opts=self._inner,
        )

    def _build_failures(self, thing: str, percent: int, seconds: int, *, critical: bool) -> None:
        """A share, so that one failed build of many rings nobody."""

        def counted(name: str, metric_name: str) -> cloudwatch.MetricAlarmMetricQueryArgs:
            metric = cloudwatch.MetricAlarmMetricQueryMetricArgs(
                namespace="AWS/CodeBuild",
                metric_name=metric_name,
                period=seconds,
                stat="Sum",
                dimensions={"ProjectName": self._estate.builds.projects[BUILD].name},
            )
            return cloudwatch.MetricAlarmMetricQueryArgs(id=name, metric=metric, return_data=False)

        share = cloudwatch.MetricAlarmMetricQueryArgs(
            id="share", expression="100 * failed / builds", label="failed builds, percent", return_data=True
        )
        cloudwatch.MetricAlarm(
            thing,
            name=self._estate.site.name(thing),
            alarm_description=f"More than {percent} % of the builds failed within {seconds // 60} minutes",
            metric_queries=[counted("failed", "FailedBuilds"), counted("builds", "Builds"), share],
            evaluation_periods=1,
            comparison_operator="GreaterThanThreshold",
            threshold=percent,
            treat_missing_data="notBreaching",
            alarm_actions=[self._told(critical=critical)],
            opts=self._inner,
        )

    def _told(self, *, critical: bool) -> pulumi.Output[str]:
        return self._estate.channels.topics["rollbacks" if critical else "deployments"].arn

    def _budget(self, limit_usd: int, email: str) -> None:
        """Told at four fifths spent, and as soon as the month is forecast to exceed it."""
        kinds = (("ACTUAL", 80), ("FORECASTED", 100))
        tag = f"user:Environment${self._estate.site.stack}"
        budgets.Budget(
            "budget",
            name=self._estate.site.name("budget"),
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


def watched(estate: Estate, pipeline: Pipeline) -> Iterator[Watched]:
    """Every alarm on a single metric."""
    yield from _of_workflows(pipeline)
    yield from _of_rollbacks(estate)
    yield Watched(
        "push-not-started",
        "A push started nothing within its minute: no webhook came. The reconciliation has started it; look at the "
        f"deliveries of the repository's webhook. See {estate.settings.runbook_url}",
        _OURS,
        "PushNotStarted",
        {"environment": "all", "service": estate.site.name("platform")},
        seconds=60,
    )
    yield from _of_worker(estate, pipeline)
    for function in pipeline.functions.values():
        if function.dead_letters:
            yield Watched(
                f"{function.room.thing}-dead-letters",
                f"{function.name} gave up on an event; it lies in its dead-letter queue",
                "AWS/SQS",
                "ApproximateNumberOfMessagesVisible",
                {"QueueName": function.dead_letters.name},
                stat="Maximum",
            )
    tables = estate.storage
    for name in ("deployments", "environments", "locks", "waits", "work-items"):
        for what in ("Read", "Write"):
            yield Watched(
                f"{name}-{what.lower()}-throttled",
                f"The table {name} refuses to {what.lower()}: it gets more requests than it can take",
                "AWS/DynamoDB",
                f"{what}ThrottleEvents",
                {"TableName": getattr(tables, name.replace("-", "_")).name},
            )


def _of_workflows(pipeline: Pipeline) -> Iterator[Watched]:
    deployment = {"StateMachineArn": pipeline.workflows["deployment"].arn}
    failed = "Three deployments failed within an hour"
    yield Watched("deployments-failed", failed, "AWS/States", "ExecutionsFailed", deployment, 3, _HOUR)
    slow = "A deployment took more than an hour"
    yield Watched(
        "deployment-slow", slow, "AWS/States", "ExecutionTime", deployment, _HOUR * 1000, 300, "Maximum", critical=False
    )
    rollback = {"StateMachineArn": pipeline.workflows["rollback"].arn}
    often = "Two rollbacks started within an hour"
    yield Watched("rollbacks-started", often, "AWS/States", "ExecutionsStarted", rollback, 2, _HOUR)


def _of_rollbacks(estate: Estate) -> Iterator[Watched]:
    for one in estate.settings.environments:
        yield Watched(
            f"rollback-failed-{one.name}",
            f"A rollback of {one.name} did not restore it; see {estate.settings.runbook_url}",
            _OURS,
            "RollbackFailed",
            {"environment": one.name, "service": estate.site.name("platform")},
            seconds=60,
        )


def _of_worker(estate: Estate, pipeline: Pipeline) -> Iterator[Watched]:
    """Work that fails is told on its card; here rings what keeps the worker from working at all."""
    work_items = {"StateMachineArn": pipeline.workflows["work_item"].arn}
    for end in ("Failed", "TimedOut", "Aborted"):
        said = f"An execution of the work-item workflow ended as {end}; its card is settled by the next poll"
        yield Watched(f"work-items-{end.lower()}", said, "AWS/States", f"Executions{end}", work_items, critical=False)
    budget = {"environment": "all", "service": estate.site.name("platform")}
    yield Watched(
        "worker-polls-expensive",
        "The polls of an hour cost more than half of GitHub's 5,000 GraphQL points: does its server filter by column?",
        "KiroWorker",
        "BoardPollCost",
        budget,
        2500,
        _HOUR,
        critical=False,
    )


def _dashboard(estate: Estate, pipeline: Pipeline) -> pulumi.Output[str]:
    """Workflows, functions, builds and rollbacks, each over the time that is looked at."""
    service = estate.site.name("platform")
    machines = {name: workflow.arn for name, workflow in pipeline.workflows.items()}
    functions = [function.name for function in pipeline.functions.values()]
    environments = [one.name for one in estate.settings.environments]

    def body(known: Mapping[str, str]) -> str:
        graphs: list[tuple[str, Sequence[Sequence[Any]]]] = [
            (
                "Executions",
                [
                    ["AWS/States", f"Executions{end}", "StateMachineArn", arn, {"label": f"{name} {end.lower()}"}]
                    for name, arn in known.items()
                    for end in ("Succeeded", "Failed")
                ],
            ),
            ("Function errors", [["AWS/Lambda", "Errors", "FunctionName", name] for name in functions]),
            ("Builds", [["AWS/CodeBuild", f"{end}Builds"] for end in ("Succeeded", "Failed")]),
            (
                "Rollbacks",
                [[_OURS, "RollbackStarted", "environment", name, "service", service] for name in environments],
            ),
            ("Deployment duration, seconds", [[_OURS, "DeploymentDuration", "environment", "all", "service", service]]),
        ]
        return json.dumps(
            {"widgets": [_widget(place, *graph, estate.site.region) for place, graph in enumerate(graphs)]}
        )

    return pulumi.Output.all(**machines).apply(body)


def _widget(place: int, title: str, metrics: Sequence[Sequence[Any]], region: str) -> dict[str, Any]:
    look = {"title": title, "metrics": metrics, "region": region, "stat": "Sum", "period": 300, "view": "timeSeries"}
    return {
        "type": "metric",
        "x": 12 * (place % 2),
        "y": 6 * (place // 2),
        "width": 12,
        "height": 6,
        "properties": look,
    }
