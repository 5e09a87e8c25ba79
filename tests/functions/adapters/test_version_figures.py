"""The figures of two versions in CloudWatch; `shared/test_watch_comparison.py` has them in a watch."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.adapters.version_figures import VersionFigures
from functions.domain.comparisons import Comparison, Figures, Limits, Metrics, Versions
from tests.functions.samples import ENVIRONMENT
from tests.functions.stack import READ_ROLE, REGION, Stack

NOW = datetime.now(UTC)
ERRORS = ("HTTPCode_Target_5XX_Count", "TargetConnectionErrorCount")
NEW, OLD = (
    Metrics("AWS/ApplicationELB", "RequestCount", ERRORS, "TargetResponseTime", 1000, {"TargetGroup": name})
    for name in ("targetgroup/new/1", "targetgroup/old/1")
)
VERSIONS = Versions(NEW, OLD, Limits(10, 50, 50))


def read(stack: Stack) -> Any:
    """The figures of the last ten minutes."""
    figures = VersionFigures.connect(stack.clients)
    return figures.read(ENVIRONMENT, VERSIONS, NOW - timedelta(minutes=10), NOW)


def published(stack: Stack, metrics: Metrics, ago: int, **counts: float) -> None:
    """What a load balancer publishes of a minute; the values of TargetResponseTime are seconds."""
    stack.clients.client("cloudwatch", region=REGION, role_arn=READ_ROLE).put_metric_data(
        Namespace=metrics.namespace,
        MetricData=[
            {
                "MetricName": name,
                "Value": value,
                "Timestamp": NOW - timedelta(minutes=ago),
                "Dimensions": [{"Name": key, "Value": group} for key, group in metrics.dimensions.items()],
            }
            for name, value in counts.items()
        ],
    )


def test_figures_are_summed_over_pages_and_minutes(stack: Stack) -> None:
    """All errors count, times are milliseconds, and a minute that only one version has is left out."""
    for ago in (1, 2):
        published(stack, NEW, ago, RequestCount=4, HTTPCode_Target_5XX_Count=1, TargetResponseTime=0.25)
        published(stack, OLD, ago, RequestCount=40, TargetConnectionErrorCount=2, TargetResponseTime=0.5)
    published(stack, NEW, 2, TargetConnectionErrorCount=1)
    published(stack, OLD, 5, RequestCount=900, HTTPCode_Target_5XX_Count=900)
    assert read(stack) == (Figures(8, 3, 2, 500), Figures(80, 4, 2, 1000))


def test_without_requests_there_are_no_figures(stack: Stack) -> None:
    """Services publish nothing of a minute without requests."""
    assert read(stack) == (Figures(), Figures())


@pytest.mark.parametrize("status", ["InternalError", "Forbidden"])
def test_a_metric_that_was_not_read_is_no_zero(stack: Stack, status: str) -> None:
    """Errors that could not be read are not none: nothing is compared, and the reason says so.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataResult.html
    """

    def change(parsed: dict[str, Any], **_: Any) -> None:
        for one in parsed["MetricDataResults"]:
            one["StatusCode"] = status

    events = stack.clients.client("cloudwatch", region=REGION, role_arn=READ_ROLE).meta.events
    events.register("after-call.cloudwatch.GetMetricData", change)
    try:
        found = read(stack)
    finally:
        events.unregister("after-call.cloudwatch.GetMetricData", change)
    assert isinstance(found, Comparison)
    assert found.outcome == "unread"
    assert f"CloudWatch says {status}" in found.reason
