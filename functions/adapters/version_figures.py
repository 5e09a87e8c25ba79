"""Reads from CloudWatch what the requests to a part, or to its two versions, met, minute by minute.

Services publish these metrics once a minute, and only for minutes with requests; a minute may have figures of a part of
it. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from functions.adapters.in_environments import InEnvironments
from functions.domain.comparisons import (
    Comparison,
    Figures,
    Metrics,
    Versions,
    Whole,
    around,
    read_from,
    same_minutes,
)
from functions.domain.environments import Environment
from functions.domain.manifests import Part
from functions.domain.rollouts import Rollout
from functions.domain.texts import recorded

# The figures of metrics with one-minute resolution.
_PERIOD = 60
_READ = ("Complete", "PartialData")


class VersionFigures(InEnvironments):
    """Figures are read under the environment's read role, in its region."""

    SERVICE: ClassVar[str] = "cloudwatch"

    def versions(self, environment: Environment, part: Part, rollout: Rollout) -> Versions | None:
        """The metrics of the new and the old version of a part at a step of its rollout; None if it has none."""
        # Imported here: only changed services are compared, and targets bring the adapters of all kinds.
        from functions.targets.registry import Targets

        return Targets.connect(self._aws).called(part).versions(environment, part, rollout)

    def whole(self, environment: Environment, part: Part) -> Whole | Comparison | None:
        """The metrics of all requests to a part; None if it has none, or its versions are compared at steps.

        `unread` if the load balancer may not be asked for.
        """
        from functions.targets.registry import Targets

        if part.way != "call":
            return None
        try:
            return Targets.connect(self._aws).called(part).whole(environment, part)
        except self._reader(environment).exceptions.ClientError as error:
            if not error.response["Error"]["Code"].startswith("AccessDenied"):
                raise
            return _unread(environment, recorded(str(error)), "elasticloadbalancing:DescribeTargetGroups")

    def read(
        self, environment: Environment, versions: Versions, since: datetime, now: datetime
    ) -> tuple[Figures, Figures] | Comparison:
        """The figures of the new and of the old version since a time, over the minutes in which both met requests.

        Figures that may not be read, or that CloudWatch can't read now, are the comparison `unread`.
        """
        read = self._minutes(environment, {"new": (versions.new,), "old": (versions.old,)}, since, now)
        return read if isinstance(read, Comparison) else same_minutes(read["new"], read["old"])

    def read_around(
        self, environment: Environment, whole: Whole, began: datetime, changed: datetime, now: datetime
    ) -> tuple[Figures, Figures] | Comparison:
        """The figures of a part after and before its change, of which `began` is when the version before it ran."""
        read = self._minutes(environment, {"all": whole.metrics}, read_from(changed), now)
        return read if isinstance(read, Comparison) else around(read["all"], began, changed)

    def _minutes(
        self, environment: Environment, wanted: Mapping[str, Iterable[Metrics]], since: datetime, now: datetime
    ) -> dict[str, dict[datetime, Figures]] | Comparison:
        """The figures of each minute since a time, by the names of the metrics that are wanted; or why not."""
        client = self._reader(environment)
        queries = ((which, query) for which, some in wanted.items() for one in some for query in _queries(one))
        asked = {f"{which}_{number}": (which, query) for number, (which, query) in enumerate(queries)}
        pages = client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[{"Id": name, "MetricStat": stat} for name, (_, (_, _, stat)) in asked.items()],
            StartTime=since,
            EndTime=now + timedelta(seconds=_PERIOD),
        )
        minutes: dict[str, defaultdict[datetime, dict[str, float]]] = {
            which: defaultdict(lambda: defaultdict(float)) for which in wanted
        }
        try:
            for found in (one for page in pages for one in page["MetricDataResults"]):
                if found["StatusCode"] not in _READ:
                    return _unread(environment, f"CloudWatch says {found['StatusCode']} of {found['Label']}")
                which, (field, unit, _) = asked[found["Id"]]
                for minute, value in zip(found["Timestamps"], found["Values"], strict=True):
                    minutes[which][minute][field] += value * unit
        except client.exceptions.ClientError as error:
            if not error.response["Error"]["Code"].startswith("AccessDenied"):
                raise
            return _unread(environment, recorded(str(error)))
        return {which: {at: Figures(**one) for at, one in found.items()} for which, found in minutes.items()}


def _queries(metrics: Metrics) -> Iterator[tuple[str, float, Mapping[str, Any]]]:
    """Each statistic to read, with the field of `Figures` that it is, and the unit of that field."""
    yield "requests", 1, _stat(metrics, metrics.requests, "Sum")
    for name in metrics.errors:
        yield "errors", 1, _stat(metrics, name, "Sum")
    yield "answers", 1, _stat(metrics, metrics.latency, "SampleCount")
    yield "milliseconds", metrics.latency_ms, _stat(metrics, metrics.latency, "Sum")


def _stat(metrics: Metrics, name: str, statistic: str) -> Mapping[str, Any]:
    dimensions = [{"Name": key, "Value": value} for key, value in metrics.dimensions.items()]
    metric = {"Namespace": metrics.namespace, "MetricName": name, "Dimensions": dimensions}
    return {"Metric": metric, "Period": _PERIOD, "Stat": statistic}


def _unread(environment: Environment, reason: str, action: str = "cloudwatch:GetMetricData") -> Comparison:
    return Comparison(
        "unread",
        f"the versions are not compared, because {environment.read_role_arn or 'the function'} can't read the metrics "
        f"of {environment.name} ({reason}): allow it {action}",
    )
