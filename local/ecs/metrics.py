"""The metrics that a load balancer publishes about its target groups.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.background import Background

if TYPE_CHECKING:
    from local.clients import Clients

Record = dict[str, Any]
logger = logging.getLogger(__name__)
NAMESPACE = "AWS/ApplicationELB"
FLUSH_SECONDS = 1.0


class Metrics(Background):
    """Sums requests by target group, and publishes the sums every second; without requests it publishes nothing."""

    def __init__(self, aws: Clients) -> None:
        super().__init__("ecs-metrics")
        self._aws = aws
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], list[tuple[int, float]]] = {}

    def note(self, balancer: str, group: str, status: int, seconds: float) -> None:
        """Count a request to a target group, as `Balancer` reports it."""
        with self._lock:
            self._seen.setdefault((balancer, group), []).append((status, seconds))

    def work(self) -> None:
        """Publish until stopped."""
        while not self.stopping.wait(FLUSH_SECONDS):
            with self._lock:
                seen, self._seen = self._seen, {}
            if seen:
                data = [one for (balancer, group), met in seen.items() for one in _data(balancer, group, met)]
                try:
                    self._aws.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=data)
                except (BotoCoreError, ClientError) as error:
                    logger.warning("metrics of %s were lost: %s", ", ".join(group for _, group in seen), error)


def _data(balancer: str, group: str, met: list[tuple[int, float]]) -> list[Record]:
    """The metrics of one target group since the last flush; a target that gave no answer has no status and no time."""
    dimensions = [
        {"Name": "TargetGroup", "Value": group.rpartition(":")[2]},
        {"Name": "LoadBalancer", "Value": balancer},
    ]
    counted = {
        "RequestCount": len(met),
        "HTTPCode_Target_5XX_Count": sum(status >= 500 for status, _ in met),
        "TargetConnectionErrorCount": sum(status == 0 for status, _ in met),
    }
    data: list[Record] = [
        {"MetricName": name, "Dimensions": dimensions, "Value": float(value), "Unit": "Count"}
        for name, value in counted.items()
        if value
    ]
    if times := [seconds for status, seconds in met if status > 0]:
        statistics = {"SampleCount": len(times), "Sum": sum(times), "Minimum": min(times), "Maximum": max(times)}
        time = {"MetricName": "TargetResponseTime", "StatisticValues": statistics, "Unit": "Seconds"}
        data.append({**time, "Dimensions": dimensions})
    return data
