"""Alarms of the platform itself, the dashboard and the budget (O3, O4). Each function has its own error alarm."""

import pulumi
from pulumi_aws import budgets, cloudwatch

from components.functions.resources import StackResources
from components.platform.alarms import MetricAlarm, metric_alarms
from components.platform.dashboard import dashboard_body
from components.platform.pipeline import Pipeline
from components.platform.projects import BUILD
from components.stack.settings import Settings
from functions.domain.projects import project_of


class Monitoring(pulumi.ComponentResource):
    """Alarms, dashboard and budget; created last, because they refer to all other resources."""

    dashboard: str

    def __init__(
        self, *, stack: StackResources, pipeline: Pipeline, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kiro:index:Monitoring", "monitoring", None, opts)
        self._stack = stack
        self._inner = pulumi.ResourceOptions(parent=self)
        warn = stack.settings.alarms == "strict"
        for one in metric_alarms(stack, pipeline):
            if one.critical or warn:
                self._alarm(one)
        for repository in stack.settings.github.names():
            self._build_failures(repository, "build-failures", 50, 300, critical=True)
            if warn:
                self._build_failures(repository, "build-failures-warning", 25, 600, critical=False)
        self.dashboard = stack.naming.name("dashboard")
        cloudwatch.Dashboard(
            "dashboard",
            dashboard_name=self.dashboard,
            dashboard_body=dashboard_body(stack, pipeline),
            opts=self._inner,
        )
        self._budget(stack.settings)
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

    def _budget(self, settings: Settings) -> None:
        """The monthly budget; it notifies at 80 % spent and when the forecast exceeds the budget."""
        kinds = (("ACTUAL", 80), ("FORECASTED", 100))
        tag = f"user:Environment${self._stack.naming.stack}"
        budgets.Budget(
            "budget",
            name=self._stack.naming.name("budget"),
            budget_type="COST",
            limit_amount=str(settings.budget_usd),
            limit_unit="USD",
            time_unit="MONTHLY",
            cost_filters=[budgets.BudgetCostFilterArgs(name="TagKeyValue", values=[tag])],
            notifications=[
                budgets.BudgetNotificationArgs(
                    comparison_operator="GREATER_THAN",
                    notification_type=kind,
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                    subscriber_email_addresses=[settings.budget_email] if settings.budget_email else [],
                    subscriber_sns_topic_arns=[] if settings.budget_email else [self._topic(critical=False)],
                )
                for kind, percent in kinds
            ],
            opts=self._inner,
        )
