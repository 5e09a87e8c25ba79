"""The states that datapoints and missing data lead to, as CloudWatch documents them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from local.alarms.definitions import AlarmDefinition, MetricQuery, read
from local.alarms.evaluation import evaluate
from local.alarms.store import Metric

Record = dict[str, Any]
PERIOD = 60
# in the middle of a period, so that a test decides whether the running period has data
NOW = 1_000_000 * PERIOD + 30.0
RUNNING, LAST, BEFORE = 1_000_000 * PERIOD, 999_999 * PERIOD, 999_998 * PERIOD


def definition(**changes: Any) -> AlarmDefinition:
    """Return an alarm on a sum above 2."""
    query = MetricQuery("m", Metric("n", "m"), changes.pop("statistic", "Sum"), PERIOD)
    settings = {
        "name": "a",
        "queries": (query,),
        "expressions": (),
        "watched": "m",
        "period": PERIOD,
        "periods": 1,
        "datapoints": 1,
        "threshold": 2.0,
        "comparison": "GreaterThanThreshold",
        "missing": "missing",
    }
    return AlarmDefinition(**{**settings, **changes})


@pytest.mark.parametrize(
    ("settings", "series", "state"),
    [
        # the running period can only breach, as long as it can still grow
        ({}, {RUNNING: 3.0}, "ALARM"),
        ({}, {RUNNING: 1.0, LAST: 3.0}, "ALARM"),
        ({"statistic": "Average"}, {RUNNING: 1.0, LAST: 3.0}, "OK"),
        ({"comparison": "LessThanThreshold"}, {RUNNING: 1.0, LAST: 3.0}, "OK"),
        ({"comparison": "LessThanThreshold"}, {LAST: 1.0}, "ALARM"),
        # the limit itself
        ({}, {LAST: 2.0}, "OK"),
        ({"comparison": "GreaterThanOrEqualToThreshold"}, {LAST: 2.0}, "ALARM"),
        # nothing at all
        ({}, {}, "INSUFFICIENT_DATA"),
        ({"missing": "ignore"}, {}, None),
        ({"missing": "breaching"}, {}, "ALARM"),
        ({"missing": "notBreaching"}, {}, "OK"),
        # M out of N
        ({"periods": 3, "datapoints": 2}, {LAST: 3.0, BEFORE: 3.0}, "ALARM"),
        ({"periods": 3, "datapoints": 2, "missing": "notBreaching"}, {LAST: 3.0}, "OK"),
        ({"periods": 3, "datapoints": 2, "missing": "breaching"}, {LAST: 3.0}, "ALARM"),
        ({"periods": 3, "datapoints": 3}, {LAST: 3.0}, None),
        ({"periods": 3, "datapoints": 2}, {BEFORE: 3.0}, "ALARM"),
        ({"periods": 2, "datapoints": 2}, {LAST: 1.0}, "OK"),
        ({"periods": 2, "datapoints": 1, "missing": "ignore"}, {LAST: 1.0}, "OK"),
    ],
)
def test_evaluation(settings: Record, series: dict[int, float], state: str | None) -> None:
    """Datapoints and missing data determine the state as CloudWatch documents it."""
    verdict = evaluate(definition(**settings), series, NOW)
    assert (verdict.state if verdict else None) == state


TABLE: dict[int, dict[str, tuple[str | None, str | None, str | None, str | None]]] = {
    # datapoints to alarm → the range, oldest first → the state if missing data is missing, ignored, breaching, not
    3: {
        "0 - X - X": ("OK", "OK", "OK", "OK"),
        "- - - - 0": ("OK", "OK", "OK", "OK"),
        "- - - - -": ("INSUFFICIENT_DATA", None, "ALARM", "OK"),
        "0 X X - X": ("ALARM", "ALARM", "ALARM", "ALARM"),
        "- - X - -": ("ALARM", None, "ALARM", "OK"),
    },
    2: {
        "0 - X - X": ("ALARM", "ALARM", "ALARM", "ALARM"),
        "0 0 X 0 X": ("ALARM", "ALARM", "ALARM", "ALARM"),
        "0 - X - -": ("OK", "OK", "ALARM", "OK"),
        "- - - - 0": ("OK", "OK", "ALARM", "OK"),
        "- - - X -": ("ALARM", None, "ALARM", "OK"),
    },
}


@pytest.mark.parametrize(("needed", "row"), [(needed, row) for needed, rows in TABLE.items() for row in rows])
def test_the_published_tables(needed: int, row: str) -> None:
    """Each row of AWS's tables, for 3 evaluation periods and a range of 5, has its published states.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    values = {"0": 1.0, "X": 3.0}
    marks = row.split()
    series = {
        RUNNING - (len(marks) - index) * PERIOD: values[mark] for index, mark in enumerate(marks) if mark in values
    }
    for missing, state in zip(("missing", "ignore", "breaching", "notBreaching"), TABLE[needed][row], strict=True):
        verdict = evaluate(definition(periods=3, datapoints=needed, missing=missing), series, NOW)
        assert (verdict.state if verdict else None) == state, missing


@pytest.mark.parametrize(("later", "still"), [({}, 3), ({1: 0.0, 2: 0.0, 3: 0.0}, 1)], ids=["no data", "good data"])
def test_an_alarm_leaves_alarm_when_its_range_allows(later: dict[int, float], still: int) -> None:
    """An alarm of 300 s × 1 is in ALARM for a period after the breach, and for the whole range without new data."""
    begin, period = 3_000_000_000, 300
    series = {begin: 3.0} | {begin + number * period: value for number, value in later.items()}
    alarm = definition(period=period, missing="notBreaching")
    ended = [begin + number * period + 1.0 for number in range(1, 6)]
    states = [verdict.state for now in ended if (verdict := evaluate(alarm, before(series, now), now))]
    assert states == ["ALARM"] * still + ["OK"] * (5 - still)


def before(series: dict[int, float], now: float) -> dict[int, float]:
    """The datapoints that exist at a time."""
    return {begin: value for begin, value in series.items() if begin <= now}


def test_periods_are_shortened_by_one_factor() -> None:
    """Single metrics and metric math alike, to whole seconds."""
    stat = {"Metric": {"Namespace": "n", "MetricName": "m"}, "Period": 300, "Stat": "Sum"}
    rule = {"EvaluationPeriods": 2, "Threshold": 1.0, "ComparisonOperator": "x"}
    common = {"AlarmName": "a", "AlarmArn": "arn:a", **rule}
    single = {**common, "Namespace": "n", "MetricName": "m", "Period": 300}
    math = {**common, "Metrics": [{"Id": "m", "MetricStat": stat, "ReturnData": False}, {"Id": "e", "Expression": "m"}]}
    for alarm in (single, math):
        found = [read(alarm, clock) for clock in (1, 30, 1000)]
        assert [one.period for one in found if one] == [300, 10, 1]
        assert [one.queries[0].period for one in found if one] == [300, 10, 1]


def test_reason() -> None:
    """A reason has number, values and times of the decisive datapoints."""
    verdict = evaluate(definition(periods=2, datapoints=2), {LAST: 3.0, BEFORE: 4.0}, NOW)
    assert verdict is not None
    day = datetime.fromtimestamp(LAST, UTC)
    assert verdict.reason == (
        f"Threshold Crossed: 2 out of the last 2 datapoints [3.0 ({day:%d/%m/%y %H:%M:%S}), "
        f"4.0 ({datetime.fromtimestamp(BEFORE, UTC):%d/%m/%y %H:%M:%S})] were greater than the threshold (2.0) "
        "(minimum 2 datapoints for OK -> ALARM transition)."
    )
