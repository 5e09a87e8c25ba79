"""Every alarm of the program enters ALARM by its real metric, and not just below its limit (O3).

The platform's own metrics are those that its code writes into the log; AWS's have the dimension that AWS gives them.
The evaluator is that of the laptop, over data of the past: nothing waits.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from functions.adapters.metrics import Metrics
from functions.events.poll_board import measure
from functions.events.publish_metrics import publish_metrics
from local.alarms.definitions import AlarmDefinition, read
from local.alarms.evaluation import evaluate, evaluation_range
from local.alarms.expressions import compute
from local.alarms.log_metrics import embedded_points
from local.alarms.store import Metric, MetricStore, Point
from tests.components.recorder import Outcome
from tests.functions.samples import detail

# The dimension that AWS gives the metrics of a resource, its type in the program, and the key with its value.
# https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
# https://docs.aws.amazon.com/codebuild/latest/userguide/monitoring-metrics.html
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
OF_AWS = {
    "AWS/States": ("StateMachineArn", "sfn/stateMachine:StateMachine"),
    "AWS/DynamoDB": ("TableName", "dynamodb/table:Table"),
    "AWS/SQS": ("QueueName", "sqs/queue:Queue"),
    "AWS/CodeBuild": ("ProjectName", "codebuild/project:Project"),
    "AWS/Lambda": ("FunctionName", "lambda/function:Function"),
}
Emit = Callable[[float, Mapping[str, str]], Any]
# How the code of the platform publishes a value; the other dimension of the alarm is the environment or the secret.
OURS: Mapping[str, Emit] = {
    "RollbackFailed": lambda _, about: publish_metrics(
        {
            "detail-type": "RollbackFinished",
            "detail": detail("RollbackFinished", result="unknown", environment=about["environment"]),
        }
    ),
    "LineCoverage": lambda value, _: publish_metrics(
        {"detail-type": "GatesJudged", "detail": detail("GatesJudged", figures={"lineCoverage": value})}
    ),
    "BoardPollCost": lambda value, _: measure({"BoardPollCost": value}),
    "DriftedParts": lambda value, about: Metrics().count("DriftedParts", int(value), environment=about["environment"]),
    "PushNotStarted": lambda value, _: Metrics().count("PushNotStarted", int(value), environment="all"),
    "SecretDenied": lambda value, _: Metrics().count("SecretDenied", int(value), environment="all"),
    "SecretAgeDays": lambda value, about: Metrics().count("SecretAgeDays", int(value), secret=about["secret"]),
}


@pytest.fixture(autouse=True)
def service(switched_on: Outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform's name, as its functions have it."""
    names = {
        one.inputs["environment"]["variables"]["POWERTOOLS_SERVICE_NAME"]
        for one in switched_on.recorder.of("lambda/function:Function")
    }
    (name,) = names
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", name)


def described(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A recorded alarm as DescribeAlarms shows it."""

    def dimensions(given: Mapping[str, str]) -> list[dict[str, str]]:
        return [{"Name": name, "Value": value} for name, value in given.items()]

    shown: dict[str, Any] = {
        "AlarmName": inputs["name"],
        "AlarmArn": inputs["name"],
        "EvaluationPeriods": int(inputs["evaluationPeriods"]),
        "Threshold": inputs["threshold"],
        "ComparisonOperator": inputs["comparisonOperator"],
        "TreatMissingData": inputs["treatMissingData"],
    }
    if "metricName" in inputs:
        names = {"Namespace": "namespace", "MetricName": "metricName", "Statistic": "statistic"}
        one = {key: inputs[name] for key, name in names.items()}
        return {**shown, **one, "Period": int(inputs["period"]), "Dimensions": dimensions(inputs["dimensions"])}
    metrics = []
    for query in inputs["metricQueries"]:
        entry: dict[str, Any] = {"Id": query["id"], "ReturnData": query["returnData"]}
        if "metric" in query:
            one = query["metric"]
            metric = {
                "Namespace": one["namespace"],
                "MetricName": one["metricName"],
                "Dimensions": dimensions(one["dimensions"]),
            }
            entry["MetricStat"] = {"Metric": metric, "Period": int(one["period"]), "Stat": one["stat"]}
        else:
            entry["Expression"] = query["expression"]
        metrics.append(entry)
    return {**shown, "Metrics": metrics}


class Published:
    """What is published of the metrics of one alarm, and the state that it has then."""

    def __init__(self, alarm: AlarmDefinition, outcome: Outcome, out: pytest.CaptureFixture[str]) -> None:
        self.store, self._alarm, self._outcome, self._out = MetricStore(), alarm, outcome, out
        self.now = 0.0

    def put(self, metric: Metric, value: float) -> None:
        """Publish a value as who publishes this metric does."""
        if metric.namespace in OF_AWS:
            self.store.add([Point(self._of_aws(metric), self.now, value)])
            return
        self._out.readouterr()
        OURS[metric.name](value, dict(metric.dimensions))
        lines = [json.loads(line) for line in self._out.readouterr().out.splitlines()]
        points = [point for line in lines for point in embedded_points(line, 0)]
        self.store.add(points)
        self.now = max(self.now, *(point.time for point in points))

    def _of_aws(self, metric: Metric) -> Metric:
        """The metric of the resource of the program that the alarm is about."""
        dimension, kind = OF_AWS[metric.namespace]
        ((_, value),) = metric.dimensions
        made = {one.inputs["name"] for one in self._outcome.recorder.of(kind)}
        # An ARN ends in the name.
        assert value.rpartition(":")[2] in made, f"{self._alarm.name} is on {value}, which the program does not make"
        return Metric(metric.namespace, metric.name, frozenset({(dimension, value)}))

    def state(self) -> str:
        """The state of the alarm just after the period of the last value."""
        alarm, now = self._alarm, (self.now // self._alarm.period + 1) * self._alarm.period + 1
        periods = evaluation_range(alarm, now)
        series = {
            one.id: self.store.series(one.metric, one.statistic, one.period, periods[-1]) for one in alarm.queries
        }
        for name, expression in alarm.expressions:
            series[name] = compute(expression, series, periods)
        verdict = evaluate(alarm, series[alarm.watched], now)
        return verdict.state if verdict else ""


def alarms(outcome: Outcome) -> Iterator[AlarmDefinition]:
    """The alarms of the program."""
    for one in outcome.recorder.of("cloudwatch/metricAlarm:MetricAlarm"):
        alarm = read(described(one.inputs))
        assert alarm, one.name
        yield alarm


def test_every_alarm_fires_by_its_metric(switched_on: Outcome, capsys: pytest.CaptureFixture[str]) -> None:
    """At its limit, or beyond it where it says "more than"; one that can't be published is an error with its name."""
    found = {}
    for alarm in alarms(switched_on):
        published = Published(alarm, switched_on, capsys)
        if alarm.expressions:
            part, whole = alarm.queries
            published.put(whole.metric, 100)
            published.put(part.metric, alarm.threshold + 1)
        elif alarm.statistic == "Sum" and alarm.threshold < 10:
            for _ in range(int(alarm.threshold)):
                published.put(alarm.queries[0].metric, 1)
        else:
            published.put(alarm.queries[0].metric, alarm.threshold - (alarm.comparison == "LessThanThreshold"))
        found[alarm.name] = published.state()
    assert set(found.values()) == {"ALARM"}, {name for name, state in found.items() if state != "ALARM"}
    assert len(found) > 60


def test_no_alarm_fires_below_its_limit(switched_on: Outcome, capsys: pytest.CaptureFixture[str]) -> None:
    """Nor without any data."""
    for alarm in alarms(switched_on):
        published = Published(alarm, switched_on, capsys)
        assert published.state() == "OK", alarm.name
        if alarm.expressions:
            part, whole = alarm.queries
            published.put(whole.metric, 100)
            published.put(part.metric, alarm.threshold)
        elif alarm.comparison == "LessThanThreshold":
            published.put(alarm.queries[0].metric, alarm.threshold)
        elif alarm.threshold > 1:
            published.put(alarm.queries[0].metric, alarm.threshold - 1)
        assert published.state() == "OK", alarm.name
