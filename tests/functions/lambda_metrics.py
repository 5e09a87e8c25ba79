"""What Lambda publishes of the requests to a function.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html
"""

from collections.abc import Mapping
from datetime import datetime

from tests.functions.stack import READ_ROLE, REGION, Stack


def publish_requests(
    stack: Stack, dimensions: Mapping[str, str], at: datetime, requests: int, errors: int, latency: float
) -> None:
    """The requests of a minute, by these dimensions; the latency of each is in milliseconds."""
    about = {"Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()], "Timestamp": at}
    took = {"SampleCount": requests, "Sum": requests * latency, "Minimum": latency, "Maximum": latency}
    stack.clients.client("cloudwatch", region=REGION, role_arn=READ_ROLE).put_metric_data(
        Namespace="AWS/Lambda",
        MetricData=[
            {"MetricName": "Invocations", "Values": [1.0], "Counts": [requests], **about},
            {"MetricName": "Errors", "Values": [1.0, 0.0], "Counts": [errors, requests - errors], **about},
            {"MetricName": "Duration", "StatisticValues": took, **about},
        ],
    )
