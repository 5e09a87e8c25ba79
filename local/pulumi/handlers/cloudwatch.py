"""CloudWatch alarms and dashboards, and budgets."""

from __future__ import annotations

from local.alarms import metric_tags
from local.pulumi.handlers.base import Call, Handler, Properties, Tagging, handles, pairs, pick, require


@handles("aws:cloudwatch/metricAlarm:MetricAlarm")
class MetricAlarm(Handler):
    """An alarm on a metric or an expression."""

    replace_on = frozenset({"name"})
    tagging = Tagging("cloudwatch")
    NAMES = (
        "alarmDescription",
        "actionsEnabled",
        "alarmActions",
        "okActions",
        "insufficientDataActions",
        "metricName",
        "namespace",
        "statistic",
        "extendedStatistic",
        "period",
        "unit",
        "evaluationPeriods",
        "datapointsToAlarm",
        "threshold",
        "comparisonOperator",
        "treatMissingData",
        "evaluateLowSampleCountPercentiles",
        "thresholdMetricId",
    )

    def create(self, call: Call) -> str:
        inputs, name = call.inputs, call.auto_name()
        rename = {
            "okActions": "OKActions",
            "evaluateLowSampleCountPercentiles": "EvaluateLowSampleCountPercentile",
        }
        parameters = pick(inputs, *self.NAMES, rename=rename)
        if inputs.get("dimensions"):
            parameters["Dimensions"] = pairs(inputs["dimensions"], "Name", "Value")
        if inputs.get("metricQueries"):
            parameters["Metrics"] = [_query(query) for query in inputs["metricQueries"]]
            # the emulator drops Metrics; tags hold them for the evaluator, and PutMetricAlarm tags only new alarms
            parameters["Tags"] = metric_tags(parameters["Metrics"])
            if "arn" in call.outputs:
                call.aws("cloudwatch").tag_resource(ResourceARN=call.outputs["arn"], Tags=parameters["Tags"])
        call.aws("cloudwatch").put_metric_alarm(AlarmName=name, **parameters)
        return name

    def read(self, call: Call) -> Properties:
        found = call.aws("cloudwatch").describe_alarms(AlarmNames=[call.id], AlarmTypes=["MetricAlarm"])
        alarm = require(found["MetricAlarms"], f"alarm {call.id}")[0]
        return {"name": call.id, "arn": alarm["AlarmArn"]}

    def delete(self, call: Call) -> None:
        call.aws("cloudwatch").delete_alarms(AlarmNames=[call.id])


def _query(query: Properties) -> Properties:
    shaped = pick(query, "id", "expression", "label", "returnData", "period", "accountId")
    metric = query.get("metric")
    if metric:
        shaped["MetricStat"] = {
            "Metric": {
                **pick(metric, "metricName", "namespace"),
                "Dimensions": pairs(metric.get("dimensions") or {}, "Name", "Value"),
            },
            **pick(metric, "period", "stat", "unit"),
        }
    return shaped


@handles("aws:cloudwatch/compositeAlarm:CompositeAlarm")
class CompositeAlarm(Handler):
    """An alarm over alarms."""

    replace_on = frozenset({"alarmName"})
    tagging = Tagging("cloudwatch")

    def create(self, call: Call) -> str:
        call.aws("cloudwatch").put_composite_alarm(
            **pick(
                call.inputs,
                "alarmName",
                "alarmRule",
                "alarmDescription",
                "actionsEnabled",
                "alarmActions",
                "okActions",
                "insufficientDataActions",
                rename={"okActions": "OKActions"},
            )
        )
        return str(call.inputs["alarmName"])

    def read(self, call: Call) -> Properties:
        found = call.aws("cloudwatch").describe_alarms(AlarmNames=[call.id], AlarmTypes=["CompositeAlarm"])
        alarm = require(found["CompositeAlarms"], f"alarm {call.id}")[0]
        return {"alarmName": call.id, "arn": alarm["AlarmArn"]}

    def delete(self, call: Call) -> None:
        call.aws("cloudwatch").delete_alarms(AlarmNames=[call.id])


@handles("aws:cloudwatch/dashboard:Dashboard")
class Dashboard(Handler):
    """A dashboard."""

    replace_on = frozenset({"dashboardName"})

    def create(self, call: Call) -> str:
        call.aws("cloudwatch").put_dashboard(**pick(call.inputs, "dashboardName", "dashboardBody"))
        return str(call.inputs["dashboardName"])

    def read(self, call: Call) -> Properties:
        # ARNs of dashboards have no region
        return {"dashboardArn": f"arn:aws:cloudwatch::{call.cloud.account}:dashboard/{call.id}"}

    def delete(self, call: Call) -> None:
        call.aws("cloudwatch").delete_dashboards(DashboardNames=[call.id])


@handles("aws:budgets/budget:Budget")
class Budget(Handler):
    """A monthly budget with its notifications; the emulator only stores it."""

    replace_on = None

    def create(self, call: Call) -> str:
        inputs, account, name = call.inputs, call.cloud.account, call.auto_name()
        budget = {
            "BudgetName": name,
            **pick(inputs, "budgetType", "timeUnit"),
            "BudgetLimit": {"Amount": str(inputs["limitAmount"]), "Unit": inputs["limitUnit"]},
        }
        if inputs.get("costFilters"):
            budget["CostFilters"] = {item["name"]: item["values"] for item in inputs["costFilters"]}
        call.aws("budgets").create_budget(
            AccountId=account,
            Budget=budget,
            NotificationsWithSubscribers=[_notification(item) for item in inputs.get("notifications") or []],
        )
        return f"{account}:{name}"

    def read(self, call: Call) -> Properties:
        account, name = call.id.split(":", 1)
        call.aws("budgets").describe_budget(AccountId=account, BudgetName=name)
        return {"name": name, "accountId": account, "arn": f"arn:aws:budgets::{account}:budget/{name}"}

    def delete(self, call: Call) -> None:
        account, name = call.id.split(":", 1)
        call.aws("budgets").delete_budget(AccountId=account, BudgetName=name)


def _notification(item: Properties) -> Properties:
    kinds = {"EMAIL": "subscriberEmailAddresses", "SNS": "subscriberSnsTopicArns"}
    return {
        "Notification": pick(item, "notificationType", "comparisonOperator", "threshold", "thresholdType"),
        "Subscribers": [
            {"SubscriptionType": kind, "Address": address}
            for kind, key in kinds.items()
            for address in item.get(key) or []
        ],
    }
