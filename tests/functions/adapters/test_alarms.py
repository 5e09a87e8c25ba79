"""Reading the alarms of an environment."""

from typing import Any

import pytest

from functions.adapters.alarms import Alarms
from tests.functions.delivered import alarm, composite
from tests.functions.samples import ENVIRONMENT
from tests.functions.stack import READ_ROLE, REGION, Stack


def test_every_named_alarm_is_read_in_order(stack: Stack) -> None:
    """An alarm that does not exist is `missing`; one that is named twice has the worse severity."""
    alarm(stack, "b", "ALARM", "why")
    alarm(stack, "a")
    read = Alarms.connect(stack.clients).read(ENVIRONMENT, ["b", "gone"], ["a", "b"])
    assert [(one.name, one.severity, one.state) for one in read] == [
        ("a", "warning", "OK"),
        ("b", "critical", "ALARM"),
        ("gone", "critical", "missing"),
    ]
    assert read[1].reason == "why"
    assert read[1].since.endswith("Z")


def test_no_names_no_question(stack: Stack) -> None:
    """Without alarm names, CloudWatch is not called."""
    assert Alarms.connect(stack.clients).read(ENVIRONMENT, [], []) == ()


def put(stack: Stack, name: str, **settings: Any) -> None:
    """Create an alarm in the environment's account."""
    metric = {"Namespace": "Hello", "MetricName": "Errors", "Statistic": "Sum", "Period": 300}
    rule = {"EvaluationPeriods": 1, "Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold"}
    chosen = settings if "Metrics" in settings else {**metric, **settings}
    cloudwatch(stack).put_metric_alarm(AlarmName=name, **{**rule, **chosen})


def cloudwatch(stack: Stack) -> Any:
    """The client of the environment's account."""
    return stack.clients.client("cloudwatch", region=REGION, role_arn=READ_ROLE)


def times(stack: Stack, name: str) -> tuple[int, int]:
    """After how many seconds the alarm can enter ALARM, and must have left it."""
    (found,) = Alarms.connect(stack.clients).read(ENVIRONMENT, [name], [])
    return found.rises_after, found.clears_after


def stat(period: int) -> dict[str, Any]:
    """A metric of an alarm with metric math."""
    metric = {"Namespace": "Hello", "MetricName": "Errors"}
    return {"Id": f"m{period}", "ReturnData": False, "MetricStat": {"Metric": metric, "Period": period, "Stat": "Sum"}}


@pytest.mark.parametrize(
    ("settings", "rises", "clears"),
    [
        ({}, 300, 300 * 4 + 60),
        ({"Period": 60, "EvaluationPeriods": 5}, 300, 60 * 8 + 60),
        ({"Period": 60, "EvaluationPeriods": 5, "DatapointsToAlarm": 2}, 120, 60 * 8 + 60),
        ({"Period": 10, "EvaluationPeriods": 3}, 30, 10 * 6 + 60),
        ({"Metrics": [stat(60), stat(300), {"Id": "rate", "Expression": "m60 / m300"}]}, 300, 300 * 4 + 60),
    ],
)
def test_times_follow_from_periods(stack: Stack, settings: dict[str, Any], rises: int, clears: int) -> None:
    """Enough bad datapoints must be there for ALARM; the last one must have left the evaluation range for OK.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    put(stack, "errors", **settings)
    assert times(stack, "errors") == (rises, clears)


def test_a_composite_alarm_is_as_slow_as_its_slowest_child(stack: Stack) -> None:
    """Children are quoted or bare names or ARNs, and may be composite alarms themselves."""
    put(stack, "fast", Period=60)
    put(stack, "slow one", Period=900)
    arn = f"arn:aws:cloudwatch:{REGION}:123456789012:alarm:fast"
    for name, rule in {
        "inner": 'ALARM("slow one") AND NOT OK(fast)',
        "outer": 'ALARM(inner) OR INSUFFICIENT_DATA ( "fast" )',
        "by-arn": f'ALARM("{arn}")',
    }.items():
        composite(name, rule)
    assert times(stack, "outer") == times(stack, "inner") == times(stack, "slow one") == (900, 900 * 4 + 60)
    assert times(stack, "by-arn") == times(stack, "fast")


def test_a_composite_alarm_with_a_missing_child_has_no_known_times(stack: Stack) -> None:
    """It then may take all of the time that there is."""
    put(stack, "fast", Period=60)
    composite("both", "ALARM(fast) OR ALARM(gone)")
    assert times(stack, "both") == (0, 0)
