"""Reads the CloudWatch alarms of an environment."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from functions.adapters.clock import iso
from functions.domain.environments import Environment
from functions.domain.texts import recorded
from functions.domain.watches import AlarmReading, Severity
from functions.handler import Allow

if TYPE_CHECKING:
    from functions.runtime import Clients


# AWS: an alarm whose period is a minute or more is evaluated every minute. Its newest period may just have begun, and
# CloudWatch reads beyond the evaluated periods before it treats data as missing (published: 5 periods for 3).
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
_EVALUATED_EVERY, _RUNNING_PERIOD, _RANGE_BEYOND_PERIODS = 60, 1, 2
# The functions of a composite alarm's rule; names may be quoted, and may be ARNs (PutCompositeAlarm, `AlarmRule`).
_CHILD = re.compile(r"\b(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:\"([^\"]+)\"|([^\s\")]+))\s*\)")


class Alarms:
    """Alarms are read under the environment's read role, in its region."""

    SETTINGS: ClassVar[tuple[str, ...]] = ()
    READ: ClassVar[tuple[Allow, ...]] = (Allow(("sts:AssumeRole",), on="read-roles"),)

    def __init__(self, aws: "Clients") -> None:
        self._aws = aws

    @classmethod
    def connect(cls, aws: "Clients") -> Self:
        """The client of an environment is created when its alarms are first read."""
        return cls(aws)

    def read(
        self, environment: Environment, critical: Sequence[str], warning: Sequence[str]
    ) -> tuple[AlarmReading, ...]:
        """The state of every named alarm; an alarm that does not exist has the state `missing`."""
        severities: dict[str, Severity] = dict.fromkeys(warning, "warning")
        severities.update(dict.fromkeys(critical, "critical"))
        found = self._describe(environment, sorted(severities))
        return tuple(_reading(name, severity, found) for name, severity in sorted(severities.items()))

    def _describe(self, environment: Environment, names: list[str]) -> dict[str, Any]:
        """The named alarms, and all children of the composite ones, by name."""
        found: dict[str, Any] = {}
        while names:
            read = self._named(environment, names)
            found |= {name: read.get(name) for name in names}
            children = {child for alarm in read.values() for child in _children(alarm)}
            names = sorted(children - found.keys())
        return found

    def _named(self, environment: Environment, names: list[str]) -> dict[str, Any]:
        client = self._aws.client("cloudwatch", region=environment.region, role_arn=environment.read_role_arn)
        found: dict[str, Any] = {}
        for start in range(0, len(names), 100):
            pages = client.get_paginator("describe_alarms").paginate(
                AlarmNames=names[start : start + 100], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
            )
            for page in pages:
                for alarm in (*page.get("MetricAlarms", []), *page.get("CompositeAlarms", [])):
                    found[alarm["AlarmName"]] = alarm
        return found


def _reading(name: str, severity: Severity, found: Mapping[str, Any]) -> AlarmReading:
    alarm = found[name]
    if alarm is None:
        return AlarmReading(name, severity, "missing")
    since = alarm.get("StateTransitionedTimestamp") or alarm.get("StateUpdatedTimestamp")
    reason = recorded(alarm.get("StateReason", ""))
    metric = list(_metric_alarms(name, found, set()))
    rises, clears = ([seconds(one) for one in metric] for seconds in (_rises_after, _clears_after))
    # A composite alarm is as slow as its slowest child; a child that can't be read makes it unknown.
    return AlarmReading(
        name,
        severity,
        alarm["StateValue"],
        reason,
        iso(since) if since else "",
        max(rises) if rises and all(rises) else 0,
        max(clears) if clears and all(clears) else 0,
    )


def _children(alarm: Mapping[str, Any]) -> list[str]:
    """The names of the alarms that a composite alarm's rule reads; [] for a metric alarm."""
    names = (quoted or bare for quoted, bare in _CHILD.findall(alarm.get("AlarmRule", "")))
    return [name.partition(":alarm:")[2] or name for name in names]


def _metric_alarms(name: str, found: Mapping[str, Any], seen: set[str]) -> Iterator[Mapping[str, Any]]:
    """The metric alarm of this name, or those below a composite one; {} for one that does not exist."""
    if name in seen:
        return
    seen.add(name)
    alarm = found.get(name) or {}
    if "AlarmRule" not in alarm:
        yield alarm
    for child in _children(alarm):
        yield from _metric_alarms(child, found, seen)


def _period(alarm: Mapping[str, Any]) -> int:
    """The longest period of an alarm's metrics, in seconds; 0 if it has none."""
    queries = alarm.get("Metrics", [])
    periods = [query.get("MetricStat", query).get("Period", 0) for query in queries]
    return int(max([alarm.get("Period", 0), *periods]))


def _rises_after(alarm: Mapping[str, Any]) -> int:
    return _period(alarm) * int(alarm.get("DatapointsToAlarm") or alarm.get("EvaluationPeriods", 0))


def _clears_after(alarm: Mapping[str, Any]) -> int:
    """Period × (EvaluationPeriods + margin) + the interval of evaluations; 0 if it has no period."""
    periods = alarm.get("EvaluationPeriods", 0) + _RANGE_BEYOND_PERIODS + _RUNNING_PERIOD
    return _period(alarm) * periods + _EVALUATED_EVERY if _period(alarm) else 0
