"""Alarms of the embedded AWS change their states and send events as CloudWatch does."""

from __future__ import annotations

import io
import json
import sys
import time
import uuid
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from local.alarms import AlarmEvaluator, metric_tags
from local.alarms.definitions import metrics_of
from local.alarms.expressions import ExpressionError, compute
from local.alarms.log_metrics import Invocations, embedded_points
from local.alarms.store import Metric, MetricStore, Point, statistic_of
from local.mailbox import topics_may_send
from tests.roles import new_role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.clients import Clients

Record = dict[str, Any]
DEADLINE_SECONDS = 60.0

HANDLER = """
import json, time
def handler(event, context):
    print(json.dumps({
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [{
            "Namespace": event["namespace"], "Dimensions": [["service"]],
            "Metrics": [{"Name": "Broken", "Unit": "Count", "StorageResolution": 1}]}]},
        "service": event["service"], "Broken": event["broken"]}))
    if event.get("fail"):
        raise ValueError("wanted")
"""


class Watch:
    """The events of one running evaluator."""

    def __init__(self, aws: Clients) -> None:
        self.aws = aws
        self.cloudwatch = aws.client("cloudwatch")
        self.events: list[Record] = []

    def alarm(self, **settings: Any) -> str:
        """Create an alarm with a unique name and namespace, for sums above 2 in a minute; returns its name."""
        name = f"alarm-{uuid.uuid4().hex[:8]}"
        self.cloudwatch.put_metric_alarm(
            **{
                "AlarmName": name,
                "Namespace": name,
                "MetricName": "Broken",
                "Statistic": "Sum",
                "Period": 60,
                "EvaluationPeriods": 1,
                "Threshold": 2,
                "ComparisonOperator": "GreaterThanThreshold",
                "TreatMissingData": "notBreaching",
                **settings,
            }
        )
        return name

    def put(self, namespace: str, value: float, **dimensions: str) -> None:
        """Publish one value with PutMetricData."""
        self.cloudwatch.put_metric_data(
            Namespace=namespace,
            MetricData=[
                {
                    "MetricName": "Broken",
                    "Value": value,
                    "Dimensions": [{"Name": key, "Value": text} for key, text in dimensions.items()],
                }
            ],
        )

    def state(self, name: str) -> str:
        """Return an alarm's state from DescribeAlarms."""
        answer = self.cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        return str((answer["MetricAlarms"] + answer["CompositeAlarms"])[0]["StateValue"])

    def published(self, name: str) -> list[str]:
        """Return the states in the events of an alarm."""
        return [e["detail"]["state"]["value"] for e in self.events if e["detail"]["alarmName"] == name]

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until a condition holds."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not happen in {DEADLINE_SECONDS} s"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def watch(aws: Clients) -> Iterator[Watch]:
    """A running evaluator."""
    watching = Watch(aws)
    with AlarmEvaluator(aws, watching.events.append, interval=0.1):
        yield watching


def a_function(aws: Clients, runtime: str) -> str:
    """Create a function that writes a metric into its log; `provided` runs AWS's own runtime client."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("app.py", HANDLER)
        bootstrap = zipfile.ZipInfo("bootstrap")
        bootstrap.external_attr = 0o755 << 16
        start = f'#!/bin/sh\ncd "$LAMBDA_TASK_ROOT"\nexec {sys.executable} -m awslambdaric "$_HANDLER"\n'
        opened.writestr(bootstrap, start)
    name = f"function-{uuid.uuid4().hex[:8]}"
    aws.client("lambda").create_function(
        FunctionName=name,
        Runtime=runtime,
        Handler="app.handler",
        Role=new_role(aws),
        Code={"ZipFile": archive.getvalue()},
        Timeout=60,
    )
    return name


@pytest.mark.parametrize("runtime", ["provided.al2023", "python3.11"])
def test_metric_in_a_function_log(watch: Watch, runtime: str) -> None:
    """A metric that a function prints changes the alarm on its dimensions, within the running period."""
    # an hour, because on a slow machine a short period could end before the metric is read
    name = watch.alarm(Dimensions=[{"Name": "service", "Value": "shop"}], Period=3600)
    other = watch.alarm(Namespace=name, Dimensions=[{"Name": "service", "Value": "bank"}], Period=3600)
    payload = json.dumps({"namespace": name, "service": "shop", "broken": [2, 3]})
    answer = watch.aws.client("lambda").invoke(FunctionName=a_function(watch.aws, runtime), Payload=payload)
    assert "FunctionError" not in answer, answer["Payload"].read()
    watch.wait(lambda: "ALARM" in watch.published(name), "the alarm")
    watch.wait(lambda: watch.published(other) == ["OK"], "the other alarm without data")
    event = next(
        e for e in watch.events if e["detail"]["alarmName"] == name and e["detail"]["state"]["value"] == "ALARM"
    )
    assert event["source"] == "aws.cloudwatch"
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert event["resources"][0].endswith(f":alarm:{name}")
    stat = event["detail"]["configuration"]["metrics"][0]["metricStat"]
    assert stat["metric"] == {"namespace": name, "name": "Broken", "dimensions": {"service": "shop"}}
    assert json.loads(event["detail"]["state"]["reasonData"])["recentDatapoints"] == [5.0]
    assert "was greater than the threshold (2.0)" in event["detail"]["state"]["reason"]


@pytest.mark.parametrize("runtime", ["provided.al2023", "python3.11"])
def test_errors_of_an_asynchronous_invocation(watch: Watch, runtime: str) -> None:
    """AWS/Lambda Errors counts an exception of an asynchronous invocation."""
    function = a_function(watch.aws, runtime)
    name = watch.alarm(
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Threshold=0,
        Dimensions=[{"Name": "FunctionName", "Value": function}],
    )
    payload = json.dumps({"namespace": name, "service": "x", "broken": 0, "fail": True})
    watch.aws.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=payload)
    watch.wait(lambda: "ALARM" in watch.published(name), "the alarm")


def test_put_metric_data(watch: Watch) -> None:
    """Published metrics count by their dimensions, although the emulator's own evaluation ignores them."""
    name = watch.alarm(Dimensions=[{"Name": "service", "Value": "shop"}])
    watch.wait(lambda: watch.published(name) == ["OK"], "OK without data")
    watch.put(name, 9, service="bank")
    watch.put(name, 1, service="shop")
    watch.wait(lambda: watch.state(name) == "OK", "the correction")
    watch.put(name, 9, service="shop")
    watch.wait(lambda: watch.published(name) == ["OK", "ALARM"], "the alarm")


def test_clears_when_the_breach_is_over(watch: Watch) -> None:
    """An alarm returns to OK by itself once no evaluated period breaches."""
    # shorter than AWS allows: with ten seconds, its shortest period, this test would wait for twenty
    name = watch.alarm(Period=1)
    watch.put(name, 9)
    watch.wait(lambda: watch.published(name)[-2:] == ["ALARM", "OK"], "ALARM and OK")


def test_missing_data_is_insufficient(watch: Watch) -> None:
    """Without data an alarm stays INSUFFICIENT_DATA without an event, or changes as its setting demands."""
    name = watch.alarm(TreatMissingData="missing")
    breaching = watch.alarm(TreatMissingData="breaching")
    watch.wait(lambda: watch.published(breaching) == ["ALARM"], "the alarm")
    assert watch.state(name) == "INSUFFICIENT_DATA"
    assert watch.published(name) == []


def test_state_set_by_hand(watch: Watch) -> None:
    """A state that is set by hand is published once and stays for a while."""
    name = watch.alarm()
    watch.wait(lambda: watch.published(name) == ["OK"], "OK")
    watch.cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a drill")
    watch.wait(lambda: len(watch.published(name)) == 2, "the event")
    event = [e for e in watch.events if e["detail"]["alarmName"] == name][-1]["detail"]
    assert event["state"]["reason"] == "a drill"
    assert event["previousState"]["value"] == "OK"
    assert watch.state(name) == "ALARM"


def test_composite_and_topic(watch: Watch) -> None:
    """A composite alarm follows its children, its change is published, and a topic gets one message."""
    sqs, sns = watch.aws.client("sqs"), watch.aws.client("sns")
    url = sqs.create_queue(QueueName=f"queue-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name=f"topic-{uuid.uuid4().hex[:8]}")["TopicArn"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": topics_may_send(arn, [topic])})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    child, calm = watch.alarm(AlarmActions=[topic]), watch.alarm()
    parent = f"composite-{uuid.uuid4().hex[:8]}"
    rule = f'ALARM("{child}") AND NOT ALARM("{calm}")'
    watch.cloudwatch.put_composite_alarm(AlarmName=parent, AlarmRule=rule)
    # The emulator changes the alarm itself on new data: a late first OK would make it change twice.
    watch.wait(lambda: watch.published(child) == ["OK"], "the first evaluation of the child")
    watch.put(child, 9)
    watch.wait(lambda: watch.published(parent)[-1:] == ["ALARM"], "the composite alarm")
    assert watch.events[-1]["detail"]["configuration"] == {"alarmRule": rule}
    messages = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2, MaxNumberOfMessages=10)["Messages"]
    assert [json.loads(json.loads(m["Body"])["Message"])["NewStateValue"] for m in messages] == ["ALARM"]


def test_metric_math(watch: Watch) -> None:
    """An alarm on an expression is evaluated, with its definition carried by tags."""
    name = f"alarm-{uuid.uuid4().hex[:8]}"

    def stat(identifier: str, service: str) -> Record:
        dimensions = [{"Name": "service", "Value": service}]
        metric = {"Namespace": name, "MetricName": "Broken", "Dimensions": dimensions}
        # a day, so that both values are in one period
        measured = {"Metric": metric, "Period": 86_400, "Stat": "Sum"}
        return {"Id": identifier, "ReturnData": False, "MetricStat": measured}

    metrics = [stat("bad", "bad"), stat("all", "all"), {"Id": "rate", "Expression": "FILL(bad, 0) / all * 100"}]
    watch.cloudwatch.put_metric_alarm(
        AlarmName=name,
        EvaluationPeriods=1,
        Threshold=10,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
        Metrics=metrics,
        Tags=metric_tags(metrics),
    )
    watch.put(name, 20, service="all")
    watch.wait(lambda: watch.published(name) == ["OK"], "OK")
    watch.put(name, 4, service="bad")
    watch.wait(lambda: watch.published(name) == ["OK", "ALARM"], "the alarm")
    assert watch.events[-1]["detail"]["configuration"]["metrics"][2]["expression"] == "FILL(bad, 0) / all * 100"


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("a / b * 100", {1: 50.0}),
        ("FILL(a, 0) + b", {1: 3.0, 2: 2.0, 3: 2.0}),
        ("IF(b > 1, a, 7)", {1: 1.0, 3: 7.0}),
        ("-3 * a ^ 2", {1: -3.0, 3: -12.0}),
        ("5", {1: 5.0, 2: 5.0, 3: 5.0}),
    ],
)
def test_expressions(expression: str, result: dict[int, float]) -> None:
    """Metric math is computed for each period; missing values and divisions by zero give no datapoint."""
    series = {"a": {1: 1.0, 3: 2.0}, "b": {1: 2.0, 2: 2.0, 3: 0.0}}
    assert compute(expression, series, [3, 2, 1]) == result


def test_unsupported_expression() -> None:
    """An unknown function is an error with its name."""
    with pytest.raises(ExpressionError, match="SEARCH"):
        compute("SEARCH(a)", {"a": {}}, [1])


def test_embedded_metric_format() -> None:
    """Every dimension set of a directive is a metric of its own; standard metrics belong to their minute."""
    directive = {
        "Namespace": "n",
        "Dimensions": [["service"], ["service", "missing"], []],
        "Metrics": [{"Name": "Size"}, {"Name": "Fast", "StorageResolution": 1}],
    }
    document = {
        "_aws": {"Timestamp": 90_500, "CloudWatchMetrics": [directive]},
        "service": "s",
        "Size": [1, 2],
        "Fast": 3,
    }
    points = list(embedded_points(document, 0))
    service = frozenset({("service", "s")})
    assert points[:3] == [
        Point(Metric("n", "Size", service), 60.0, 1.0),
        Point(Metric("n", "Size", service), 60.0, 2.0),
        Point(Metric("n", "Fast", service), 90.5, 3.0),
    ]
    assert {point.metric.dimensions for point in points} == {service, frozenset()}


def test_handled_errors_do_not_count() -> None:
    """An error that a function only logs is no invocation error; every invocation counts once."""
    lines = [
        "START RequestId: 1 Version: $LATEST",
        "[ERROR]\t2026-01-01T00:00:00.000Z\t1\thandled",
        '{"level": "ERROR", "message": "handled"}',
        "REPORT RequestId: 1\tDuration: 12 ms\tBilled Duration: 12 ms",
    ]
    invocations = Invocations()
    points = [
        point
        for line in lines
        for point in invocations.read({"logStreamName": "s", "timestamp": 1000, "message": line}, "f")
    ]
    assert {point.metric.name: point.value for point in points} == {"Invocations": 1, "Errors": 0, "Duration": 12}


def test_statistics() -> None:
    """The store sorts points into periods and computes CloudWatch's statistics."""
    metric, store = Metric("n", "m"), MetricStore()
    store.add([Point(metric, 61, 1), Point(metric, 119, 3), Point(metric, 120, 9)])
    assert metric in store
    assert store.series(metric, "Sum", 60, 0) == {60: 4, 120: 9}
    assert store.series(metric, "Average", 60, 120) == {120: 9}
    assert [statistic_of([1, 2, 3, 4], s) for s in ("Minimum", "Maximum", "SampleCount", "p50")] == [1, 4, 4, 2.5]


def test_metric_tags() -> None:
    """A definition of any length can be stored in tags, whose values are short."""
    metrics = [{"Id": f"m{number}", "Expression": uuid.uuid4().hex * 4} for number in range(10)]
    tags = metric_tags(metrics)
    assert metrics_of([{"Key": "Project", "Value": "x"}, *reversed(tags)]) == metrics
    assert max(len(tag["Value"]) for tag in tags) <= 256
    assert metric_tags([]) == []
    assert metrics_of([]) == []
