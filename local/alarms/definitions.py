"""Definitions of alarms, read from DescribeAlarms; metric math travels in tags.

The emulator's PutMetricAlarm drops `Metrics`. The creator of such an alarm adds `metric_tags(metrics)` to its tags, and
the evaluator reads the definition from there.
"""

from __future__ import annotations

import base64
import json
import uuid
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.alarms.store import Metric

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Record = dict[str, Any]
TAG_PREFIX = "embedded-metrics-"
TAG_CHARACTERS = 250


@dataclass(frozen=True)
class MetricQuery:
    """One metric that an alarm reads, under the id that expressions use."""

    id: str
    metric: Metric
    statistic: str
    period: int


@dataclass(frozen=True)
class AlarmDefinition:
    """An alarm's rule: it is in ALARM when `datapoints` of the last `periods` periods breach the threshold."""

    name: str
    queries: tuple[MetricQuery, ...]
    expressions: tuple[tuple[str, str], ...]
    watched: str
    period: int
    periods: int
    datapoints: int
    threshold: float
    comparison: str
    missing: str

    @property
    def statistic(self) -> str:
        """The statistic of a single metric; "" for metric math."""
        return self.queries[0].statistic if not self.expressions else ""


def metric_tags(metrics: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return tags that hold the `Metrics` of PutMetricAlarm for the evaluator; [] for no metrics.

    PutMetricAlarm accepts tags only for a new alarm: to change an alarm, call TagResource before PutMetricAlarm.
    """
    if not metrics:
        return []
    packed = base64.urlsafe_b64encode(zlib.compress(json.dumps(list(metrics)).encode(), 9)).decode()
    pieces = [packed[start : start + TAG_CHARACTERS] for start in range(0, len(packed), TAG_CHARACTERS)]
    return [{"Key": f"{TAG_PREFIX}{index:02}", "Value": piece} for index, piece in enumerate(pieces)]


def metrics_of(tags: Sequence[Mapping[str, str]]) -> list[Record]:
    """Return the `Metrics` that `metric_tags` packed; [] for other tags."""
    packed = "".join(
        tag["Value"] for tag in sorted(tags, key=lambda tag: tag["Key"]) if tag["Key"].startswith(TAG_PREFIX)
    )
    metrics: list[Record] = json.loads(zlib.decompress(base64.urlsafe_b64decode(packed))) if packed else []
    return metrics


def read(alarm: Record, clock: int = 1) -> AlarmDefinition | None:
    """Return the definition of a metric alarm from DescribeAlarms; None when it names no metric.

    Its periods are divided by `clock`, to whole seconds and at least one.
    """
    written = metrics(alarm)
    queries = tuple(_query(entry, clock) for entry in written if "MetricStat" in entry)
    expressions = tuple((entry["Id"], entry["Expression"]) for entry in written if entry.get("Expression"))
    if not queries and not expressions:
        return None
    watched = next((entry["Id"] for entry in written if entry.get("ReturnData", True)), written[-1]["Id"])
    period = max([query.period for query in queries] or [_shortened(int(alarm.get("Period") or 60), clock)])
    return AlarmDefinition(
        name=alarm["AlarmName"],
        queries=queries,
        expressions=expressions,
        watched=watched,
        period=period,
        periods=alarm["EvaluationPeriods"],
        datapoints=alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"],
        threshold=alarm["Threshold"],
        comparison=alarm["ComparisonOperator"],
        missing=alarm.get("TreatMissingData") or "missing",
    )


def metrics(alarm: Record) -> list[Record]:
    """Return an alarm's metrics in the form of PutMetricAlarm's `Metrics`, also for a single metric."""
    if alarm.get("Metrics") or not alarm.get("MetricName"):
        return list(alarm.get("Metrics") or [])
    metric = {
        "Namespace": alarm["Namespace"],
        "MetricName": alarm["MetricName"],
        "Dimensions": alarm.get("Dimensions", []),
    }
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    stat = {"Metric": metric, "Period": alarm["Period"], "Stat": statistic}
    identifier = str(uuid.uuid5(uuid.NAMESPACE_URL, alarm["AlarmArn"]))
    return [{"Id": identifier, "MetricStat": stat, "ReturnData": True}]


def _shortened(period: int, clock: int) -> int:
    return max(1, period // clock)


def _query(entry: Record, clock: int) -> MetricQuery:
    stat = entry["MetricStat"]
    metric = stat["Metric"]
    dimensions = frozenset((one["Name"], one["Value"]) for one in metric.get("Dimensions", []))
    measured = Metric(metric["Namespace"], metric["MetricName"], dimensions)
    return MetricQuery(entry["Id"], measured, stat["Stat"], _shortened(stat["Period"], clock))
