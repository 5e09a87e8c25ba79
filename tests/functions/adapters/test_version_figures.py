"""The figures of two versions, read from CloudWatch's metrics of the environment."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from functions.adapters.version_figures import VersionFigures
from functions.domain.comparisons import Comparison, Figures, Limits, Metrics, Versions
from tests.functions.samples import ENVIRONMENT
from tests.functions.stack import READ_ROLE, REGION, Stack, failing

# A minute of the recent past: CloudWatch takes no metrics that are older than two weeks.
NOW = datetime.now(UTC).replace(second=0, microsecond=0)


def metrics(version: str) -> Metrics:
    """Where a Lambda version has its figures."""
    return Metrics("AWS/Lambda", "Invocations", ("Errors",), "Duration", 1, {"ExecutedVersion": version})


VERSIONS = Versions(metrics("2"), metrics("1"), Limits(10, 50, 1))


def published(stack: Stack, version: str, at: datetime, invocations: float, errors: float) -> None:
    """Publish what a version met in a minute; every answer took 20 ms."""
    dimensions = [{"Name": "ExecutedVersion", "Value": version}]
    data: list[Any] = [
        {"MetricName": "Invocations", "Value": invocations},
        {"MetricName": "Errors", "Value": errors},
        {"MetricName": "Duration", "StatisticValues": {"SampleCount": 4, "Sum": 80, "Minimum": 20, "Maximum": 20}},
    ]
    stack.clients.client("cloudwatch", region=REGION, role_arn=READ_ROLE).put_metric_data(
        Namespace="AWS/Lambda",
        MetricData=[{**one, "Timestamp": at, "Dimensions": dimensions} for one in data],
    )


def read(stack: Stack) -> tuple[Figures, Figures] | Comparison:
    """What the last five minutes have."""
    figures = VersionFigures.connect(stack.clients)
    return figures.read(ENVIRONMENT, VERSIONS, NOW - timedelta(minutes=5), NOW)


def test_only_minutes_in_which_both_met_requests_count(stack: Stack) -> None:
    """The old version's minutes before the step say nothing of the same load."""
    for ago, version in ((3, "1"), (2, "1"), (2, "2")):
        published(stack, version, NOW - timedelta(minutes=ago), 10 * ago, ago)
    found = read(stack)
    assert not isinstance(found, Comparison)
    new, old = found
    assert [(one.requests, one.errors) for one in (new, old)] == [(20, 2), (20, 2)]


def test_what_may_not_be_read_is_not_compared(stack: Stack) -> None:
    """An older read role in another account has no permission for it; the watch goes on, and says so."""
    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "not authorized"}}, "GetMetricData")
    client = stack.clients.client("cloudwatch", region=REGION, role_arn=READ_ROLE)
    with failing(client, "GetMetricData", denied):
        found = read(stack)
    assert isinstance(found, Comparison)
    assert found.outcome == "unread"
    assert f"{READ_ROLE} can't read the metrics of production" in found.reason
    assert "allow it cloudwatch:GetMetricData" in found.reason


def test_the_minutes_are_read_in_the_region_of_the_environment(stack: Stack) -> None:
    """Another region has none."""
    for version in ("1", "2"):
        published(stack, version, NOW - timedelta(minutes=2), 10, 0)
    elsewhere = replace(ENVIRONMENT, region="us-east-1")
    found = VersionFigures.connect(stack.clients).read(elsewhere, VERSIONS, NOW - timedelta(minutes=5), NOW)
    assert found == (Figures(), Figures())
